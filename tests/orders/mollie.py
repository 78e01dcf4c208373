"""A stand-in for Mollie: a server that speaks what we use of its API v2, as docs.mollie.com describes it."""

import json
import re
import threading
import time
from contextlib import contextmanager, suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TEST_KEY = "test_Qn5dSsTqz7Ex2uVbWc4yRfGhJkLm9P"
LIVE_KEY = "live_Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Jj9Kk0"
OTHER_KEY = "test_Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr1Qq0"
DECIMALS = {"EUR": 2, "GBP": 2, "JPY": 0}
TITLES = {
    401: ("Unauthorized Request", "Missing authentication, or failed to authenticate"),
    404: ("Not Found", "No payment exists with token {id}."),
    409: ("Conflict", "A duplicate refund has been detected"),
    410: ("Gone", "The payment is no longer available"),
    422: ("Unprocessable Entity", "{detail}"),
    429: ("Too Many Requests", "You are sending too many requests"),
    500: ("Internal Server Error", "An internal server error occurred"),
    503: ("Service Unavailable", "The service is temporarily unavailable"),
}


class Wrong(Exception):
    """A request that Mollie refuses with this status."""

    def __init__(self, status, detail="", **more):
        title, text = TITLES[status]
        self.status = status
        self.body = {"status": status, "title": title, "detail": text.format(detail=detail, id=detail), **more}
        super().__init__(detail)


class Mollie:
    """What Mollie knows, and what it was asked. `faults` has what goes wrong with the next calls, one each.

    A number is an error of that status, nothing done. "silent": no answer, nothing done. "lost": done, and the
    connection breaks. "cut": done, and half of the answer arrives. "dribble": done, byte by byte. "html": a proxy's
    page.
    """

    def __init__(self):
        self.accounts = {TEST_KEY: "test", LIVE_KEY: "live", OTHER_KEY: "test"}
        self.payments, self.refunds, self.chargebacks, self.calls, self.faults = {}, {}, {}, [], []
        self.remembered = {}  # answers by Idempotency-Key; Mollie forgets them after an hour
        self.minds_duplicates = False
        self.lock = threading.Lock()
        self.numbers = 0
        self.url = ""

    def new_id(self, kind):
        self.numbers += 1
        return f"{kind}_Stand{self.numbers:05d}"

    def say(self, payment, status, **more):
        """From now on a payment of ours stands so."""
        self.payments[payment.provider_id] |= {"status": status, **more}

    def give_back(self, payment, value, status="pending", currency="EUR"):
        """Somebody makes a refund in Mollie's dashboard."""
        made = {"resource": "refund", "id": self.new_id("re"), "status": status, "metadata": None}
        made |= {"amount": {"currency": currency, "value": value}, "description": "Cold coffee"}
        made["paymentId"] = payment.provider_id
        self.refunds.setdefault(payment.provider_id, []).append(made)
        return made

    def charge_back(self, payment, value):
        """A customer's bank takes money back."""
        made = {"resource": "chargeback", "id": self.new_id("chb"), "paymentId": payment.provider_id}
        made |= {"amount": {"currency": "EUR", "value": value}, "settlementAmount": None}
        made |= {"reason": {"code": "AC01", "description": "Account identifier incorrect"}}
        made |= {"createdAt": "2026-03-14T17:00:52.0Z", "reversedAt": None}
        self.chargebacks.setdefault(payment.provider_id, []).append(made)
        return made

    def count(self, method, path=""):
        return sum(1 for one in self.calls if one["method"] == method and one["path"].startswith(f"/v2{path}"))

    def answer(self, call):
        """Status and body, by Idempotency-Key the same as before."""
        with self.lock:
            key = (call["secret"], call["key"])
            if call["key"] and key in self.remembered:
                return self.remembered[key]
            try:
                found = self.route(call)
            except Wrong as wrong:
                return wrong.status, wrong.body
            if call["key"]:
                self.remembered[key] = found
            return found

    def route(self, call):
        if call["secret"] not in self.accounts:
            raise Wrong(401)
        method, path = call["method"], urlsplit(call["path"]).path
        if (method, path) == ("POST", "/v2/payments"):
            return 201, self.create(call)
        if (method, path) == ("GET", "/v2/methods"):
            methods = [{"id": "ideal", "description": "iDEAL"}, {"id": "creditcard", "description": "Card"}]
            return 200, {"count": 2, "_embedded": {"methods": methods}}
        if method == "GET" and path in {"/v2/refunds", "/v2/chargebacks"}:
            return 200, self.listed(path.rpartition("/")[2], call["secret"])
        match = re.fullmatch(r"/v2/payments/(tr_\w+)(/refunds)?", path)
        assert match, path
        payment = self.payments.get(match[1])
        if payment is None or payment["of"] != call["secret"]:
            raise Wrong(404, match[1])
        if match[2]:
            return self.on_refunds(call, payment)
        if method == "DELETE":
            if not payment["isCancelable"]:
                raise Wrong(422, "The payment cannot be canceled")
            payment |= {"status": "canceled", "isCancelable": False}
        wish = parse_qs(urlsplit(call["path"]).query).get("embed", [""])[0].split(",")
        return 200, self.shown(payment, wish)

    def listed(self, name, secret):
        """Of all the key's payments, newest first."""
        found = [
            one for key, several in getattr(self, name).items() if self.payments[key]["of"] == secret for one in several
        ]
        found.sort(key=lambda one: one["id"], reverse=True)
        return {"count": len(found), "_embedded": {name: found[:250]}, "_links": {}}

    def create(self, call):
        asked = call["body"]
        self.check_amount(asked.get("amount"))
        if not asked.get("description"):
            raise Wrong(422, "The description is missing", field="description")
        for name in ("redirectUrl", "webhookUrl"):
            if name in asked and not asked[name].startswith("http"):
                raise Wrong(422, f"The {name} is invalid", field=name)
        if re.match(r"https?://(localhost|127\.)", asked.get("webhookUrl", "")):
            text = "The webhook URL is invalid because it is unreachable from Mollie's point of view"
            raise Wrong(422, text, field="webhookUrl")
        payment = {"id": self.new_id("tr"), "of": call["secret"], "status": "open", "isCancelable": False, **asked}
        self.payments[payment["id"]] = payment
        return self.shown(payment)

    def check_amount(self, amount):
        decimals = DECIMALS.get(amount["currency"])
        if decimals is None:
            raise Wrong(422, "The currency is not supported", field="amount.currency")
        form = rf"\d+\.\d{{{decimals}}}" if decimals else r"\d+"
        if not isinstance(amount["value"], str) or not re.fullmatch(form, amount["value"]):
            raise Wrong(422, "The amount contains an invalid value", field="amount")

    def shown(self, payment, embedded=()):
        links = {"self": {"href": f"{self.url}/v2/payments/{payment['id']}", "type": "application/hal+json"}}
        if payment["status"] == "open":
            links["checkout"] = {"href": f"{self.url}/checkout/{payment['id']}", "type": "text/html"}
        known = {name: value for name, value in payment.items() if name != "of"}
        found = {"resource": "payment", "mode": self.accounts[payment["of"]], **known, "_links": links}
        there = {name: getattr(self, name).get(payment["id"]) for name in ("refunds", "chargebacks")}
        names = {"refunds": "amountRefunded", "chargebacks": "amountChargedBack"}
        for name, several in there.items():
            if several:
                value = sum(Decimal(one["amount"].get("value", 0)) for one in several)
                found[names[name]] = {"currency": payment["amount"]["currency"], "value": str(value)}
        if there := {name: list(several) for name, several in there.items() if name in embedded and several}:
            found["_embedded"] = there
        return found

    def on_refunds(self, call, payment):
        there = self.refunds.setdefault(payment["id"], [])
        if call["method"] == "GET":
            return 200, {"count": len(there), "_embedded": {"refunds": list(there)}, "_links": {}}
        amount = call["body"]["amount"]
        self.check_amount(amount)
        given = sum(float(one["amount"]["value"]) for one in there if one["status"] != "failed")
        if payment["status"] != "paid":
            raise Wrong(422, "The payment is not paid")
        if given + float(amount["value"]) > float(payment["amount"]["value"]):
            raise Wrong(422, "The specified amount cannot be refunded")
        if self.minds_duplicates and any(one["amount"] == amount for one in there):
            raise Wrong(409)
        made = {"resource": "refund", "id": self.new_id("re"), "status": "pending", **call["body"]}
        made |= {"description": "", "paymentId": payment["id"]}
        there.append(made)
        return 201, dict(made)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mollie: Mollie

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.startswith("/v2/"):
            self.page(body)
            return
        call = {
            "method": self.command,
            "path": self.path,
            "secret": self.headers.get("Authorization", "").removeprefix("Bearer "),
            "key": self.headers.get("Idempotency-Key", ""),
            "body": json.loads(body) if body else None,
        }
        self.mollie.calls.append(call)
        fault = self.mollie.faults.pop(0) if self.mollie.faults else None
        if fault == "silent":
            time.sleep(1.5)
            self.close_connection = True
            return
        if isinstance(fault, int):
            self.send(fault, json.dumps(Wrong(fault, "It does not please us").body).encode())
            return
        status, found = self.mollie.answer(call)
        if fault == "lost":
            self.close_connection = True
            return
        if fault == "html":
            self.send(200, b"<html>Bad gateway</html>")
            return
        self.send(status, json.dumps(found).encode(), fault)

    do_GET = do_POST = do_DELETE = do_any  # noqa: N815 -- the standard library's names

    def send(self, status, content, fault=None):
        self.send_response(status)
        self.send_header("Content-Type", "application/hal+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if fault == "dribble":
            for at in range(20):
                self.wfile.write(content[at : at + 1])
                time.sleep(0.1)
            self.close_connection = True
        else:
            self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)
            self.close_connection = fault == "cut"

    def page(self, body):
        """Mollie's own page, on which the customer pays, or does not, and is sent back; and its icon."""
        payment = self.mollie.payments.get(urlsplit(self.path).path.rpartition("/")[2], {})
        if self.command == "POST" and payment:
            payment["status"] = parse_qs(body.decode())["status"][0]
            self.send_response(303)
            self.send_header("Location", payment["redirectUrl"])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        buttons = "".join(
            f'<button name="status" value="{one}">{one}</button>' for one in ("paid", "failed", "canceled", "expired")
        )
        form = f'<form method="post">{buttons}</form>' if payment.get("status") == "open" else ""
        page = f'<!doctype html><html lang="en"><title>Mollie</title><h1 id="checkout">Mollie</h1>{form}</html>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_args):
        pass

    def handle(self):
        with suppress(OSError):  # whoever asked has gone
            super().handle()


@contextmanager
def running():
    """The stand-in, on a port of its own."""
    mollie = Mollie()
    handler = type("HandlerOfThis", (Handler,), {"mollie": mollie})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    mollie.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mollie
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
