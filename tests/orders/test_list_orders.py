"""GET /shops/:brand_id/orders."""

import json
from pathlib import Path

import pytest

from orders.models import Order
from orders.serializers import OrderSerializer
from orders.services import set_processing_status, set_status
from tests.making import make_coupon, make_member, make_order
from walletapp.pagination import envelope, read_page

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "pagination_vectors.json").read_text())
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


def make_orders(brand, count):
    member, coupon = make_member(brand), make_coupon(brand)
    return [make_order(brand, member=member, coupon=coupon) for _ in range(count)]


def numbers(answer):
    return [order["number"] for order in answer.json()["data"]]


def printed(order):
    """What the reference says of an order."""
    return json.loads(json.dumps(OrderSerializer(order).data, default=str))


def test_an_order_has_the_keys_of_the_seed_in_their_order(api, brand):
    order = make_order(brand, member=make_member(brand, email="john@example.com", name="John"), quantity=2)

    answer = api.get("/orders")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    body = json.loads(answer.content)
    assert list(body) == PAGE_KEYS
    [found] = body["data"]
    assert list(found) == ORDER_KEYS
    assert [list(one) for one in found["passes"]] == [["qr_code", "expiration_date", "status", "coupon"]] * 2
    assert list(found["passes"][0]["coupon"]) == ["external_reference", "title", "identifier"]
    assert found["member"] == {"email": "john@example.com", "name": "John", "identifier": str(order.member.uuid)}
    assert list(found["brand"]) == ["name", "identifier"]


def test_the_values_have_the_types_of_the_original(api, brand):
    order = make_order(brand, quantity=2, coupon=make_coupon(brand, points=625, external_reference="A-1"))
    [found] = api.get("/orders").json()["data"]

    assert found["total"] == "12.50"
    assert found["number"] == "1"
    assert found["currency"] == "EUR"
    assert (found["points_used"], found["total_order_points_price"]) == (0, 1250)
    assert found["mail_delivered_in_inbox"] == 0
    assert not isinstance(found["mail_delivered_in_inbox"], bool)
    assert found["created_at"] == order.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert found["processed_at"] is None
    assert found["member_partner_id"] is None
    assert found["payment_status"] == "open"
    assert found["payment_id"].startswith("tr_")
    coupon = {
        "external_reference": "A-1",
        "title": "Cappuccino",
        "identifier": found["passes"][0]["coupon"]["identifier"],
    }
    assert found["passes"][0] == {"qr_code": "", "expiration_date": None, "status": "active", "coupon": coupon}


def test_the_statement_says_what_the_serializer_says(api, brand, other):
    make_order(other)
    rich = make_member(brand, points=5000, name="")
    for at in range(12):
        order = make_order(
            brand,
            member=rich if at % 2 else None,
            coupon=make_coupon(
                brand, title=f'Täart "{at}" /<&', external_reference="" if at % 3 else f"R{at}", valid_days=9
            ),
            quantity=1 + at % 3,
            points="max" if at % 2 else 0,
            member_partner_id="p-7" if at % 4 else "",
        )
        if order.status == "open":
            set_status(order, ["paid", "failed", "canceled", "expired"][at // 2 % 4])
        if at % 5 == 0:
            set_processing_status(set_processing_status(order, "being_processed"), "processed")
    wanted = [printed(order) for order in brand.orders.order_by("-number")]

    pages = [api.get(f"/orders?page={page}").json()["data"] for page in (1, 2)]

    assert pages[0] + pages[1] == wanted
    assert api.get(f"/orders/{wanted[3]['uuid']}").json() == {"success": True, "data": wanted[3]}


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: f"{v['total']}-{v['page']}")
def test_pages_are_laravels_to_the_letter(vector):
    wanted = dict(vector["expect"])
    count = wanted.pop("data_count")
    found = envelope(
        [], count=count, total=vector["total"], page=vector["page"], path=VECTORS["path"], per_page=vector["per_page"]
    )
    del found["data"]
    assert found == wanted
    assert list(found) == list(wanted)


@pytest.mark.parametrize(
    ("value", "page"),
    [
        ("5", 5),
        (" 5 ", 5),
        ("5\n", 5),
        ("+5", 5),
        (5, 5),
        (5.0, 5),
        (True, 1),
        (None, 1),
        ("", 1),
        ("0", 1),
        ("-1", 1),
        ("-0", 1),
        ("abc", 1),
        ("05", 1),
        ("1.0", 1),
        (2.5, 1),
        ("1e1", 1),
        ("5abc", 1),
        ("0x5", 1),
        ("1_0", 1),
        ("٥", 1),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 1),
        ("9" * 5000, 1),
        (10**400, 1),
        (float("inf"), 1),
        (1e300, 1),
        (["3"], 1),
        ({"a": 1}, 1),
        (False, 1),
    ],
)
def test_the_page_is_read_as_php_reads_it(value, page):
    assert read_page(value) == page


def test_pages_hold_ten_newest_first(api, brand):
    make_orders(brand, 21)

    assert numbers(api.get("/orders")) == [str(n) for n in range(21, 11, -1)]
    assert numbers(api.get("/orders?page=2")) == [str(n) for n in range(11, 1, -1)]
    last = api.get("/orders?page=3")
    assert numbers(last) == ["1"]
    base = f"http://testserver/shops/{brand.uuid}/orders"
    body = last.json()
    assert (body["from"], body["to"], body["total"], body["last_page"]) == (21, 21, 21, 3)
    assert (body["prev_page_url"], body["next_page_url"], body["path"]) == (f"{base}?page=2", None, base)


@pytest.mark.parametrize("page", [4, 2**62, 2**63 - 1])
def test_a_page_beyond_the_end_is_empty(api, brand, page):
    make_orders(brand, 3)
    body = api.get(f"/orders?page={page}").json()
    assert (body["current_page"], body["data"], body["from"], body["to"]) == (page, [], None, None)
    assert body["prev_page_url"].endswith(f"?page={page - 1}")
    assert body["next_page_url"] is None


def test_no_orders_are_one_empty_page(api, other):
    make_order(other)
    body = api.get("/orders").json()
    assert (body["total"], body["last_page"], body["data"], body["from"]) == (0, 1, [], None)


def test_filters_narrow_the_list_and_its_total(api, brand):
    orders = make_orders(brand, 12)
    for order in orders[:11]:
        set_status(order, "paid")
    set_processing_status(orders[0], "being_processed")

    assert api.get("/orders?status=open").json()["total"] == 1
    paid = api.get("/orders?status=paid&page=2").json()
    assert (paid["total"], [o["number"] for o in paid["data"]]) == (11, ["1"])
    both = api.get("/orders?status=paid&processing_status=being_processed").json()
    assert (both["total"], [o["number"] for o in both["data"]]) == (1, ["1"])
    assert api.get("/orders?processing_status=archived").json()["total"] == 0


@pytest.mark.parametrize("count", [0, 9, 10, 11, 21])
def test_filtered_pages_are_cut_alike_from_either_end(api, brand, count):
    orders = make_orders(brand, count + 2)
    for order in orders[1:-1]:
        set_status(order, "paid")
    wanted = [str(order.number) for order in reversed(orders[1:-1])]
    for page in range(1, count // 10 + 3):
        body = api.get(f"/orders?status=paid&page={page}").json()
        assert [order["number"] for order in body["data"]] == wanted[(page - 1) * 10 : page * 10]
        assert body["total"] == count
    assert api.get(f"/orders?status=paid&page={2**62}").json()["data"] == []


def test_filters_of_the_query_stay_in_the_links(api, brand):
    for order in make_orders(brand, 11):
        set_status(order, "paid")
    body = api.get("/orders?status=%20paid&email=&x=a%20b%26c&page=1").json()
    base = f"http://testserver/shops/{brand.uuid}/orders"
    assert body["next_page_url"] == f"{base}?status=paid&x=a%20b%26c&page=2"
    assert body["path"] == base
    followed = api.get(body["next_page_url"].removeprefix("http://testserver")).json()
    assert [order["number"] for order in followed["data"]] == ["1"]


def test_a_json_body_wins_over_the_query_key_by_key(api, brand):
    orders = make_orders(brand, 3)
    set_status(orders[0], "paid")

    assert numbers(api.get("/orders?status=paid", {"status": "open"})) == ["3", "2"]
    assert numbers(api.get("/orders?status=paid", {"page": "1"})) == ["1"]
    assert numbers(api.get("/orders?status=paid", {"status": ""})) == ["3", "2", "1"]
    assert api.get("/orders?page=7", {"page": 1}).json()["current_page"] == 1
    body = api.get("/orders", {"status": "paid"}).json()
    assert body["first_page_url"].endswith("/orders?page=1")


def test_an_empty_filter_is_no_filter_and_a_broken_body_is_none(api, brand):
    make_orders(brand, 2)
    assert api.get("/orders?status=&processing_status=%20").json()["total"] == 2
    for body in (b"{", b"[1]", b'"paid"', b"null", b"\xff", b"[" * 100_000):
        assert api.get("/orders", body).json()["total"] == 2
    assert api.get("/orders", b"status=paid", content_type="application/x-www-form-urlencoded").json()["total"] == 2


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("status=shipped", "status", "The selected status is invalid."),
        ("status[]=paid", "status", "The selected status is invalid."),
        ("processing_status=done", "processing_status", "The selected processing status is invalid."),
        ("email=nonsense", "email", "The email field must be a valid email address."),
        ("member_id=7", "member_id", "The member id field must be a valid UUID."),
        ("modified_since=yesterday", "modified_since", "The modified since field must be a valid date."),
    ],
)
def test_an_unknown_value_is_422_with_field_and_reason(api, query, field, message):
    answer = api.get(f"/orders?{query}")
    assert answer.status_code == 422
    assert answer.json() == {"message": message, "errors": {field: [message]}}


@pytest.mark.parametrize("value", [7, True, ["paid"], {"a": 1}, 1e400])
def test_a_filter_of_the_wrong_type_is_422(api, value):
    assert api.get("/orders", {"status": value}).status_code == 422


def test_a_nul_character_is_422(api):
    assert api.get("/orders?email=a%00@example.com").status_code == 422


def test_two_faults_are_counted(api):
    answer = api.get("/orders?status=x&processing_status=y")
    assert answer.json()["message"] == "The selected status is invalid. (and 1 more error)"


def test_modified_since_reads_what_changed(api, brand):
    first, _second = make_orders(brand, 2)
    Order.objects.update(updated_at="2024-01-01T00:00:00Z")
    set_status(first, "paid")
    answer = api.get("/orders?modified_since=2024-06-01T00:00:00Z")
    assert numbers(answer) == ["1"]
    assert answer.json()["total"] == 1
    read_at = answer.headers["X-Read-At"]
    assert read_at < answer.json()["data"][0]["updated_at"]
    assert numbers(api.get(f"/orders?modified_since={read_at}")) == ["1"]  # as it is: no + that a query would eat


def test_the_list_narrows_by_member(api, brand):
    mine = make_order(brand, member=make_member(brand, email="Mine@Example.com"))
    make_order(brand)
    for query in ("email=mine@example.COM", f"member_id={mine.member.uuid}"):
        answer = api.get(f"/orders?{query}")
        assert (numbers(answer), answer.json()["total"]) == (["1"], 1)


@pytest.mark.parametrize("count", [1, 13])
@pytest.mark.parametrize(
    ("query", "cost"), [("", 1), ("?page=2", 1), ("?page=99", 1), ("?status=open", 2), ("?email=a@example.com", 2)]
)
def test_a_list_costs_the_same_statements_however_long_it_is(api, brand, count, query, cost, statements):
    make_orders(brand, count)
    api.get("/orders")
    statements.clear()
    assert api.get(f"/orders{query}").status_code == 200
    assert len(statements) == cost


def test_what_is_read_along_with_the_token_is_shown_to_nobody_else(api, api_with, brand, other):
    make_orders(brand, 1)
    for answer in (api.get(f"/shops/{other.uuid}/orders"), api_with("shops.get").get("/orders")):
        assert answer.status_code in {403, 404}
        assert list(answer.json()) == ["message"]


def test_another_brands_orders_are_never_listed(api, brand, other):
    make_orders(other, 3)
    make_orders(brand, 1)
    body = api.get("/orders").json()
    assert (body["total"], [o["brand"]["name"] for o in body["data"]]) == (1, ["Café Noord"])
