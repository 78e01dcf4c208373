"""Refunds at Mollie: once per key however long ago, whole and in parts; money that came too late goes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.models import Order, Refund
from orders.paying import ANY, look
from orders.payments import KeyRefused, ProviderSilent
from orders.payments.keys import forget_key, keep_key
from orders.refunds import ask_provider, give_back_late_payment, late_money, request_refund
from orders.services import cancel
from orders.tasks import ask_providers, look_at_payments
from passes.models import Pass
from tests.making import codes_of, make_member, make_order
from tests.orders.mollie import OTHER_KEY, TEST_KEY


@pytest.fixture
def order(mollie, shop):
    """Three coffees at 350 points: 450 in points, the other 6.00 euros paid by way of Mollie."""
    member = make_member(shop, points=450)
    order = make_order(shop, member=member, quantity=3, points=450)
    mollie.say(look(order.payment), "paid")
    look(order.payment, ANY)
    order.refresh_from_db()
    assert order.status == "paid"
    mollie.calls.clear()
    return order


def later():
    Refund.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def at_mollie(mollie, order):
    return mollie.refunds.get(order.payment.provider_id, [])


def states(order):
    passes = Pass.objects.filter(item__order=order).order_by("item__pk")
    return list(passes.values_list("status", flat=True))


def balance(order):
    order.member.refresh_from_db()
    return order.member.points


def test_a_whole_refund_gives_back_money_then_points_and_voids_the_passes(mollie, order):
    refund = request_refund(order, by="Ann", passes="all")
    assert (states(order), balance(order), mollie.calls) == (["blocked"] * 3, 0, [])
    assert ask_providers() == 0  # taken on, and not at the bank yet
    [made] = at_mollie(mollie, order)
    assert made["amount"] == {"currency": "EUR", "value": "6.00"}
    assert made["metadata"] == {"refund": str(refund.uuid)}
    assert [call["key"] for call in mollie.calls] == ["", str(refund.uuid)]
    refund.refresh_from_db()
    assert (refund.status, refund.provider_status, refund.provider_refund_id) == ("requested", "pending", made["id"])
    assert balance(order) == 0

    made["status"] = "refunded"
    later()
    assert ask_providers() == 1
    refund.refresh_from_db()
    assert (refund.status, refund.provider_status, balance(order)) == ("completed", "refunded", 450)
    assert states(order) == ["blocked"] * 3
    assert len(at_mollie(mollie, order)) == 1


def test_parts_are_refunded_one_by_one_and_never_more_than_was_paid(mollie, order):
    for code in codes_of(order):
        request_refund(order, by="Ann", passes=[code])
        ask_providers()
    assert [one["amount"]["value"] for one in at_mollie(mollie, order)] == ["2.00", "2.00", "2.00"]
    for one in at_mollie(mollie, order):
        one["status"] = "refunded"
    later()
    assert ask_providers() == 3
    assert (balance(order), Order.objects.get().refunded) == (450, Decimal("6.00"))


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("queued", "requested"),
        ("pending", "requested"),
        ("processing", "requested"),
        ("refunded", "completed"),
        ("failed", "failed"),
        ("canceled", "failed"),
    ],
)
def test_every_status_of_mollies(mollie, order, said, ours):
    refund = request_refund(order, by="Ann", passes="all")
    ask_providers()
    at_mollie(mollie, order)[0]["status"] = said
    later()
    ask_providers()
    refund.refresh_from_db()
    assert (refund.status, refund.provider_status) == (ours, said)
    assert states(order) == ["active" if ours == "failed" else "blocked"] * 3
    assert balance(order) == (450 if ours == "completed" else 0)
    assert Order.objects.get().refunded == (0 if ours == "failed" else 6)


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize("fault", ["lost", "cut", "dribble"])
def test_a_refund_whose_answer_was_lost_is_not_made_twice(mollie, order, fault, forgotten):
    refund = request_refund(order, by="Ann", passes=codes_of(order)[:1])
    mollie.faults = [None, fault]
    with pytest.raises(ProviderSilent):
        ask_provider(refund)
    assert Refund.objects.get().last_error != ""
    if forgotten:  # an hour later Mollie does not know the Idempotency-Key any more
        mollie.remembered.clear()
    later()
    ask_providers()
    assert len(at_mollie(mollie, order)) == 1
    assert (Refund.objects.get().provider_status, Refund.objects.get().last_error) == ("pending", "")


@pytest.mark.parametrize("fault", ["silent", 429, 500, 503, "html"])
def test_a_silent_mollie_is_asked_again(mollie, order, fault):
    request_refund(order, by="Ann", passes="all")
    mollie.faults = [fault]
    assert ask_providers() == 0
    assert (Refund.objects.get().status, at_mollie(mollie, order)) == ("requested", [])
    assert states(order) == ["blocked"] * 3
    assert ask_providers() == 0
    assert mollie.count("POST") == 0  # not before the lease is over
    later()
    ask_providers()
    assert len(at_mollie(mollie, order)) == 1


def test_two_equal_refunds_in_short_succession_wait_for_mollie(mollie, order):
    """Mollie takes the second for a duplicate, answers 409, and takes it later."""
    mollie.minds_duplicates = True
    for code in codes_of(order)[:2]:
        request_refund(order, by="Ann", passes=[code])
    ask_providers()
    assert len(at_mollie(mollie, order)) == 1
    assert sorted(Refund.objects.values_list("last_error", flat=True)) == [
        "",
        "Mollie: 409 A duplicate refund has been detected",
    ]
    mollie.minds_duplicates = False
    later()
    ask_providers()
    assert len(at_mollie(mollie, order)) == 2
    assert set(Refund.objects.values_list("status", flat=True)) == {"requested"}


def test_a_refusal_leaves_everything_as_it_was_and_is_told(mollie, order):
    mollie.payments[order.payment.provider_id]["amount"]["value"] = "0.01"
    refund = request_refund(order, by="Ann", passes="all")
    assert ask_providers() == 1
    refund.refresh_from_db()
    assert (refund.status, refund.provider_status) == ("failed", "refused")
    assert refund.last_error == "Mollie: 422 The specified amount cannot be refunded"
    assert (states(order), balance(order), Order.objects.get().refunded) == (["active"] * 3, 0, 0)


def test_a_refund_that_was_canceled_in_mollies_dashboard_is_not_made_again(mollie, order):
    request_refund(order, by="Ann", passes="all")
    ask_providers()
    at_mollie(mollie, order).clear()
    mollie.remembered.clear()
    later()
    assert ask_providers() == 1
    assert (Refund.objects.get().status, Refund.objects.get().provider_status) == ("failed", "canceled")
    assert (at_mollie(mollie, order), states(order)) == ([], ["active"] * 3)


@pytest.mark.parametrize("break_key", [forget_key, lambda brand: keep_key(brand, "test_" + "x" * 30)])
def test_a_refund_waits_for_a_key_that_is_mended(mollie, order, break_key):
    refund = request_refund(order, by="Ann", passes="all")
    break_key(order.brand)
    with pytest.raises(KeyRefused):
        ask_provider(refund)
    assert Refund.objects.get().status == "requested"
    assert mollie.count("POST") == 0
    keep_key(order.brand, TEST_KEY)
    later()
    ask_providers()
    assert len(at_mollie(mollie, order)) == 1


def test_another_accounts_key_refunds_nothing(mollie, order):
    keep_key(order.brand, OTHER_KEY)
    request_refund(order, by="Ann", passes="all")
    assert ask_providers() == 1
    assert (Refund.objects.get().status, states(order)) == ("failed", ["active"] * 3)
    assert Refund.objects.get().last_error.startswith("Mollie: 404")


def test_more_refunds_than_one_can_look_through_are_not_guessed_at(mollie, order):
    mollie.refunds[order.payment.provider_id] = [
        {"id": f"re_{at}", "status": "failed", "amount": {}, "metadata": None} for at in range(250)
    ]
    refund = request_refund(order, by="Ann", passes="all")
    with pytest.raises(ProviderSilent, match="too many refunds"):
        ask_provider(refund)
    assert mollie.count("POST") == 0


@pytest.fixture
def late(mollie, shop):
    """An order that was canceled and paid all the same."""
    order = make_order(shop, quantity=2)
    payment = look(order.payment)
    cancel(order)
    mollie.say(payment, "paid")
    assert look_at_payments() == 1
    return Order.objects.get(pk=order.pk)


def test_late_money_is_given_back_at_mollie_and_the_order_stays_canceled(mollie, late):
    ask_providers()
    [made] = at_mollie(mollie, late)
    assert made["amount"] == {"currency": "EUR", "value": "7.00"}
    made["status"] = "refunded"
    later()
    assert ask_providers() == 1
    late.refresh_from_db()
    assert (late.status, late.refunded, Refund.objects.get().status) == ("canceled", Decimal("7.00"), "completed")
    assert states(late) == ["blocked"] * 2
    assert late_money(late) == 0


def test_late_money_that_could_not_be_given_back_is_not_forgotten(mollie, late):
    ask_providers()
    at_mollie(mollie, late)[0]["status"] = "failed"
    later()
    assert ask_providers() == 1
    late = Order.objects.get(pk=late.pk)
    assert (late_money(late), late.refunded, states(late)) == (Decimal("7.00"), 0, ["blocked"] * 2)
    again = give_back_late_payment(late, by="Ann")
    assert (again.amount, again.status) == (Decimal("7.00"), "requested")
    assert give_back_late_payment(late, by="Ann") is None
    ask_providers()
    assert len(at_mollie(mollie, late)) == 2


def test_nothing_is_late_about_an_order_that_is_open_or_paid(order, shop):
    waiting = make_order(shop)
    assert (late_money(order), late_money(waiting)) == (0, 0)
    assert give_back_late_payment(order, by="Ann") is None
    assert Refund.objects.count() == 0
