"""Points for a partner's orders: earned once, and taken back as money goes back."""

import json

from django.core.management import call_command

from orders.models import Order, Refund
from shops.models import Member, PointsEntry
from shops.services import spend_points
from tests.buyers.ordering import (
    of_total,
    refund,
)
from tests.buyers.updating.putting import put
from tests.making import make_member

LATER = "2021-08-11T13:51:05Z"


def ledger():
    return list(PointsEntry.objects.order_by("pk").values_list("reason", "points"))


def test_points_are_earned_once_it_is_paid(partner, buyer, brand, wallet_order):
    put(partner, of_total("12.39", paymentStatus="PENDING"))
    assert ledger() == []
    order = put(partner, of_total("12.39"))
    put(partner, of_total("12.39", updatedAt=LATER))
    put(partner, of_total("12.39", shipmentStatus="SHIPPED"))
    assert ledger() == [("earned", 123)]  # 123.9, rounded down
    assert PointsEntry.objects.get().reference == f"order {order.uuid} accrual"
    order.refresh_from_db()
    assert (order.points_earned, order.member.points) == (123, 123)


def test_refunds_take_back_exactly_what_was_earned(partner, brand, wallet_order):
    make_member(brand, email=wallet_order.buyer.email, points=1000)
    steps = [("a", "3.33"), ("b", "3.33"), ("c", "3.34")]
    put(partner, of_total("10.00"))
    brand.earn_rate = 99
    brand.save()  # the rate is the one of the day the order was placed
    for number in range(1, 4):
        put(
            partner,
            of_total("10.00", paymentStatus="PARTIALLY_REFUNDED", refunds=[refund(*one) for one in steps[:number]]),
        )
    assert ledger() == [
        ("earned", 1000),
        ("earned", 100),
        ("taken_back", -34),
        ("taken_back", -33),
        ("taken_back", -33),
    ]
    references = [f"refund {one.uuid}" for one in Refund.objects.order_by("pk")]
    assert (
        list(PointsEntry.objects.filter(reason="taken_back").order_by("pk").values_list("reference", flat=True))
        == references
    )
    put(partner, of_total("10.00", paymentStatus="REFUNDED", refunds=[refund(*one) for one in steps]))
    assert len(ledger()) == 5
    call_command("check_points")


def test_an_order_that_is_canceled_takes_back_the_rest(partner, brand, wallet_order):
    put(partner, of_total("10.00", refunds=[refund("a", "2.00")], paymentStatus="PARTIALLY_REFUNDED"))
    assert ledger() == [("earned", 100), ("taken_back", -20)]
    put(partner, of_total("10.00", refunds=[refund("a", "2.00")], paymentStatus="VOIDED"))
    assert ledger()[2:] == [("taken_back", -80)]
    put(partner, of_total("10.00", refunds=[refund("a", "2.00")], paymentStatus="PAID"))
    assert ledger()[3:] == [("earned", 80)]
    put(partner, of_total("10.00", paymentStatus="PAID"))  # the refund was a mistake
    assert ledger()[4:] == [("earned", 20)]
    put(partner, of_total("20.00", paymentStatus="PAID"))
    assert ledger()[5:] == [("earned", 100)]
    assert Member.objects.get().points == Order.objects.get().points_earned == 200
    call_command("check_points")


def test_points_that_are_spent_cannot_be_taken_back(partner, brand, wallet_order):
    order = put(partner, of_total("10.00"))
    spend_points(order.member, 70, reference="elsewhere")
    put(partner, of_total("10.00", paymentStatus="VOIDED"))
    assert ledger() == [("earned", 100), ("spent", -70), ("taken_back", -30)]
    put(partner, of_total("10.00", paymentStatus="VOIDED", updatedAt=LATER))
    assert len(ledger()) == 3
    assert Member.objects.get().points == 0


def test_the_rate_is_for_the_brands_own_currency(partner, brand, wallet_order):
    body = json.loads(json.dumps(of_total("1000.00")).replace("USD", "JPY"))
    order = put(partner, body)
    assert (order.currency, str(order.total), ledger()) == ("JPY", "1000", [])


def test_without_a_rate_nothing_is_earned(partner, buyer, wallet_order, brand):
    brand.earn_rate = 0
    brand.save()
    put(partner, of_total("10.00"))
    assert ledger() == []
