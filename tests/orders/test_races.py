"""Two at once: real threads, real transactions, real PostgreSQL."""

import pytest
from django.core.management import call_command

from orders.models import Order, OrderCount
from orders.services import place_order, set_processing_status, set_status
from orders.tasks import expire_unpaid
from passes.services import OutOfStock
from shops.errors import NotEnoughPoints
from shops.models import IdempotencyKey
from tests.client import Api
from tests.making import make_brand, make_coupon, make_member, make_order, token_for
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_last_coupon_is_sold_once():
    brand = make_brand()
    coupon = make_coupon(brand, stock=1)
    buyers = [make_member(brand) for _ in range(6)]
    found = at_once(*(lambda buyer=buyer: place_order(buyer, [(coupon, 1)]) for buyer in buyers))
    assert len([one for one in found if isinstance(one, OutOfStock)]) == 5
    assert [order.number for order in Order.objects.all()] == [1]
    coupon.refresh_from_db()
    assert coupon.stock == 0


def test_the_last_points_are_spent_once():
    brand = make_brand()
    member, coupon = make_member(brand, points=350), make_coupon(brand, points=350)
    found = at_once(*[lambda: place_order(member, [(coupon, 1)], points=350)] * 6)
    assert len([one for one in found if isinstance(one, NotEnoughPoints)]) == 5
    member.refresh_from_db()
    assert (member.points, Order.objects.count()) == (0, 1)
    call_command("check_points")


def test_numbers_stay_without_gaps_under_many_writers():
    brand = make_brand()
    coupons = [make_coupon(brand, stock=9) for _ in range(3)]
    buyers = [make_member(brand) for _ in range(24)]
    baskets = [[(coupon, 1) for coupon in (coupons if at % 2 else reversed(coupons))] for at in range(24)]
    at_once(
        *(
            lambda buyer=buyer, basket=basket: place_order(buyer, basket)
            for buyer, basket in zip(buyers, baskets, strict=True)
        )
    )
    brand.refresh_from_db()
    assert sorted(Order.objects.values_list("number", flat=True)) == list(range(1, 10))
    assert brand.order_count == 9
    assert OrderCount.objects.get(brand=brand, count__gt=0).count == 9


def test_an_order_ends_once():
    brand = make_brand()
    member, coupon = make_member(brand, points=100), make_coupon(brand, points=300, stock=3)
    order = make_order(brand, member=member, coupon=coupon, points="max")
    found = at_once(*(lambda to=to: set_status(order, to) for to in ["paid", "canceled", "failed", "expired"] * 2))
    order.refresh_from_db()
    assert {one.status for one in found if isinstance(one, Order)} == {order.status}
    assert brand.events.count() == 2
    member.refresh_from_db()
    coupon.refresh_from_db()
    assert (member.points, coupon.stock) == ((0, 2) if order.status == "paid" else (100, 3))
    call_command("check_points")


def test_two_clocks_expire_once():
    brand = make_brand()
    member = make_member(brand, points=100)
    make_order(brand, member=member, coupon=make_coupon(brand, points=300), points="max")
    Order.objects.update(expires_at="2024-01-01T00:00:00Z")
    assert max(at_once(*[expire_unpaid] * 4)) == 1
    member.refresh_from_db()
    assert (member.points, brand.events.count()) == (100, 2)


def test_swapping_states_cannot_deadlock():
    brand = make_brand()
    orders = [make_order(brand) for _ in range(8)]
    for order in orders[4:]:
        set_processing_status(order, "being_processed")
    for _ in range(5):
        at_once(
            *(lambda o=o: set_processing_status(o, "being_processed") for o in orders[:4]),
            *(lambda o=o: set_processing_status(o, "open") for o in orders[4:]),
        )
        orders.reverse()
    assert sum(OrderCount.objects.filter(brand=brand).values_list("count", flat=True)) == 8


def test_one_key_twice_at_once_makes_one_order():
    brand = make_brand()
    token = token_for(brand)
    body = {"member": {"email": "new@example.com"}, "items": [{"coupon": str(make_coupon(brand).uuid)}]}
    answers = at_once(*[lambda: Api(brand, token).post("/orders", body, Idempotency_Key="k")] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert (Order.objects.count(), IdempotencyKey.objects.count(), brand.members.count()) == (1, 1, 1)


def test_a_new_member_is_made_once():
    brand = make_brand()
    token = token_for(brand)
    body = {"member": {"email": "new@example.com"}, "items": [{"coupon": str(make_coupon(brand).uuid)}]}
    answers = at_once(*[lambda: Api(brand, token).post("/orders", body)] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert (Order.objects.count(), brand.members.count()) == (6, 1)
