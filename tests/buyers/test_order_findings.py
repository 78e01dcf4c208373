"""What does not agree in an order: noted by default, refused for strict clients (buyer-wallet.md §A.16)."""

import pytest

from buyers.findings import findings_of
from buyers.models import WalletOrder
from buyers.order_rules import problems_of
from orders.models import Order
from tests.buyers.ordering import (
    PATH,
    confirm,
    dig,
    full_sample,
    introduce,
    money,
    of_total,
    refund,
    sample,
    sample_with,
)

LINE = sample()["lineItems"][0]["lineItemId"]


def found(body):
    assert problems_of(body) == []
    return [(one.field, one.code) for one in findings_of(body)]


def test_sound_orders_have_none():
    assert found(sample()) == []
    assert found(full_sample()) == []
    assert found(of_total("0.00", lineItems=[])) == []


SUMS = [
    ("lineItems[0].totalPrice", ["total.lineItemSubtotalPrice"]),
    ("lineItems[0].unitPrice", []),
    ("lineItems[0].originalTotalPrice", []),
    ("deliveryMethods[0].totalPrice", ["total.shippingSubtotalPrice"]),
    ("deliveryMethods[0].originalTotalPrice", []),
    ("lineItems[0].taxLines[0].price", ["total.totalTax"]),
    ("deliveryMethods[0].taxLines[0].price", ["total.totalTax"]),
    ("total.lineItemSubtotalPrice", ["total.lineItemSubtotalPrice", "total.totalPrice"]),
    ("total.shippingSubtotalPrice", ["total.shippingSubtotalPrice", "total.totalPrice"]),
    ("total.totalTax", ["total.totalTax", "total.totalPrice"]),
    ("total.totalPrice", ["total.totalPrice"]),
    ("total.totalDiscounts", ["total.totalDiscounts"]),
    ("total.cartDiscounts", ["total.lineItemSubtotalPrice", "total.totalDiscounts"]),
    ("total.lineItemDiscounts", ["total.totalDiscounts"]),
    ("total.shippingDiscounts", ["total.totalDiscounts"]),
]


@pytest.mark.parametrize(("path", "fields"), SUMS)
def test_every_formula(path, fields):
    result = found(sample_with(path, money("5.55")))
    own = {
        "lineItems[0].unitPrice": "lineItems[0].totalPrice",
        "lineItems[0].totalPrice": "lineItems[0].totalPrice",
        "lineItems[0].originalTotalPrice": "lineItems[0].originalTotalPrice",
        "deliveryMethods[0].totalPrice": "deliveryMethods[0].totalPrice",
        "deliveryMethods[0].originalTotalPrice": "deliveryMethods[0].originalTotalPrice",
    }
    expected = ([own[path]] if path in own else []) + fields
    assert result == [(field, "total_mismatch") for field in expected]


def test_a_discount_is_a_negative_amount():
    body = of_total("10.00")
    body["total"] |= {"cartDiscounts": money("-0.50"), "totalDiscounts": money("-0.50")}
    body["total"] |= {"lineItemSubtotalPrice": money("9.50"), "totalPrice": money("9.50")}
    assert found(body) == []
    body["total"] |= {"cartDiscounts": money("0.50"), "totalDiscounts": money("0.50")}
    assert found(body) == [("total.lineItemSubtotalPrice", "total_mismatch")]


@pytest.mark.parametrize(
    ("currency", "unit", "total", "quantity", "agrees"),
    [
        ("USD", "3.33", "10.00", 3, True),  # each piece was rounded
        ("USD", "3.33", "9.97", 3, False),
        ("USD", "1.00", "1.005", 1, True),
        ("USD", "1.00", "1.0051", 1, False),
        ("JPY", "333", "334", 3, False),  # 665 too few
        ("JPY", "333", "1000", 3, True),
        ("KWD", "3.333", "10.000", 3, True),
        ("KWD", "3.333", "10.002", 3, False),
    ],
)
def test_each_piece_may_be_off_by_half_a_minor_unit(currency, unit, total, quantity, agrees):
    body = of_total(total)
    line = body["lineItems"][0]
    line["quantity"] = quantity
    for name in ("unitPrice", "originalUnitPrice"):
        line[name] = money(unit)
    text = repr(body).replace("'USD'", f"'{currency}'")
    result = found(eval(text, {}))  # noqa: S307 -- our own literal
    expected = (
        []
        if agrees
        else [("lineItems[0].originalTotalPrice", "total_mismatch"), ("lineItems[0].totalPrice", "total_mismatch")]
    )
    assert result == expected


def test_prices_of_a_delivery_are_for_each_of_its_lines():
    body = sample()
    body["deliveryMethods"][0] |= {"unitPrice": None, "originalUnitPrice": None}
    assert found(body) == []
    body["deliveryMethods"][0] |= {
        "lineItemIds": [LINE, LINE],
        "unitPrice": money("0.50"),
        "originalUnitPrice": money("0.50"),
    }
    assert found(body) == []


def test_more_than_one_currency():
    body = sample_with("deliveryMethods[0].taxLines[0].price", money("99", "EUR"))
    assert found(body) == [("deliveryMethods[0].taxLines[0].price.currencyCode", "currency_mismatch")]


@pytest.mark.parametrize(
    "path",
    ["deliveryMethods[0].lineItemIds[0]", "fulfillments[0].lineItemIds[0]", "refunds[0].refundLineItems[0].lineItemId"],
)
def test_a_line_that_is_not_there(path):
    assert found(sample_with(path, "nobody")) == [(path, "unknown_line_item")]


@pytest.mark.parametrize(
    ("key", "field"),
    [("fulfillments", "fulfillmentId"), ("refunds", "refundId"), ("deliveryMethods", "deliveryMethodId")],
)
def test_an_id_that_comes_twice(key, field):
    body = full_sample()
    body[key] = body[key] * 2
    assert (f"{key}[1].{field}", "duplicate_id") in found(body)


def test_a_line_that_comes_twice():
    body = of_total("1.00")
    body["lineItems"] *= 2
    body["total"] |= {"lineItemSubtotalPrice": money("2.00"), "totalPrice": money("2.00")}
    assert found(body) == [("lineItems[1].lineItemId", "duplicate_id")]


def test_more_refunded_than_was_bought():
    body = of_total("2.00", refunds=[refund("r1", "1.00", [{"lineItemId": LINE, "quantity": 1}])])
    assert found(body) == []
    body["refunds"].append(refund("r2", "1.00", [{"lineItemId": LINE, "quantity": 1}]))
    assert found(body) == [("refunds[1].refundLineItems[0].quantity", "refund_quantity_exceeded")]
    body["refunds"][1]["refundLineItems"][0]["quantity"] = None
    assert found(body) == []


def test_more_money_refunded_than_was_due():
    assert found(of_total("2.00", refunds=[refund("r1", "2.00")])) == []
    assert found(of_total("2.00", refunds=[refund("r1", "2.01")])) == [("refunds", "refund_exceeded")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cancelReason": "CUSTOMER"}, "cancelReason"),
        ({"cancelledAt": "2021-08-10T14:00:00Z"}, "cancelReason"),
        ({"updatedAt": "2021-08-10T13:51:04.999Z"}, "updatedAt"),
        ({"shipmentStatus": "DELIVERED"}, "shipmentStatus"),
        ({"paymentStatus": "REFUNDED"}, "paymentStatus"),
    ],
)
def test_what_cannot_be_at_the_same_time(changes, field):
    assert found(sample(**changes)) == [(field, "inconsistent")]


def test_what_looks_odd_but_is_not():
    canceled = {"cancelReason": "OTHER", "cancelledAt": "2021-08-10T14:00:00Z"}
    assert found(sample(**canceled)) == []
    assert found(sample(updatedAt="2021-08-10T13:51:05.5Z")) == []  # as text it would come before createdAt
    body = sample(shipmentStatus="DELIVERED")
    for status in ("DELIVERED", "CANCELLED"):
        body["fulfillments"][0]["status"] = status
        assert found(body) == []


# --- over HTTP ------------------------------------------------------------------------------------------------------


@pytest.fixture
def wallet_order(partner, buyer, brand):
    introduce(partner.client, brand)
    return confirm(partner.client, buyer)


def test_by_default_findings_are_noted(partner, wallet_order):
    assert partner.put(PATH, sample(paymentStatus="REFUNDED")).status_code == 204
    wallet_order.refresh_from_db()
    assert wallet_order.findings == [
        {
            "field": "paymentStatus",
            "code": "inconsistent",
            "message": "The order is refunded, but lists no refund.",
        }
    ]
    assert wallet_order.order.status == "canceled"
    assert partner.put(PATH, sample()).status_code == 204
    wallet_order.refresh_from_db()
    assert wallet_order.findings == []


def test_a_strict_client_is_refused(partner, wallet_order):
    partner.client.order_checks = "strict"
    partner.client.save()
    answer = partner.put(PATH, sample(paymentStatus="REFUNDED"))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "field": "paymentStatus",
            "code": "inconsistent",
            "message": "The order is refunded, but lists no refund.",
        }
    ]
    assert WalletOrder.objects.get().state is None
    assert Order.objects.count() == 0
    assert partner.put(PATH, sample()).status_code == 204


def test_an_order_stays_with_its_first_merchant(partner, wallet_order, brand, other):
    introduce(partner.client, other, "another")
    assert partner.put(PATH, sample()).status_code == 204
    moved = sample()
    moved["merchant"]["merchantId"] = "another"
    for body in (moved, moved | {"updatedAt": "2021-08-11T13:51:05Z"}):
        assert partner.put(PATH, body).status_code == 204
        wallet_order.refresh_from_db()
        assert [(one["field"], one["code"]) for one in wallet_order.findings] == [
            ("merchant.merchantId", "merchant_changed")
        ]
    assert wallet_order.order.brand == brand
    assert other.orders.count() == 0


def test_the_walk_finds_what_the_sample_names():
    """`dig` and the sample are what these tests rest on."""
    holder, last = dig(full_sample(), "refunds[0].refundLineItems[0].lineItemId")
    assert holder[last] == LINE
