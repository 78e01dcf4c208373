"""What bench/wallet.py measures in a process in which Django is set up: a line with a word in, a line of JSON out."""

import base64
import json
import os
import sys
import time
import uuid
from typing import Any

import django
from django.http import HttpRequest
from rest_framework.request import Request

django.setup()

from accounts.models import User  # noqa: E402 -- models need the set-up
from buyers.addresses import add_address  # noqa: E402
from buyers.authentication import ClientBasic  # noqa: E402
from buyers.cards import add_card  # noqa: E402
from buyers.clients import new_client  # noqa: E402
from buyers.models import Connection, WalletOrder  # noqa: E402
from buyers.tokens import new_secret, save_access  # noqa: E402

STREET = {
    "country": "CA",
    "addressLine": ["123 High Street"],
    "region": "QC",
    "city": "Mont Royal",
    "postalCode": "H3B2Y5",
    "recipient": "Jane Doe",
    "phone": "+15145551212",
}
LINES = 3  # of each order


def make(orders: int) -> dict[str, Any]:
    """A client, a buyer who is connected with it, and so many orders that were confirmed."""
    client, secret = new_client("Bench", redirect_uris=["https://partner.example/back"])
    buyer = User.objects.create_user(f"bench-{uuid.uuid4()}@example.com")
    card = add_card(
        buyer, number="4111 1111 1111 1111", month=12, year=time.gmtime().tm_year + 4, name="J", billing_address=STREET
    )
    link = Connection.objects.create(
        buyer=buyer, client=client, scopes=client.allowed_scopes, card=card, address=add_address(buyer, STREET)
    )
    token = new_secret()
    save_access(link, token, family=uuid.uuid4(), scope=" ".join(link.scopes), seconds=86_400)
    ids = [f"order-{number}" for number in range(orders)]
    WalletOrder.objects.bulk_create(
        WalletOrder(client=client, buyer=buyer, connection=link, external_id=one) for one in ids
    )
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    return {"token": token, "basic": basic, "orders": ids, "bodies": [order("UNSHIPPED"), order("SHIPPED")]}


def money(amount: str) -> dict[str, str]:
    """An amount of US dollars."""
    return {"amount": amount, "currencyCode": "USD"}


def order(shipment: str) -> dict[str, Any]:
    """An order of three lines without a tax, as the API wants it."""
    ids = [f"line-{number}" for number in range(LINES)]
    sums = {"lineItemSubtotalPrice": money("3.00"), "totalPrice": money("3.00")}
    zeros = "cartDiscounts", "lineItemDiscounts", "shippingDiscounts", "shippingSubtotalPrice", "totalDiscounts"
    return {
        "createdAt": "2026-08-10T13:00:00Z",
        "updatedAt": "2026-08-10T13:00:00Z",
        "deliveryMethods": [],
        "fulfillments": [
            {
                "fulfillmentId": "1",
                "name": "By post",
                "status": "SUBMITTED" if shipment == "UNSHIPPED" else "IN_TRANSIT",
                "lineItemIds": ids,
                "trackingInfo": {"carrierCode": "UPS", "trackingNumber": "1Z"},
            }
        ],
        "lineItems": [line(one) for one in ids],
        "merchant": {"merchantId": "m", "name": "Snowdevil", "url": "https://snowdevil.example/"},
        "orderNumber": "1001",
        "paymentStatus": "PAID",
        "refunds": [],
        "shipmentStatus": shipment,
        "total": {**{name: money("0.00") for name in (*zeros, "totalTax")}, **sums},
    }


def line(identifier: str) -> dict[str, Any]:
    """One thing for a dollar."""
    prices = "unitPrice", "totalPrice", "originalUnitPrice", "originalTotalPrice"
    return {
        "lineItemId": identifier,
        "productTitle": "Snowboard",
        "productUrl": "https://snowdevil.example/board",
        "imageUrl": "https://snowdevil.example/board.png",
        "gtin": "5901234123457",
        "quantity": 1,
        "taxLines": [],
        **{name: money("1.00") for name in prices},
    }


def client_auth_ms(basic: str, rounds: int) -> float:
    """Milliseconds of our own CPU for one authentication of a client, with its statement; the least of five tries."""
    asked = HttpRequest()
    asked.META = {"HTTP_AUTHORIZATION": f"Basic {basic}", "REMOTE_ADDR": "127.0.0.1"}
    request = Request(asked)
    authenticator = ClientBasic()
    took = []
    for _ in range(5):
        started = time.process_time()
        for _ in range(rounds):
            authenticator.authenticate(request)
        took.append((time.process_time() - started) / rounds)
    return 1000 * min(took)


def main() -> None:
    """Do what is asked."""
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    for text in sys.stdin:
        word, *rest = text.split()
        answer = make(int(rest[0])) if word == "make" else {"client_auth_ms": client_auth_ms(rest[0], int(rest[1]))}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
