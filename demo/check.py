"""Walks through the main job as a stranger would, over HTTP only, and says what it saw, step by step.

Places an order, pays it in the sandbox, receives both webhooks and verifies them, reads the order, the list and the log
of calls, and changes the processing status. `python3 dev.py demo --check` starts everything and runs this.
"""

import argparse
import base64
import hashlib
import hmac
import html.parser
import http.cookiejar
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

ORDER_KEYS = [
    "created_at",
    "processing_status",
    "processed_at",
    "number",
    "currency",
    "total",
    "updated_at",
    "uuid",
    "payment_id",
    "payment_status",
    "points_used",
    "total_order_points_price",
    "mail_delivered_in_inbox",
    "passes",
    "member",
    "member_partner_id",
    "brand",
]
PAGE_KEYS = [
    "current_page",
    "data",
    "first_page_url",
    "from",
    "last_page",
    "last_page_url",
    "links",
    "next_page_url",
    "path",
    "per_page",
    "prev_page_url",
    "to",
    "total",
]
CALL_KEYS = [
    "delivered",
    "webhook_call_id",
    "webhook_url",
    "http_status_code",
    "order_status",
    "truncate_response",
    "failed",
    "interval",
    "created_at",
]
FRESH_SECONDS = 300
PATIENCE_SECONDS = 20.0
OK, CREATED, FOUND = 200, 201, 302
Seen = TypeVar("Seen")


class Wrong(Exception):
    """What was seen is not what the documents promise."""


def expect(what: str, seen: Any, wanted: Any) -> None:
    """Compare, and say both sides if they differ."""
    if seen != wanted:
        raise Wrong(f"{what} is {seen!r}, and should be {wanted!r}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer to look at, not to follow."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Follow nothing."""


class FormReader(html.parser.HTMLParser):
    """Reads the hidden fields of a page's form."""

    def __init__(self) -> None:
        """Start with no fields."""
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the name and value of a hidden input."""
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden" and given.get("name"):
            self.fields[str(given["name"])] = given.get("value") or ""


class Browser:
    """Cookies, and answers with their status whatever it is."""

    def __init__(self) -> None:
        """Start with an empty jar. Proxies are left out: everything is on this machine."""
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar, NoRedirect())

    def ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, str]:
        """Send one request and return status and text."""
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310
        try:
            with self.opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode(errors="replace")


class Walk:
    """One stranger with a token, and what they know so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Know only what the demo prints."""
        self.browser = Browser()
        self.key: str = options.webhook_key
        self.token: str = options.token
        self.brand: str = options.brand
        self.coupon: str = options.coupon
        self.receiver: str = options.receiver.rstrip("/")
        self.orders = f"{options.base.rstrip('/')}/shops/{options.brand}/orders"
        self.order: dict[str, Any] = {}
        self.payment_url = ""
        self.messages: dict[str, str] = {}

    def api(self, method: str, url: str, wanted: int, content: Any = None, **headers: str) -> Any:
        """Ask the API for JSON, as a partner does."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **headers}
        body = None if content is None else json.dumps(content).encode()
        if body:
            headers["Content-Type"] = "application/json"
        status, text = self.browser.ask(method, url, headers, body)
        if status != wanted:
            raise Wrong(f"{method} {url} answered {status} instead of {wanted}: {text[:600]}")
        return json.loads(text)

    def data(self, method: str, url: str, wanted: int = OK, content: Any = None) -> Any:
        """Ask the API for something that comes in its usual wrapping."""
        answer = self.api(method, url, wanted, content)
        expect("success", answer["success"], wanted=True)
        return answer["data"]

    def place(self) -> str:
        """Place an order that costs money."""
        member = {"email": f"check-{uuid.uuid4().hex[:8]}@example.com", "name": "Check"}
        wish = {"member": member, "items": [{"coupon": self.coupon, "quantity": 1}], "points": 0}
        answer = self.api("POST", self.orders, CREATED, wish, **{"Idempotency-Key": str(uuid.uuid4())})
        expect("success", answer["success"], wanted=True)
        self.order = answer["data"]
        expect("the order's keys", list(self.order), ORDER_KEYS)
        expect("the processing status", self.order["processing_status"], "open")
        expect("the member's e-mail address", self.order["member"]["email"], member["email"])
        expect("the brand", self.order["brand"]["identifier"], self.brand)
        self.payment_url = answer["payment_url"] or ""
        if not self.payment_url.startswith("http"):
            raise Wrong(f"payment_url is {answer['payment_url']!r}")
        return f"order placed: number {self.order['number']}, {self.order['total']} {self.order['currency']} to pay"

    def pay(self) -> str:
        """Open the sandbox's payment page and press "paid"."""
        status, text = self.browser.ask("GET", self.payment_url, {})
        expect("the payment page's status", status, OK)
        form = FormReader()
        form.feed(text)
        fields = urllib.parse.urlencode({**form.fields, "outcome": "paid"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": self.payment_url}
        status, text = self.browser.ask("POST", self.payment_url, headers, fields)
        if status != FOUND:
            raise Wrong(f"POST {self.payment_url} answered {status} instead of {FOUND}: {text[:600]}")
        return "paid on the sandbox's page"

    def webhook(self, order_status: str) -> str:
        """Wait for one webhook at the receiver and verify both of its signatures here."""
        wanted = {"order_id": self.order["uuid"], "brand_id": self.brand, "order_status": order_status}

        def arrived() -> dict[str, Any] | None:
            _status, text = self.browser.ask("GET", f"{self.receiver}/calls", {})
            return next((call for call in json.loads(text) if _decoded(call["body"]) == wanted), None)

        call = _within_patience(arrived, f"the webhook {order_status!r} did not arrive")
        expect("the webhook's body", call["body"], json.dumps(wanted, separators=(",", ":")))
        message = self._verify(call["headers"], call["body"])
        self.messages[order_status] = message
        return f"{order_status} webhook received, wllt-signature and webhook-signature verified (message {message})"

    def _verify(self, headers: dict[str, str], body: str) -> str:
        message, sent_at = headers["wllt-message-id"], headers["webhook-timestamp"]
        expect("webhook-id", headers["webhook-id"], message)
        if abs(time.time() - int(sent_at)) > FRESH_SECONDS:
            raise Wrong(f"webhook-timestamp is {sent_at}, which is not now")
        shop = hmac.new(self.key.encode(), body.encode(), hashlib.sha256).hexdigest()
        expect("wllt-signature", headers["wllt-signature"], shop)
        secret = base64.b64decode(self.key.removeprefix("whsec_"))
        standard = hmac.new(secret, f"{message}.{sent_at}.{body}".encode(), hashlib.sha256).digest()
        expect("webhook-signature", headers["webhook-signature"], f"v1,{base64.b64encode(standard).decode()}")
        return message

    def read(self) -> str:
        """Read the order: it is paid, and the coupon has become a pass."""
        order = self.data("GET", f"{self.orders}/{self.order['uuid']}")
        expect("the order's keys", list(order), ORDER_KEYS)
        expect("the payment status", order["payment_status"], "paid")
        expect("the coupons of the passes", [one["coupon"]["identifier"] for one in order["passes"]], [self.coupon])
        expect("the pass's status", order["passes"][0]["status"], "active")
        return f"order read: paid, with one active pass {order['passes'][0]['qr_code']}"

    def find(self) -> str:
        """Find the order on the first page of the list of paid ones."""
        listing = self.api("GET", f"{self.orders}?status=paid", OK)
        expect("the list's keys", list(listing), PAGE_KEYS)
        expect("the orders per page", listing["per_page"], 10)
        listed = [one["uuid"] for one in listing["data"]]
        expect("whether the order is listed", self.order["uuid"] in listed, wanted=True)
        return f"list read: the order is on page 1 of {listing['last_page']}, {listing['total']} paid in all"

    def log(self) -> str:
        """Find both calls in the log, under the message ids that arrived."""
        url = f"{self.orders}/{self.order['uuid']}/webhooks"

        def finished() -> list[dict[str, Any]] | None:
            rows: list[dict[str, Any]] = self.data("GET", url)
            done = {row["webhook_call_id"] for row in rows if row["delivered"] == 1}
            return rows if done >= set(self.messages.values()) else None

        rows = _within_patience(finished, f"the log of calls did not come to show {self.messages} as delivered")
        for row in rows:
            expect("the call's keys", list(row), CALL_KEYS)
            expect("the call's status", str(row["http_status_code"]), "200")
            expect("the call's message", row["webhook_call_id"], self.messages[row["order_status"]])
        return f"call log read: {len(rows)} calls, delivered with 200, under the same message ids"

    def process(self) -> str:
        """Say that the order is being worked on, and see that it stays said."""
        url = f"{self.orders}/{self.order['uuid']}"
        changed = self.data("PATCH", url, OK, {"processing_status": "being_processed"})
        expect("the processing status", changed["processing_status"], "being_processed")
        expect("the processing status", self.data("GET", url)["processing_status"], "being_processed")
        return "processing status changed to being_processed"


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _within_patience(look: Callable[[], Seen | None], otherwise: str) -> Seen:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        seen = look()
        if seen is not None:
            return seen
        time.sleep(0.1)
    raise Wrong(f"{otherwise} within {PATIENCE_SECONDS:.0f} s")


def main() -> int:
    """Take the steps in order and stop at the first that goes wrong."""
    parser = argparse.ArgumentParser(description="Walk through the main job over HTTP.")
    for name in ("base", "token", "brand", "webhook-key", "receiver", "coupon"):
        parser.add_argument(f"--{name}", required=True)
    walk = Walk(parser.parse_args())
    steps: list[Callable[[], str]] = [
        walk.place,
        lambda: walk.webhook("open"),
        walk.pay,
        lambda: walk.webhook("paid"),
        walk.read,
        walk.find,
        walk.log,
        walk.process,
    ]
    for step in steps:
        try:
            print(f"ok   {step()}", flush=True)
        except (Wrong, OSError, ValueError, KeyError, TypeError) as error:
            print(f"FAIL {type(error).__name__}: {error}", flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
