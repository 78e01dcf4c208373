"""Receivers that an exam is held with: one that behaves, and others that do not."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from webhooks.signing import wllt_signature


class Handler(BaseHTTPRequestHandler):
    """Asks the test what to answer: a status, or a status and a text or headers."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append((headers, body))
        answer = self.server.behave(headers, body)
        status, text, more = (*answer, *("", {})[len(answer) - 1 :])
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text if isinstance(text, bytes) else text.encode())

    def log_message(self, *arguments):
        pass


@contextmanager
def partner(behave):
    """A receiver that answers as `behave` says; gives its URL and what it heard."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.behave, server.heard = behave, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", server.heard
        finally:
            server.shutdown()
            thread.join()


def honest(key):
    """Behaves as it should."""

    def behave(headers, body):
        genuine = headers["wllt-signature"] == wllt_signature(key, body)
        fresh = abs(time.time() - int(headers["webhook-timestamp"])) < 300
        return (200, "ok") if genuine and fresh else (401, "bad signature")

    return behave


def except_at(key, name, *answer):
    """Behaves, but for one step."""
    return lambda headers, body: answer if headers["wllt-exam"] == name else honest(key)(headers, body)
