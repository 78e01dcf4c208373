"""by-email, by-member-id, and one order."""

import uuid

import pytest

from orders.services import set_status
from tests.making import make_coupon, make_member, make_order


@pytest.fixture
def many(brand, other):
    """Twelve orders of one member, and one of the same address in another brand."""
    member, coupon = make_member(brand, email="John@Example.com"), make_coupon(brand)
    orders = [make_order(brand, member=member, coupon=coupon) for _ in range(12)]
    make_order(brand)
    make_order(other, member=make_member(other, email="john@example.com"))
    return orders


def test_by_email_is_exact_and_case_insensitive(api, many):
    answer = api.call("get", "/orders/by-email", {"email": "jOHN@example.com"})
    assert answer.status_code == 200
    assert list(answer.json()) == ["success", "data"]
    assert answer.json()["success"] is True
    assert [order["number"] for order in answer.json()["data"]] == [str(n) for n in range(12, 2, -1)]
    assert api.get("/orders/by-email?email=john").status_code == 422
    assert api.get("/orders/by-email?email=ohn@example.com").json()["data"] == []


def test_by_email_comes_in_pages_and_with_filters(api, many):
    set_status(many[4], "paid")
    second = api.get("/orders/by-email", {"email": "john@example.com", "page": "2"}).json()["data"]
    assert [order["number"] for order in second] == ["2", "1"]
    paid = api.get("/orders/by-email?email=john@example.com&status=paid").json()["data"]
    assert [order["number"] for order in paid] == ["5"]
    assert api.get("/orders/by-email?email=john@example.com&page=99999999999").json()["data"] == []


def test_by_member_id(api, many):
    member = many[0].member
    found = api.get("/orders/by-member-id", {"member_id": str(member.uuid)}).json()
    assert [order["number"] for order in found["data"]] == [str(n) for n in range(12, 2, -1)]
    assert api.get(f"/orders/by-member-id?member_id={uuid.uuid4()}").json() == {"success": True, "data": []}


@pytest.mark.parametrize(
    ("path", "field", "message"),
    [
        ("/orders/by-email", "email", "The email field is required."),
        ("/orders/by-email?email=%20", "email", "The email field is required."),
        ("/orders/by-email?email=x", "email", "The email field must be a valid email address."),
        ("/orders/by-member-id", "member_id", "The member id field is required."),
        ("/orders/by-member-id?member_id=12", "member_id", "The member id field must be a valid UUID."),
        ("/orders/by-email?email=a@b.nl&status=x", "status", "The selected status is invalid."),
    ],
)
def test_what_is_missing_or_wrong_is_422(api, path, field, message):
    answer = api.get(path)
    assert answer.status_code == 422
    assert answer.json() == {"message": message, "errors": {field: [message]}}


def test_another_brands_member_is_not_found(api, other):
    order = make_order(other, member=make_member(other, email="theirs@example.com"))
    assert api.get("/orders/by-email?email=theirs@example.com").json()["data"] == []
    assert api.get(f"/orders/by-member-id?member_id={order.member.uuid}").json()["data"] == []


@pytest.mark.parametrize("count", [1, 12])
def test_finding_costs_two_statements(api, brand, count, statements):
    member, coupon = make_member(brand, email="a@example.com"), make_coupon(brand)
    order = [make_order(brand, member=member, coupon=coupon) for _ in range(count)][-1]
    api.get("/orders")
    for path in (
        "/orders/by-email?email=a@example.com",
        f"/orders/by-member-id?member_id={member.uuid}",
        f"/orders/{order.uuid}",
    ):
        statements.clear()
        assert api.get(path).status_code == 200
        assert len(statements) == 2


def test_one_order_by_uuid_or_number(api, brand):
    order = make_order(brand)
    for order_id in (order.uuid, str(order.uuid).upper(), order.number):
        answer = api.get(f"/orders/{order_id}")
        assert answer.status_code == 200
        assert list(answer.json()) == ["success", "data"]
        assert answer.json()["data"]["uuid"] == str(order.uuid)


@pytest.mark.parametrize(
    "order_id",
    ["x", "0", "99", "9" * 18, "9" * 40, "9c5b94b1-35ad-49bb-b118-8e8fc24abf80", "%00", "by-mail", "-1", "٣"],
)
def test_an_unknown_order_is_404(api, brand, other, order_id):
    make_order(other)
    answer = api.get(f"/orders/{order_id}")
    assert answer.status_code == 404
    assert answer.json() == {"message": "Not found."}
