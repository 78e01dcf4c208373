"""Receives WalletApp's webhooks. Needs Python 3.9 or newer, and nothing else.

WEBHOOK_KEY=whsec_... API_URL=https://shop.example API_TOKEN='7|...' python3 receiver.py 8080
"""

import base64
import hmac
import json
import os
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

KEY, TOLERANCE = os.environ["WEBHOOK_KEY"], 300  # seconds
SCHEME = os.environ.get("WEBHOOK_SCHEME", "standard")  # or wllt: the header of the original product
seen = set()  # in real life a table with a unique column, since it must survive a restart
worker = ThreadPoolExecutor(1)


def is_genuine(headers, body):
    if SCHEME == "wllt":
        expected = hmac.new(KEY.encode(), body, "sha256").hexdigest()
        return hmac.compare_digest(expected.encode(), headers.get("wllt-signature", "").encode())
    stamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", stamp) or abs(time.time() - int(stamp)) > TOLERANCE:
        return False
    signed = f"{headers.get('webhook-id')}.{stamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(base64.b64decode(KEY.split("_", 1)[-1]), signed, "sha256"))
    return any(hmac.compare_digest(expected, one.encode()) for one in headers.get("webhook-signature", "").split())


def fetch_order(news):  # the webhook says that something happened; what is true now, the API says
    url = f"{os.environ['API_URL']}/shops/{news['brand_id']}/orders/{news['order_id']}"
    request = Request(url, headers={"Authorization": f"Bearer {os.environ['API_TOKEN']}"})  # noqa: S310
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        order = json.load(answer)["data"]
    print("order", order["number"], order["payment_status"], order["processing_status"], flush=True)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 65536))  # the raw bytes
        message = self.headers.get("wllt-message-id" if SCHEME == "wllt" else "webhook-id")
        genuine, known = is_genuine(self.headers, body), message in seen
        if genuine and not known:
            seen.add(message)
            worker.submit(fetch_order, json.loads(body))  # the answer does not wait for it
        self.send_response(200 if genuine else 401)
        self.end_headers()
        self.wfile.write(b"bad signature" if not genuine else b"duplicate" if known else b"ok")


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
