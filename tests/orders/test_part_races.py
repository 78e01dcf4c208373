"""Fulfilments, refunds and returns at once: real threads, real transactions, real PostgreSQL."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection

from orders.fulfillments import add_fulfillment
from orders.models import Fulfillment, Order, Refund, Return
from orders.payments import ProviderRefund, sandbox
from orders.refunds import ask_provider, provider_said, request_refund
from orders.returns import open_return
from orders.tasks import ask_providers
from passes.models import Pass
from passes.services import redeem
from shops.errors import InvalidInput, ShopError
from shops.models import PointsEntry
from shops.services import earn_points, spend_points
from tests.client import Api
from tests.making import codes_of, make_brand, make_coupon, make_paid_order, token_for
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order():
    """Three coffees at 350 points: 450 in points, 6.00 in money."""
    return make_paid_order(make_brand(), quantity=3, points=450)


def sums():
    order = Order.objects.get()
    return order.refunded, order.points_refunded


def test_no_more_is_refunded_than_was_paid(order):
    found = at_once(*[lambda: request_refund(order, by="x", passes=[], amount=Decimal("1.50"), points=100)] * 8)
    refused = [one for one in found if isinstance(one, InvalidInput)]
    assert (len(refused), Refund.objects.count(), sums()) == (4, 4, (Decimal("6.00"), 400))
    assert {*refused[0].errors} == {"amount", "points"}
    assert ask_providers() == 4
    order.member.refresh_from_db()
    assert order.member.points == 400
    call_command("check_points")


def test_a_pass_is_taken_back_by_one_of_many(order):
    first = codes_of(order)[0]
    found = at_once(*[lambda: request_refund(order, by="x", passes=[first])] * 6)
    assert (len([one for one in found if isinstance(one, InvalidInput)]), sums()) == (5, (Decimal("2.00"), 150))


def test_parts_and_all_at_once_make_exactly_the_whole(order):
    codes = codes_of(order)
    at_once(
        *(lambda code=code: request_refund(order, by="x", passes=[code]) for code in codes),
        *[lambda: request_refund(order, by="x", passes="all")] * 3,
    )
    assert sums() == (Decimal("6.00"), 450)
    assert set(Pass.objects.values_list("status", flat=True)) == {"blocked"}
    ask_providers()
    assert sum(PointsEntry.objects.filter(reason="given_back").values_list("points", flat=True)) == 450
    call_command("check_points")


def test_the_provider_is_asked_by_one_of_many_and_points_come_back_once(order, monkeypatch):
    made, asked, real = request_refund(order, by="x", passes="all"), [], sandbox.refund

    def refund(payment, amount, *, key, known):
        asked.append((key, connection.in_atomic_block))
        return real(payment, amount, key=key)

    monkeypatch.setattr(sandbox, "refund", refund)
    at_once(*[lambda: ask_provider(made)] * 6, *[ask_providers] * 2)
    assert asked == [(made.uuid, False)]  # with no transaction open
    assert [entry.points for entry in PointsEntry.objects.filter(reason="given_back")] == [450]


def test_answers_that_disagree_end_it_once(order):
    made = request_refund(order, by="x", passes="all")
    at_once(
        *(
            lambda said=said: provider_said(made, ProviderRefund(id="re", said=said, status=said))
            for said in ["completed", "failed"] * 3
        )
    )
    made.refresh_from_db()
    whole = (Decimal("6.00"), 450)
    assert sums() == (whole if made.status == "completed" else (0, 0))
    assert set(Pass.objects.values_list("status", flat=True)) == {"blocked" if sums() == whole else "active"}
    order.member.refresh_from_db()
    assert order.member.points == (450 if sums() == whole else 0)
    call_command("check_points")


@pytest.mark.parametrize("_again", range(3))
def test_a_pass_is_redeemed_or_refunded(order, _again):
    first = codes_of(order)[0]
    issued = Pass.objects.get(qr_code=first)
    redeemed, refunded = at_once(
        lambda: redeem(issued, by="Till 1"), lambda: request_refund(order, by="x", passes=[first])
    )
    assert isinstance(redeemed, ShopError) != isinstance(refunded, ShopError)
    issued.refresh_from_db()
    assert issued.status == ("blocked" if isinstance(redeemed, ShopError) else "redeemed")
    assert Refund.objects.count() == isinstance(redeemed, ShopError)


def test_refunds_and_purchases_cannot_deadlock(order):
    brand, member, coupon = order.brand, order.member, make_coupon(order.brand, stock=9)
    bought = [make_paid_order(brand, member=member, coupon=coupon) for _ in range(3)]
    earn_points(member, 30, reference="more")
    at_once(
        *(
            lambda one=one: ask_provider(request_refund(one, by="x", passes="all", restocks=True))
            for one in (order, *bought)
        ),
        *[lambda: make_paid_order(brand, member=member, coupon=coupon)] * 3,
        *(lambda n=n: spend_points(member, 10, reference=f"{n}") for n in range(3)),
    )
    coupon.refresh_from_db()
    member.refresh_from_db()
    assert (coupon.stock, member.points) == (6, 450)
    assert {one.refunded == one.total for one in Order.objects.filter(pk__lte=bought[-1].pk)} == {True}
    call_command("check_points")


def test_an_item_is_in_one_fulfilment_and_in_one_return(order):
    first = codes_of(order)[0]
    found = at_once(
        *[lambda: add_fulfillment(order, "shipping", passes=[first])] * 4,
        *[lambda: open_return(order, passes=[first])] * 4,
    )
    assert len([one for one in found if isinstance(one, InvalidInput)]) == 6
    assert (Fulfillment.objects.count(), Return.objects.count(), Order.objects.get().version) == (1, 1, 4)


def test_one_key_twice_at_once_refunds_once(order):
    token = token_for(order.brand)
    path, body = f"/orders/{order.uuid}/refunds", {"passes": codes_of(order)[:1]}
    answers = at_once(*[lambda: Api(order.brand, token).post(path, body, Idempotency_Key="k")] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert (len({answer.content for answer in answers}), Refund.objects.count()) == (1, 1)
