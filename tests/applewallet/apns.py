"""A stand-in for Apple's push service: HTTP/2 over TLS, a real process (apple-wallet.md §D.5).

python tests/applewallet/apns.py --certificate FILE --key FILE --client-ca FILE [--delay SECONDS] [--goaway-after N]

What it answers is chosen by how the push token begins: see ANSWERS. Any other token is accepted. GET /_log tells what
it was sent, and how it answered.
"""

import argparse
import asyncio
import json
import ssl
import sys
import time
from collections import Counter

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.settings import SettingCodes

ANSWERS = {
    "bad": (400, "BadDeviceToken"),
    "topic": (400, "DeviceTokenNotForTopic"),
    "many": (429, "TooManyRequests"),
    "err": (500, "InternalServerError"),
    "down": (503, "ServiceUnavailable"),
}


class Apple:
    """What all connections share."""

    def __init__(self, delay, goaway_after):
        self.delay = delay
        self.goaway_after = goaway_after
        self.log = []
        self.connections = 0
        self.seen = Counter()
        self.expired = {}  # the provider token that came first, by push token

    def answer(self, token, authorization):
        """The status and body for a push token: "gone-MILLISECONDS…", "say-STATUS-REASON…", or see ANSWERS."""
        self.seen[token] += 1
        kind, *details = token.split("-")
        if kind == "gone":
            timestamp = int(details[0]) if details and details[0] else int(time.time() * 1000)
            return 410, {"reason": "Unregistered", "timestamp": timestamp}
        if kind == "say":
            return int(details[0]), {"reason": details[1]}
        if kind == "exp" and self.expired.setdefault(token, authorization) == authorization:
            return 403, {"reason": "ExpiredProviderToken"}
        if kind == "flaky" and self.seen[token] <= 2:
            return 503, {"reason": "ServiceUnavailable"}
        status, reason = ANSWERS.get(kind, (200, None))
        return status, {"reason": reason} if reason else None


class Connection(asyncio.Protocol):
    """One connection, and the requests on it."""

    def __init__(self, apple):
        self.apple = apple
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.requests = {}
        self.count = 0
        self.is_leaving = False

    def connection_made(self, transport):
        self.transport = transport
        self.apple.connections += 1
        self.number = self.apple.connections
        subject = (transport.get_extra_info("peercert") or {}).get("subject", ())
        self.certificate = dict(pair for group in subject for pair in group).get("userId")
        self.h2.initiate_connection()
        self.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 1000})
        self.flush()

    def flush(self):
        if not self.transport.is_closing():
            self.transport.write(self.h2.data_to_send())

    def data_received(self, data):
        for event in self.h2.receive_data(data):
            if isinstance(event, RequestReceived):
                self.requests[event.stream_id] = dict(event.headers), bytearray()
            elif isinstance(event, DataReceived):
                self.requests[event.stream_id][1].extend(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded) and not self.is_leaving:
                self.asked(event.stream_id, *self.requests.pop(event.stream_id))
        self.flush()

    def asked(self, stream, headers, body):
        if headers[":path"] == "/_log":
            self.say(stream, 200, self.apple.log)
            return
        self.count += 1
        token = headers[":path"].removeprefix("/3/device/")
        line = {"token": token, "headers": headers, "body": body.decode(), "at": time.time(), "status": None}
        self.apple.log.append(line | {"connection": self.number, "certificate": self.certificate})
        if self.apple.goaway_after and self.count >= self.apple.goaway_after:
            self.leave(stream)
        elif token.startswith("cut"):
            self.transport.abort()
        elif not token.startswith("hang"):
            slow = float(token.split("-")[1]) if token.startswith("slow") else self.apple.delay
            asyncio.get_running_loop().call_later(slow, self.reply, stream, self.apple.log[-1])

    def leave(self, stream):
        """Say that the last one was not looked at; answer no more of those that are in flight, and close."""
        self.is_leaving = True
        self.h2.close_connection(last_stream_id=max(stream - 2, 0))
        self.flush()
        self.transport.close()

    def reply(self, stream, line):
        if self.is_leaving or self.transport.is_closing():
            return
        line["status"], body = self.apple.answer(line["token"], line["headers"].get("authorization"))
        self.say(stream, line["status"], body)

    def say(self, stream, status, body):
        """Answer; with an empty body in the headers' own frame, as Apple does."""
        self.h2.send_headers(stream, [(":status", str(status))], end_stream=body is None)
        if body is not None:
            content = json.dumps(body).encode()
            size = self.h2.max_outbound_frame_size
            for start in range(0, len(content), size):
                self.h2.send_data(stream, content[start : start + size])
            self.h2.end_stream(stream)
        self.flush()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--client-ca", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--goaway-after", type=int, default=0)
    options = parser.parse_args()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options.client_ca)
    context.load_cert_chain(options.certificate, options.key)
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_OPTIONAL
    apple = Apple(options.delay, options.goaway_after)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(apple), "127.0.0.1", options.port, ssl=context, backlog=512)
    sys.stdout.write(f"listening on https://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
