"""What goes back at Mollie without our asking: refunds from its dashboard, chargebacks, money that comes back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from desk.hands import refunds_that_came_back, undecided_chargebacks
from desk.knowing import known_about
from desk.proving import prove
from desk.timeline import timeline_of
from orders import paying
from orders.given_back import decide
from orders.models import Order, Payment, Refund
from orders.paying import ANY, look, look_soon
from orders.refunds import ask_provider, late_money, quote, request_refund
from orders.services import cancel
from orders.tasks import ask_providers, look_at_payments, look_for_lost_webhooks
from passes.services import redeem
from shops.errors import InvalidInput
from tests.making import codes_of, make_order
from tests.orders.conftest import mollie_brand
from tests.orders.mollie import OTHER_KEY
from tests.orders.test_mollie_refunds import at_mollie, balance, later, order, states

__all__ = ["order"]  # a fixture


def told(order):
    """Mollie's webhook came, and a worker looks."""
    look_soon(Payment.objects.get(order=order), order.payment.provider_id)
    look_at_payments()
    return Order.objects.get(pk=order.pk)


def only(order):
    return order.refunds.get()


def test_a_part_that_was_refunded_in_mollies_dashboard_is_a_refund_of_the_money(mollie, order):
    made = mollie.give_back(order.payment, "2.00")
    for _ in range(3):  # however often it looks
        now = told(order)
        later()
        ask_providers()
    refund = only(order)
    assert (refund.amount, refund.points, refund.status, refund.by) == (Decimal("2.00"), 0, "requested", "Mollie")
    assert (refund.provider_refund_id, refund.provider_status, refund.reason) == (made["id"], "pending", "Cold coffee")
    assert (now.refunded, now.points_refunded, states(order)) == (Decimal("2.00"), 0, ["active"] * 3)
    made["status"] = "refunded"
    told(order)
    assert (only(order).status, balance(order), now.payment.last_error) == ("completed", 0, "")
    assert (len(at_mollie(mollie, order)), mollie.count("POST")) == (1, 0)
    assert prove(order.brand) == []


def test_the_whole_from_mollies_dashboard_ends_as_a_whole_refund_from_here(mollie, order):
    made = mollie.give_back(order.payment, "6.00", "refunded")
    now = told(order)
    refund = only(order)
    assert (refund.amount, refund.points, refund.status) == (Decimal("6.00"), 450, "completed")
    assert (now.refunded, now.points_refunded, balance(order)) == (Decimal("6.00"), 450, 450)
    assert (states(order), refund.provider_refund_id) == (["blocked"] * 3, made["id"])
    assert prove(order.brand) == []


def test_the_last_of_the_money_takes_back_what_nobody_used(mollie, order):
    used = order.items.order_by("pk").first().issued_pass
    redeem(used, by="Ann")
    mollie.give_back(order.payment, "2.00", "refunded")
    told(order)
    assert states(order) == ["redeemed", "active", "active"]
    mollie.give_back(order.payment, "4.00", "refunded")
    now = told(order)
    assert states(order) == ["redeemed", "blocked", "blocked"]
    assert (now.refunded, now.points_refunded, balance(order)) == (Decimal("6.00"), 300, 300)
    assert prove(order.brand) == []


@pytest.mark.parametrize("said", ["failed", "canceled", "gone"])
def test_one_from_the_dashboard_that_comes_to_nothing_sets_all_as_it_was(mollie, order, said):
    made = mollie.give_back(order.payment, "6.00")
    told(order)
    assert states(order) == ["blocked"] * 3
    if said == "gone":  # as Mollie shows what was canceled
        at_mollie(mollie, order).clear()
        later()
        ask_providers()
    else:
        made["status"] = said
        told(order)
    now = Order.objects.get(pk=order.pk)
    assert (only(order).status, states(order), now.refunded, now.points_refunded) == ("failed", ["active"] * 3, 0, 0)
    assert prove(order.brand) == []


def test_one_that_had_failed_when_it_was_first_seen_is_none(mollie, order):
    mollie.give_back(order.payment, "6.00", "failed")
    told(order)
    assert (order.refunds.count(), states(order)) == (0, ["active"] * 3)


@pytest.mark.parametrize("fault", ["lost", "cut"])
def test_our_own_refund_is_known_by_its_key_when_the_answer_with_its_id_was_lost(mollie, order, fault):
    refund = request_refund(order, by="Ann", passes=codes_of(order)[:1])
    mollie.faults = [None, fault]
    with pytest.raises(Exception, match="Mollie"):
        ask_provider(refund)
    assert only(order).provider_refund_id == ""
    at_mollie(mollie, order)[0]["status"] = "refunded"
    now = told(order)
    assert (only(order).by, only(order).status, balance(order)) == ("Ann", "completed", 150)
    assert (only(order).provider_refund_id, now.refunded) == (at_mollie(mollie, order)[0]["id"], Decimal("2.00"))


def test_one_that_counts_as_refused_here_and_was_made_there_is_noted(mollie, order):
    refund = request_refund(order, by="Ann", passes=codes_of(order)[:1])
    mollie.faults = [None, "lost", 404]  # made, and its answer lost; then even the list was refused
    with pytest.raises(Exception, match="Mollie"):
        ask_provider(refund)
    later()
    ask_providers()
    assert (only(order).status, states(order)) == ("failed", ["active"] * 3)
    at_mollie(mollie, order)[0]["status"] = "refunded"
    for _ in range(2):
        now = told(order)
    assert list(order.refunds.values_list("by", "status")) == [("Ann", "failed"), ("Mollie", "completed")]
    assert (now.refunded, balance(order), now.payment.last_error) == (Decimal("2.00"), 0, "")
    assert prove(order.brand) == []


def test_one_that_failed_and_lives_again_is_told(mollie, order):
    refund = request_refund(order, by="Ann", passes=codes_of(order)[:1])
    ask_provider(refund)
    [made] = at_mollie(mollie, order)
    made["status"] = "failed"
    told(order)
    made["status"] = "refunded"
    now = told(order)
    assert (only(order).status, now.refunded) == ("failed", 0)
    text = f"Refund {made['id']} failed here, but the provider lists it as “refunded”."
    assert (now.payment.last_error, now.payment.due_at is None) == (text, False)


def test_more_than_is_left_waits_for_staff_and_changes_nothing(mollie, order):
    """Here somebody asked for all of it, and in Mollie's dashboard somebody was quicker."""
    request_refund(order, by="Ann", passes="all")
    mollie.give_back(order.payment, "6.00", "refunded")
    now = told(order)
    assert only(order).by == "Ann"
    assert now.payment.last_error == "Refund re_Stand00002 of EUR 6.00 is more than was left to give back."
    assert now.payment.due_at is not None
    ask_providers()  # Mollie refuses ours
    told(order)
    assert list(order.refunds.values_list("by", "status")) == [("Ann", "failed"), ("Mollie", "completed")]
    now = Order.objects.get(pk=order.pk)
    assert (now.refunded, balance(order), states(order)) == (Decimal("6.00"), 450, ["blocked"] * 3)
    assert (now.payment.last_error, now.payment.due_at) == ("", None)


def test_a_refund_in_another_currency_is_refused_and_holds_up_nobody(mollie, order):
    mollie.give_back(order.payment, "2.00", currency="USD")
    waiting = make_order(order.brand)
    now = told(order)
    assert (order.refunds.count(), now.refunded) == (0, 0)
    assert now.payment.last_error == "Mollie speaks of USD, and the payment is in EUR."
    assert now.payment.due_at is not None
    assert Payment.objects.get(order=waiting).provider_id is not None


def test_money_that_came_too_late_and_was_refunded_in_the_dashboard_goes_back_once(mollie, shop):
    order = make_order(shop, quantity=2)
    payment = look(order.payment)
    cancel(order)
    mollie.say(payment, "paid")
    mollie.give_back(payment, "3.00", "refunded")
    look_at_payments()
    ask_providers()
    order = Order.objects.get(pk=order.pk)
    assert list(order.refunds.values_list("by", "amount", "points")) == [("Mollie", 3, 0), ("late payment", 4, 0)]
    assert (order.status, order.refunded, late_money(order)) == ("canceled", Decimal("7.00"), 0)
    assert [one["amount"]["value"] for one in at_mollie(mollie, order)] == ["3.00", "4.00"]


def test_late_money_that_could_not_go_back_is_not_tried_again_by_a_webhook(mollie, shop):
    order = make_order(shop, quantity=2)
    payment = look(order.payment)
    order.refresh_from_db()
    cancel(order)
    mollie.say(payment, "paid")
    look_at_payments()
    ask_providers()
    at_mollie(mollie, order)[0]["status"] = "failed"
    for _ in range(2):
        now = told(order)
    assert (only(order).status, late_money(now), len(at_mollie(mollie, order))) == ("failed", Decimal("7.00"), 1)


def test_a_completed_refund_whose_money_comes_back_is_told_and_changes_nothing(mollie, order):
    made = mollie.give_back(order.payment, "6.00", "refunded")
    told(order)
    made["status"] = "failed"
    for _ in range(2):
        told(order)
    refund = only(order)
    assert (refund.status, refund.provider_status) == ("completed", "failed")
    assert refund.last_error == "The money came back from the member's bank."
    assert (balance(order), states(order)) == (450, ["blocked"] * 3)
    assert list(refunds_that_came_back([order.brand.pk])) == [refund]
    assert prove(order.brand) == []


def test_a_chargeback_is_kept_told_and_takes_nothing(mollie, order):
    made = mollie.charge_back(order.payment, "6.00")
    for _ in range(2):
        now = told(order)
    found = order.chargebacks.get()
    assert (found.provider_id, found.amount, found.currency) == (made["id"], Decimal("6.00"), "EUR")
    assert found.reason == "AC01: Account identifier incorrect"
    assert found.charged_at.isoformat() == "2026-03-14T17:00:52+00:00"
    assert (now.status, now.refunded, states(order), balance(order)) == ("paid", 0, ["active"] * 3, 0)
    assert list(undecided_chargebacks([order.brand.pk])) == [found]
    [told_of] = [entry for entry in timeline_of(now) if "Charged back" in entry.text]
    assert (told_of.text, told_of.detail, told_of.who) == (
        "Charged back: €6.00",
        found.reason,
        "Payment provider: mollie",
    )
    assert prove(order.brand) == []

    made["reversedAt"] = "2026-04-14T09:00:00+00:00"
    told(order)
    assert order.chargebacks.get().reversed_at.isoformat() == "2026-04-14T09:00:00+00:00"
    assert not undecided_chargebacks([order.brand.pk]).exists()
    [held] = known_about(order.member)["orders"]
    assert [one["amount"] for one in held["chargebacks"]] == [one.amount for one in order.chargebacks.all()] != []


def test_what_the_bank_took_back_is_not_given_back_as_well(mollie, order):
    made = mollie.charge_back(order.payment, "5.00")
    told(order)
    assert quote(order, passes="all").amount == Decimal("1.00")
    with pytest.raises(InvalidInput, match=r"6\.00 were asked for"):
        request_refund(order, by="Ann", passes="all", amount=Decimal("6.00"))
    assert Refund.objects.count() == 0
    made["reversedAt"] = "2026-04-14T09:00:00+00:00"
    told(order)
    assert quote(order, passes="all").amount == Decimal("6.00")


@pytest.mark.parametrize(("blocks", "after"), [(True, "blocked"), (False, "active")])
def test_staff_decide_on_a_chargeback_once(mollie, order, blocks, after):
    redeem(order.items.order_by("pk").first().issued_pass, by="Ann")
    mollie.charge_back(order.payment, "6.00")
    told(order)
    found = order.chargebacks.get()
    assert decide(found, by="Ann", blocks=blocks, reason="Charged back") == (2 if blocks else 0)
    assert decide(found, by="Bob", blocks=True, reason="Again") == 0
    assert states(order) == ["redeemed", after, after]
    assert order.chargebacks.get().decided_by == "Ann"
    assert not undecided_chargebacks([order.brand.pk]).exists()


def test_a_silent_mollie_is_asked_again_about_a_payment_that_is_settled(mollie, order):
    mollie.give_back(order.payment, "2.00")
    mollie.faults = [503]
    now = told(order)
    assert (order.refunds.count(), now.payment.status) == (0, "paid")
    assert now.payment.due_at > timezone.now()
    Payment.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    look_at_payments()
    assert only(order).amount == Decimal("2.00")


def test_lost_webhooks_are_made_up_for(mollie, order):
    theirs = make_order(mollie_brand(OTHER_KEY))
    mollie.say(look(theirs.payment), "paid")
    look(theirs.payment, ANY)
    theirs.refresh_from_db()
    assert look_for_lost_webhooks() == 0
    made = mollie.give_back(order.payment, "2.00")
    taken = mollie.charge_back(theirs.payment, "3.50")
    mollie.give_back(theirs.payment, "1.00", "failed")
    assert look_for_lost_webhooks() == 2
    assert look_at_payments() == 2
    assert (only(order).provider_refund_id, theirs.chargebacks.get().provider_id) == (made["id"], taken["id"])
    assert look_for_lost_webhooks() == 0
    made["status"], taken["reversedAt"] = "refunded", "2026-04-14T09:00:00Z"
    assert look_for_lost_webhooks() == 2
    look_at_payments()
    assert (only(order).status, theirs.chargebacks.get().reversed_at is None) == ("completed", False)
    assert look_for_lost_webhooks() == 0


@pytest.mark.parametrize("fault", [401, 500, "silent", "html"])
def test_one_brands_mollie_that_does_not_answer_holds_up_no_other(mollie, shop, fault):
    order = make_order(mollie_brand(OTHER_KEY))
    mollie.say(look(order.payment), "paid")
    mollie.give_back(Payment.objects.get(order=order), "1.00")
    mollie.faults = [fault]
    assert look_for_lost_webhooks() == 1


def test_a_webhook_that_comes_while_mollie_answers_is_not_lost(mollie, order, monkeypatch):
    ask = paying._ask

    def overtaken(payment):
        said = ask(payment)
        monkeypatch.setattr(paying, "_ask", ask)
        mollie.give_back(order.payment, "2.00")
        look_soon(payment, payment.provider_id)
        return said

    monkeypatch.setattr(paying, "_ask", overtaken)
    told(order)
    assert order.refunds.count() == 0
    assert look_at_payments() == 1
    assert only(order).amount == Decimal("2.00")
    assert look_at_payments() == 0


def test_who_calls_the_webhook_day_and_night_stops_nobodys_payments(mollie, order):
    Payment.objects.update(asks=paying.MOST_ASKS)
    for _ in range(2):
        told(order)
    assert Payment.objects.get(order=order).asks == paying.MOST_ASKS  # its column ends at 32767, and every look with it
    assert mollie.count("GET") == 2
