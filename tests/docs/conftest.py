"""What the tests of the documentation share."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RECEIVERS = ROOT / "docs" / "partners" / "receivers"


def program(name):
    """The path of a program that these tests cannot do without."""
    found = shutil.which(name)
    if not found:
        pytest.fail(f"install {name}")
    return found


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def answers(port):
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(command, environment):
    """Run a receiver until the block ends; gives its port."""
    port = free_port()
    command = [word.replace("PORT", str(port)) for word in command]
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: answers(port) or process.poll() is not None)
        assert process.poll() is None, process.stderr.read().decode()
        yield port
    finally:
        process.kill()
        process.communicate()


COMMANDS = {
    "python": lambda: [sys.executable, str(RECEIVERS / "receiver.py"), "PORT"],
    "php": lambda: [program("php"), "-S", "127.0.0.1:PORT", str(RECEIVERS / "receiver.php")],
    "node": lambda: [program("node"), str(RECEIVERS / "receiver.js"), "PORT"],
}


class StubApi(BaseHTTPRequestHandler):
    """Answers like GET /shops/<brand>/orders/<order>, and remembers who asked."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Authorization"]))
        order = {"number": "35", "payment_status": "paid", "processing_status": "open"}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"success": True, "data": order}).encode())

    def log_message(self, *arguments):
        pass


@pytest.fixture
def stub_api():
    with ThreadingHTTPServer(("127.0.0.1", 0), StubApi) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
