"""Placing orders: points, money, stock, passes."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from orders.models import Order, OrderCount
from passes.models import Pass
from shops.models import Member
from tests.making import make_brand, make_coupon, make_endpoint, make_member, make_order
from webhooks.models import Event


def asked(coupon, **more):
    return {
        "member": {"email": "john@example.com", "name": "John"},
        "items": [{"coupon": str(coupon.uuid), "quantity": 2}],
    } | more


def test_a_partner_places_an_order(api, brand):
    coupon = make_coupon(brand, points=350, stock=5)

    answer = api.post("/orders", asked(coupon, member_partner_id="crm-7"))

    assert answer.status_code == 201
    body = answer.json()
    assert list(body) == ["success", "data", "payment_url"]
    found = body["data"]
    assert (found["number"], found["total"], found["points_used"], found["total_order_points_price"]) == (
        "1",
        "7.00",
        0,
        700,
    )
    assert (found["payment_status"], found["member_partner_id"]) == ("open", "crm-7")
    assert [one["qr_code"] for one in found["passes"]] == ["", ""]
    order = brand.orders.get()
    assert body["payment_url"] == f"http://127.0.0.1:8000/pay/sandbox/{order.payment.uuid}"
    assert api.get(f"/orders/{order.uuid}").json()["data"] == found
    coupon.refresh_from_db()
    assert coupon.stock == 3


def test_points_pay_all_and_the_order_is_paid(api, brand):
    make_endpoint(brand)
    member = make_member(brand, points=1000, email="john@example.com")
    answer = api.post("/orders", asked(make_coupon(brand, points=350), points="max"))

    body = answer.json()
    assert body["payment_url"] is None
    found = body["data"]
    assert (found["total"], found["points_used"], found["payment_id"], found["payment_status"]) == (
        "0.00",
        700,
        None,
        None,
    )
    assert [len(one["qr_code"]) for one in found["passes"]] == [20, 20]
    assert len({one["qr_code"] for one in found["passes"]}) == 2
    member.refresh_from_db()
    assert member.points == 300
    assert list(member.points_entries.order_by("id").values_list("points", "balance", "reason")) == [
        (1000, 1000, "earned"),
        (-700, 300, "spent"),
    ]
    assert list(Event.objects.order_by("version").values_list("order_status", "version")) == [("open", 1), ("paid", 2)]


def test_the_rest_is_due_in_money(api, brand):
    make_member(brand, points=123, email="john@example.com")
    found = api.post("/orders", asked(make_coupon(brand, points=350), points="max")).json()["data"]
    assert (found["points_used"], found["total"]) == (123, "5.77")


@pytest.mark.parametrize(
    ("currency", "point_value", "points", "total"),
    [
        ("EUR", 100, 1250, "12.50"),
        ("EUR", 3, 100, "33.33"),
        ("EUR", 8, 1, "0.13"),
        ("JPY", 1, 1250, "1250"),
        ("JPY", 2, 3, "2"),
        ("KWD", 1000, 1234, "1.234"),
    ],
)
def test_money_has_its_currencys_minor_units(db, currency, point_value, points, total):
    brand = make_brand(currency=currency, point_value=point_value)
    order = make_order(brand, coupon=make_coupon(brand, points=points))
    order.refresh_from_db()
    assert (str(order.total), order.currency) == (total, currency)
    assert order.payment.amount == Decimal(total)


def test_a_rest_below_the_smallest_coin_is_nothing(db):
    brand = make_brand(point_value=1000)
    order = make_order(brand, coupon=make_coupon(brand, points=4))
    assert (order.status, str(order.total)) == ("paid", "0.00")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"points": 701}, "points", "701 points were asked for, but the order costs 700."),
        ({"points": 600}, "points", "600 points were asked for, but the member has 500."),
        ({"points": -1}, "points", "Ensure this value is greater than or equal to 0."),
        ({"points": "many"}, "points", "A valid integer is required."),
        ({"points": None}, "points", "The points field is required."),
        ({"items": []}, "items", "The items field is required."),
        ({"items": "x"}, "items", 'Expected a list of items but got type "str".'),
        ({"items": [{"quantity": 1}]}, "items.0.coupon", "The items.0.coupon field is required."),
        ({"items": [{"coupon": "x"}]}, "items.0.coupon", "The items.0.coupon field must be a valid UUID."),
        ({"member": {}}, "member.email", "The member.email field is required."),
        ({"member": {"email": "x"}}, "member.email", "The member.email field must be a valid email address."),
        ({"member": 7}, "member", "Invalid data. Expected a dictionary, but got int."),
        ({"member_partner_id": "x" * 101}, "member_partner_id", "Ensure this field has no more than 100 characters."),
        ({"member_partner_id": "a\0"}, "member_partner_id", "Null characters are not allowed."),
    ],
)
def test_bad_input_is_422_and_changes_nothing(api, brand, change, field, message):
    make_member(brand, points=500, email="john@example.com")
    coupon = make_coupon(brand, points=350, stock=5)

    answer = api.post("/orders", asked(coupon) | change)

    assert answer.status_code == 422
    assert answer.json()["errors"][field] == [message]
    assert answer.json()["message"].startswith(message)
    coupon.refresh_from_db()
    brand.refresh_from_db()
    assert (coupon.stock, brand.order_count, Order.objects.count(), Pass.objects.count(), Event.objects.count()) == (
        5,
        0,
        0,
        0,
        0,
    )
    assert Member.objects.get().points == 500


@pytest.mark.parametrize(
    "columns",
    [{"is_active": False}, {"valid_until": "2024-01-01T00:00:00Z"}, {"stock": 1}],
    ids=lambda c: next(iter(c)),
)
def test_a_coupon_that_cannot_be_sold_is_422(api, brand, columns):
    coupon = make_coupon(brand, **columns)
    answer = api.post("/orders", asked(coupon))
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["items"]
    assert not Order.objects.exists()
    assert not Member.objects.exists()


def test_another_brands_coupon_or_member_cannot_be_used(api, other):
    theirs, member = make_coupon(other), make_member(other, points=900)
    by_coupon = api.post("/orders", asked(theirs))
    assert by_coupon.json()["errors"] == {"items.0.coupon": ["The selected items.0.coupon is invalid."]}
    by_member = api.post("/orders", asked(theirs, member={"identifier": str(member.uuid)}))
    assert by_member.status_code == 422
    assert not Order.objects.exists()
    member.refresh_from_db()
    assert member.points == 900


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"7", b'"x"', b'{"a": "\\ud800"}', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(api, body):
    answer = api.post("/orders", body)
    assert answer.status_code in {400, 422}
    assert answer.json()["message"]
    assert not Order.objects.exists()


def test_a_member_is_found_by_address_in_any_case(api, brand):
    member = make_member(brand, email="John@Example.com")
    api.post("/orders", asked(make_coupon(brand)))
    assert brand.orders.get().member == member


def test_numbers_run_per_brand_without_gaps(api, brand, other):
    coupon = make_coupon(brand, stock=5)
    for wanted in (201, 201, 422, 422):
        assert api.post("/orders", asked(coupon)).status_code == wanted
    coupon.stock = 2
    coupon.save()
    assert api.post("/orders", asked(coupon)).json()["data"]["number"] == "3"
    assert make_order(other).number == 1


def test_the_database_keeps_numbers_and_orders(brand):
    order = make_order(brand)
    with pytest.raises(IntegrityError, match="keeps its number"), transaction.atomic():
        Order.objects.update(number=7)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Order.objects.filter(pk=order.pk)._raw_delete("default")
    assert Order.objects.get().number == 1


def test_counts_follow_every_change(brand, other):
    make_order(other)
    for _ in range(3):
        make_order(brand)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET status = 'paid', processing_status = 'processed' WHERE number < 3")
    counts = OrderCount.objects.filter(brand=brand, count__gt=0)
    assert set(counts.values_list("status", "processing_status", "count")) == {
        ("open", "open", 1),
        ("paid", "processed", 2),
    }


def test_placing_costs_the_same_statements_however_many_passes(brand, statements):
    counted = []
    for quantity in (1, 50):
        member, coupon = make_member(brand), make_coupon(brand)
        statements.clear()
        make_order(brand, member=member, coupon=coupon, quantity=quantity)
        counted.append(len(statements))
    assert counted[0] == counted[1]
