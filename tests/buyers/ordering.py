"""Orders of the wallet API for tests: the shared sample, and partners who state it."""

import copy
import json
from pathlib import Path

from buyers.models import Merchant, WalletOrder

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "buyer_wallet_vectors.json").read_text())
MERCHANT = VECTORS["valid_order"]["merchant"]["merchantId"]


def sample(**changes):
    """A sound order of USD 2.20, paid; `changes` replace top-level keys."""
    return copy.deepcopy(VECTORS["valid_order"]) | changes


def dig(body, path):
    """What holds the last part of `path` (`lineItems[0].gtin`), and that part."""
    steps = [int(step) if step.isdigit() else step for step in path.replace("]", "").replace("[", ".").split(".")]
    for step in steps[:-1]:
        body = body[step]
    return body, steps[-1]


def sample_with(path, value):
    """The sample with one value replaced."""
    body = full_sample()
    holder, last = dig(body, path)
    holder[last] = value
    return body


def full_sample(**changes):
    """A sound order that fills every field of every table."""
    body = sample()
    line = body["lineItems"][0]
    body |= {"cancelReason": "PARTIALLY_CANCELLED", "cancelledAt": "2021-08-10T14:00:00Z"}
    body |= {"orderUrl": "https://snowdevil.ca/orders/1001", "paymentStatus": "PARTIALLY_REFUNDED"}
    line |= {"variantTitle": "Size: Medium"}
    body["merchant"] |= {"description": "Snowboards", "logoUrl": "https://snowdevil.ca/logo.png"}
    body["deliveryMethods"][0]["description"] = "By bike"
    body["fulfillments"][0] |= {
        "deliveredAt": "2021-08-11T12:00:00.5Z",
        "description": "A large parcel",
        "fulfilledAt": "2021-08-10T13:00:00.123456789Z",
    }
    body["refunds"] = [
        {
            "createdAt": "2021-08-12T09:00:00Z",
            "description": "Scratched",
            "refundId": "refund-1",
            "refundLineItems": [{"lineItemId": line["lineItemId"], "quantity": 1}],
            "totalRefund": {"amount": "1.10", "currencyCode": "USD"},
        }
    ]
    return body | changes


def money(amount, currency="USD"):
    return {"amount": str(amount), "currencyCode": currency}


def refund(identifier, amount, lines=()):
    return {
        "createdAt": "2021-08-12T09:00:00Z",
        "refundId": identifier,
        "refundLineItems": list(lines),
        "totalRefund": money(amount),
    }


def of_total(total, **changes):
    """A sound order of one untaxed, unshipped thing that costs `total`."""
    body = sample(deliveryMethods=[], fulfillments=[], shipmentStatus="UNSHIPPED")
    line = body["lineItems"][0]
    line["taxLines"] = []
    for name in ("unitPrice", "totalPrice", "originalUnitPrice", "originalTotalPrice"):
        line[name] = money(total)
    body["total"] = {name: money("0.00") for name in body["total"]}
    body["total"] |= {"lineItemSubtotalPrice": money(total), "totalPrice": money(total)}
    return body | changes


def with_lines(count):
    """A sound order with so many lines, all in one fulfilment and one delivery."""
    body = of_total("1.00")
    line = body["lineItems"][0]
    body["lineItems"] = [line | {"lineItemId": f"line-{number}"} for number in range(count)]
    body["total"] |= {"lineItemSubtotalPrice": money(count), "totalPrice": money(count)}
    shipped = sample()["fulfillments"][0] | {"lineItemIds": [f"line-{number}" for number in range(count)]}
    return body | {"fulfillments": [shipped]}


def confirm(client, buyer, external_id="1234"):
    """An order that was confirmed, and of which nothing has been said."""
    return WalletOrder.objects.create(client=client, buyer=buyer, external_id=external_id)


def introduce(client, brand, merchant_id=MERCHANT):
    """Say which brand the client means by a merchant."""
    return Merchant.objects.create(client=client, merchant_id=merchant_id, brand=brand)


PATH = "/pay/wallet/orders/1234"
