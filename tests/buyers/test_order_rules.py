"""The 422: every field of every table, missing, null, of a wrong kind, blank, or no word that is known."""

import copy
import json
import re

import pytest

from buyers.models import WalletOrder, WalletOrderRevision
from buyers.order_rules import MOST_PROBLEMS, problems_of
from buyers.order_tables import ENUMS, LENGTHS, OBJECTS
from orders.models import Order
from tests.buyers.ordering import PATH, confirm, dig, full_sample, introduce, sample, sample_with


def fields(kind="Order", path=""):
    """Every field, with its path in the full sample: (path, type as the table writes it)."""
    for name, written in OBJECTS[kind].items():
        place = f"{path}.{name}" if path else name
        yield place, written
        inner = written.strip("[]!")
        if inner in OBJECTS:
            yield from fields(inner, f"{place}[0]" if written.startswith("[") else place)


FIELDS = list(fields())
TEXTS = [(path, kind) for path, kind in FIELDS if kind.strip("!") not in {*OBJECTS, "Int"} and not kind.startswith("[")]


def found(body):
    return [(one.field, one.code) for one in problems_of(body)]


def test_the_tables_hold_every_field_of_the_reference():
    counts = {kind: len(rows) for kind, rows in OBJECTS.items()}
    assert counts.pop("Due") == counts["Money"]  # the reference has one kind of money
    assert counts == {
        "DeliveryMethod": 9,
        "Fulfillment": 10,
        "LineItem": 13,
        "Merchant": 5,
        "Money": 2,
        "Order": 14,
        "OrderTotal": 8,
        "Refund": 5,
        "RefundLineItem": 2,
        "TaxLine": 2,
        "TrackingInfo": 3,
    }
    assert {kind: len(words) for kind, words in ENUMS.items()} == {
        "CancelReason": 6,
        "FulfillmentStatus": 13,
        "PaymentStatus": 8,
        "ShipmentStatus": 4,
    }


def test_the_samples_are_sound():
    assert found(full_sample()) == []
    assert found(sample()) == []


@pytest.mark.parametrize(("path", "kind"), FIELDS)
def test_a_field_that_is_absent_or_null(path, kind):
    nulled, removed = full_sample(), full_sample()
    holder, last = dig(nulled, path)
    assert last in holder, "the full sample leaves it out"
    holder[last] = None
    holder, last = dig(removed, path)
    del holder[last]
    expected = [(path, "field_missing")] if kind.endswith("!") else []
    assert found(nulled) == found(removed) == expected
    if expected:
        assert problems_of(nulled)[0].message == f"Field {path} cannot be null."


@pytest.mark.parametrize(("path", "kind"), FIELDS)
@pytest.mark.parametrize("value", [True, 1.5, [], {}, "text"], ids=repr)
def test_a_field_of_another_kind_of_json(path, kind, value):
    if (
        (kind.startswith("[") and value == [])
        or (kind.strip("!") in LENGTHS and value == "text")
        or (isinstance(value, str) and kind.strip("!") not in {*OBJECTS, "Int"} and not kind.startswith("["))
    ):
        return
    result = found(sample_with(path, value))
    if value == {} and kind.strip("!") in OBJECTS:  # an object, of which everything is missing
        assert result
        assert {code for _field, code in result} == {"field_missing"}
    else:
        assert result == [(path, "invalid_type")]


@pytest.mark.parametrize(("path", "kind"), [one for one in FIELDS if one[1].startswith("[")])
@pytest.mark.parametrize(("value", "code"), [(None, "field_missing"), (7, "invalid_type")])
def test_an_element_of_a_list(path, kind, value, code):
    assert found(sample_with(path, [value])) == [(f"{path}[0]", code)]


@pytest.mark.parametrize(("path", "kind"), TEXTS)
@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_text(path, kind, blank):
    result = found(sample_with(path, blank))
    if kind.endswith("!"):
        assert result == [(path, "field_blank")]
    elif kind in ENUMS:
        assert result == [(path, "invalid_value")]
    elif kind == "DateTime":
        assert result == [(path, "invalid_format")]
    else:
        assert result == []


BAD = {
    "Amount": ["1,50", "1.", ".5", "1e3", "NaN", "Infinity", "+1", "1.00000", "1" * 13, "1.5 ", "١.٠٠", "--1", "0x1"],
    "NotNegative": ["-1", "1,50"],
    "Currency": ["usd", "ABC", "US", "EURO", "XYZ"],
    "DateTime": [
        "2021-08-10T13:51:05",
        "2021-08-10T13:51:05+00:00",
        "2021-08-10T13:51:05+02:00",
        "2021-08-10 13:51:05Z",
        "2021-08-10",
        "2021-13-10T13:51:05Z",
        "2021-02-30T13:51:05Z",
        "2021-08-10T24:00:00Z",
        "2021-08-10T13:51:60Z",
        "2021-08-10T13:51:05.1234567890Z",
        "2021-08-10T13:51:05z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "yesterday",
    ],
    "URL": [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/x",
        "//example.com/x",
        "example.com",
        "http://",
        "http:///path",
        "https://exa mple.com",
        "https://example.com/\nx",
        'https://example.com/"onmouseover="x',
        "https://example.com/<script>",
        "http://[::1",
        "http://example.com:99999/",
        "file:///etc/passwd",
    ],
}


@pytest.mark.parametrize(("path", "kind"), TEXTS)
def test_a_text_of_no_known_form(path, kind):
    kind = kind.strip("!")
    code = "invalid_value" if kind in {*ENUMS, "Currency"} else "invalid_format"
    for value in BAD.get(kind, ["NOPE", "paid"] if kind in ENUMS else ["a\x00b"]):
        expected = "invalid_value" if (kind, value) == ("NotNegative", "-1") else code
        assert found(sample_with(path, value)) == [(path, expected)], value


GOOD = {
    "Amount": ["1.50", "0", "-0.50", "999999999999.9999", "007"],
    "NotNegative": ["0", "-0.00", "12.5"],
    "Currency": ["USD", "EUR", "JPY", "KWD", "CHF"],
    "DateTime": ["2019-07-03T20:47:55Z", "2021-01-01T00:00:00.000Z", "2021-01-01T00:00:00.123456789Z"],
    "URL": ["http://127.0.0.1:8000/x?y=1#z", "HTTPS://Example.com", "https://münchen.example/ü", "http://[::1]:80/"],
}


@pytest.mark.parametrize(("path", "kind"), TEXTS)
def test_a_text_of_every_known_form(path, kind):
    kind = kind.strip("!")
    for value in GOOD.get(
        kind, ENUMS.get(kind, ["a", "ü" * LENGTHS.get(kind, 1), "<script>alert(1)</script>", "' OR 1=1"])
    ):
        assert found(sample_with(path, value)) == [], value


@pytest.mark.parametrize(("path", "kind"), [one for one in TEXTS if one[1].strip("!") in {*LENGTHS, "URL"}])
def test_a_text_that_is_too_long(path, kind):
    most = LENGTHS.get(kind.strip("!"), 2048)
    start = "https://example.com/" if kind.strip("!") == "URL" else ""
    assert found(sample_with(path, start + "x" * (most - len(start)))) == []
    assert found(sample_with(path, start + "x" * (most + 1 - len(start)))) == [(path, "too_long")]


@pytest.mark.parametrize("path", ["lineItems[0].quantity", "refunds[0].refundLineItems[0].quantity"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "invalid_value"),
        (-1, "invalid_value"),
        (2**31, "invalid_value"),
        ("1", "invalid_type"),
        (1.0, "invalid_type"),
        (True, "invalid_type"),
    ],
)
def test_a_quantity(path, value, code):
    assert found(sample_with(path, value)) == [(path, code)]


def test_lists_have_an_end():
    body = full_sample()
    body["lineItems"] = body["lineItems"] * 501
    assert found(body) == [("lineItems", "too_many")]
    body["lineItems"] = body["lineItems"][:500]
    assert found(body) == []


def test_an_empty_object_names_all_that_is_missing_in_the_order_of_the_table():
    required = [name for name, kind in OBJECTS["Order"].items() if kind.endswith("!")]
    assert found({}) == [(name, "field_missing") for name in required]


def test_problems_come_in_the_order_of_the_tables_and_a_hundred_at_most():
    body = full_sample(createdAt=None, updatedAt=7)
    body["total"]["totalTax"]["amount"] = 1
    body["lineItems"] = [body["lineItems"][0] | {"quantity": 0, "gtin": ""} for _number in range(200)]
    result = found(body)
    assert len(result) == MOST_PROBLEMS
    assert result[:3] == [
        ("createdAt", "field_missing"),
        ("lineItems[0].gtin", "field_blank"),
        ("lineItems[0].quantity", "invalid_value"),
    ]


def test_unknown_keys_are_let_through_unless_the_database_cannot_keep_them():
    assert found(sample(later={"deep": [1, None, "x"]})) == []
    assert found(sample(later={"deep": [1, "a\x00"]})) == [("later.deep[1]", "invalid_format")]
    assert found(sample(**{"ke\x00y": 1})) == [("ke\\u0000y", "invalid_format")]


# --- over HTTP ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stated(partner, buyer, brand):
    """An order that was stated once."""
    introduce(partner.client, brand)
    confirm(partner.client, buyer)
    assert partner.put(PATH, sample()).status_code == 204


def everything():
    rows = WalletOrder.objects.values(), WalletOrderRevision.objects.values(), Order.objects.values()
    return copy.deepcopy([list(one) for one in rows])


def test_the_answer_is_the_references_and_nothing_was_changed(partner, stated):
    before = everything()
    answer = partner.put(PATH, sample(createdAt=None))
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "errors": [
            {"field": "createdAt", "code": "field_missing", "message": "Field createdAt cannot be null."},
        ]
    }
    assert everything() == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"1",
        b'{"a": NaN}',
        b"\xff\xfe",
        b'{"orderNumber": "\\ud800"}',
        b"[" * 2000 + b"]" * 2000,
        json.dumps({"pad": "x" * 256 * 1024}).encode(),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_no_object_is_400(partner, stated, body):
    before = everything()
    answer = partner.put(PATH, body)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert everything() == before


def seeds_body(text, pattern):
    return json.loads(re.search(pattern, text, re.DOTALL).group(1))


def test_the_references_own_sample_lacks_an_order_number_and_otherwise_has_findings(partner, stated, brand):
    """The cURL of "Update an order" (buyer-wallet.md §0.2, §A.19): sent with POST, as printed."""
    body = sample()
    del body["orderNumber"]
    body["total"]["totalTax"]["amount"] = "2.22"
    for part in (*body["deliveryMethods"], *body["fulfillments"]):
        part["lineItemIds"] = ["47ce3714-8a3e-4fda-babe-f5f302d02b6d"]
    answer = partner.call("POST", PATH, body)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("orderNumber", "field_missing")]
    assert partner.call("POST", PATH, body | {"orderNumber": "#1001"}).status_code == 204
    assert [(one["field"], one["code"]) for one in WalletOrder.objects.get().findings] == [
        ("total.totalTax", "total_mismatch"),
        ("total.totalPrice", "total_mismatch"),
        ("deliveryMethods[0].lineItemIds[0]", "unknown_line_item"),
        ("fulfillments[0].lineItemIds[0]", "unknown_line_item"),
    ]


def test_the_references_first_sample_is_no_valid_body(partner, stated):
    """Money with the key `price`, and neither merchantId nor orderNumber (§A.19)."""
    body = {
        "cancelReason": None,
        "cancelledAt": None,
        "createdAt": "2021-01-01T00:00:00.000Z",
        "deliveryMethods": [],
        "fulfillments": [],
        "lineItems": [],
        "merchant": {"name": "Snowdevil", "url": "http://snowdevil.ca/"},
        "paymentStatus": "PENDING",
        "refunds": [],
        "shipmentStatus": "UNSHIPPED",
        "total": sample()["total"] | {"totalPrice": {"price": "0.00", "currencyCode": "USD"}},
        "updatedAt": "2021-01-01T00:00:00.000Z",
    }
    answer = partner.put(PATH, body)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [
        ("merchant.merchantId", "field_missing"),
        ("orderNumber", "field_missing"),
        ("total.totalPrice.amount", "field_missing"),
    ]
