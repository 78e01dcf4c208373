"""An order's points and money are one sum, and whoever breaks it is found."""

from decimal import Decimal

import pytest
from django.db import connection

from orders.arithmetic import disagreeing, equations_of
from orders.refunds import request_refund
from orders.services import cancel
from orders.stated import state_order
from orders.statements import StatedRefund
from tests.making import codes_of, make_coupon, make_member, make_order, make_paid_order
from tests.orders.test_stated_orders import PLACED, statement


def figures(order):
    return {equation.name: (equation.says, equation.must_be) for equation in equations_of(order)}


def test_each_part_of_an_order_with_points_and_money_is_shown(brand):
    order = make_order(brand, coupon=make_coupon(brand, points=350), quantity=2, points=500)
    assert figures(order) == {
        "price": (700, 700),
        "total": (Decimal("2.00"), Decimal("2.00")),
        "payment": (Decimal("2.00"), Decimal("2.00")),
        "spent": (500, 500),
        "given_back": (0, 0),
        "refunded": (0, 0),
        "points_refunded": (0, 0),
        "refunds_booked": (0, 0),
        "earned": (0, 0),
    }
    assert all(equation.holds for equation in equations_of(order))


def test_what_a_canceled_order_gave_back_counts(brand):
    order = cancel(make_order(brand, points=100))
    assert figures(order)["given_back"] == (100, 100)
    assert list(disagreeing(brand)) == []


def test_refunds_count(brand):
    order = make_paid_order(brand, coupon=make_coupon(brand, points=350), quantity=2, points=300)
    refund = request_refund(order, by="Ann", passes=codes_of(order)[:1])
    order.refresh_from_db()
    assert figures(order)["points_refunded"] == (150, 150)
    assert figures(order)["refunded"] == (Decimal("2.00"), refund.amount)
    assert list(disagreeing(brand)) == []


@pytest.mark.parametrize(("currency", "total"), [("EUR", "3.33"), ("JPY", "3"), ("KWD", "3.333")])
def test_the_remainder_is_rounded_as_the_currency_is(make_in, currency, total):
    order = make_in(currency)
    assert figures(order)["total"] == (Decimal(total), Decimal(total))


@pytest.fixture
def make_in(other):
    def make(currency):
        other.currency, other.point_value = currency, 3
        other.save()
        return make_order(other, coupon=make_coupon(other, points=10))

    return make


def test_what_a_partner_states_has_to_agree_in_points_alone(brand):
    brand.earn_rate = Decimal("2.5")
    brand.save()
    refund = StatedRefund("r1", Decimal("1.00"), "EUR", PLACED, "")
    order = state_order(brand, make_member(brand), statement(refunds=(refund,)))
    assert figures(order)["earned"] == (22, 22)
    assert list(disagreeing(brand)) == []


BREAKING = {
    "price": "UPDATE orders_orderitem SET points = points + 1 WHERE order_id = %s",
    "total": "UPDATE orders_order SET total = total + 0.01 WHERE id = %s",
    "spent": "UPDATE orders_order SET points_used = points_used - 1 WHERE id = %s",
    "given_back": "UPDATE orders_order SET status = 'canceled' WHERE id = %s",
    "refunded": "UPDATE orders_order SET refunded = 0.50 WHERE id = %s",
    "earned": "UPDATE orders_order SET points_earned = 3 WHERE id = %s",
    "points_refunded": "UPDATE orders_order SET points_refunded = 7 WHERE id = %s",
}


@pytest.mark.parametrize("part", BREAKING)
def test_whatever_somebody_changes_behind_the_services_is_found(brand, other, part):
    make_paid_order(brand, points=200)
    make_order(other, points=50)
    broken = make_paid_order(brand, points=100)
    with connection.cursor() as cursor:
        cursor.execute(BREAKING[part], [broken.pk])
    found = list(disagreeing(brand))
    assert {equation.order_id for equation in found} == {broken.pk}
    assert part in {equation.name for equation in found}
    assert list(disagreeing(other)) == []


def test_a_payment_of_another_amount_is_found(brand):
    order = make_order(brand)
    order.payment.amount += 1
    order.payment.save()
    [equation] = disagreeing(brand)
    assert (equation.name, equation.says, equation.must_be) == ("payment", order.total + 1, order.total)


def test_no_order_is_left_out_at_the_end_of_a_batch(brand, monkeypatch):
    monkeypatch.setattr("orders.arithmetic.BATCH", 2)
    member, coupon = make_member(brand), make_coupon(brand)
    orders = [make_order(brand, member=member, coupon=coupon) for _ in range(5)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET total = total + 1")
    assert [equation.number for equation in disagreeing(brand) if equation.name == "total"] == [
        order.number for order in orders
    ]
