"""Refunds at the payment provider: asked once however often, followed by the next when somebody dies, ended once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders import refunds
from orders.models import Order, Refund, RefundItem
from orders.payments import ProviderRefund, ProviderSilent, sandbox
from orders.refunds import ask_provider, provider_said, request_refund
from orders.tasks import ask_providers
from passes.models import Coupon, Pass
from passes.services import redeem
from tests.making import codes_of, make_paid_order
from tests.orders.test_refunds import given_back, refund, states, sums


@pytest.fixture
def order(brand):
    """Three coffees at 350 points: 450 in points, the other 600 in 6.00 euros."""
    return make_paid_order(brand, quantity=3, points=450)


@pytest.fixture
def provider(monkeypatch):
    """A provider that answers what is put into it, and keeps what it was asked."""

    class Provider:
        answers = []
        asked = []

        def refund(self, payment, amount, *, key, known):
            self.asked.append((payment.provider_id, amount, key))
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            keys = list(dict.fromkeys(one[2] for one in self.asked))
            status = {"queued": "requested"}.get(answer, answer)
            return ProviderRefund(id=f"re_{7 + keys.index(key)}", said=answer, status=status)

    stands_in = Provider()
    stands_in.answers, stands_in.asked = [], []
    monkeypatch.setattr(sandbox, "refund", stands_in.refund)
    return stands_in


def later():
    """The lease is over."""
    Refund.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_failed_refund_leaves_everything_as_it_was(api, order, provider):
    Coupon.objects.update(stock=5)
    redeem(Pass.objects.get(qr_code=codes_of(order)[0]), by="Till 1")
    found = refund(api, order, include_redeemed=True, restock=True).json()["data"]
    provider.answers = ["failed"]
    assert ask_providers() == 1
    ended = Refund.objects.get()
    assert (ended.status, ended.provider_refund_id, ended.provider_status) == ("failed", "re_7", "failed")
    assert (sums(order), given_back(order)) == ((0, 0), [])
    assert states(order) == ["redeemed", "active", "active"]
    assert (Coupon.objects.get().stock, Order.objects.get().version) == (5, 5)
    assert len(api.get(f"/orders/{order.uuid}/refunds").json()["data"][0]["passes"]) == 3

    again = refund(api, order, include_redeemed=True).json()["data"]
    assert (again["amount"], again["points"], again["identifier"] != found["identifier"]) == ("6.00", 450, True)
    provider.answers = ["completed"]
    assert ask_providers() == 1
    assert (sums(order), given_back(order)) == ((Decimal("6.00"), 450), [(450, f"refund {again['identifier']}")])


def test_a_provider_that_has_not_decided_is_asked_again_with_the_same_key(order, provider):
    made = request_refund(order, by="x", passes="all")
    provider.answers = ["queued", ProviderSilent("no answer"), "completed"]
    assert (ask_providers(), ask_providers(), len(provider.asked)) == (0, 0, 1)  # it was asked just now
    assert (Refund.objects.get().provider_status, sums(order)) == ("queued", (Decimal("6.00"), 450))
    later()
    assert (ask_providers(), len(provider.asked)) == (0, 2)
    later()
    assert (ask_providers(), len(provider.asked)) == (1, 3)
    assert provider.asked == [(order.payment.provider_id, Decimal("6.00"), made.uuid)] * 3
    assert (ask_providers(), len(provider.asked)) == (0, 3)
    assert Refund.objects.get().status == "completed"


def test_one_that_is_silent_does_not_hold_up_the_others(brand, provider):
    for _ in range(2):
        request_refund(make_paid_order(brand), by="x", passes="all")
    provider.answers = [ProviderSilent("no answer"), "completed"]
    assert ask_providers() == 1
    assert sorted(Refund.objects.values_list("status", flat=True)) == ["completed", "requested"]


@pytest.mark.parametrize("late", ["completed", "failed", "requested"])
@pytest.mark.parametrize("first", ["completed", "failed"])
def test_a_late_answer_changes_nothing(order, first, late):
    made = request_refund(order, by="x", passes="all")
    provider_said(made, ProviderRefund(id="re_1", said=first, status=first))
    before = list(Refund.objects.values()), sums(order), states(order), given_back(order), Order.objects.get().version
    provider_said(made, ProviderRefund(id="re_2", said=late, status=late))
    after = list(Refund.objects.values()), sums(order), states(order), given_back(order), Order.objects.get().version
    assert after == before


def test_who_dies_before_or_after_asking_is_followed_by_the_next(order, provider):
    made = request_refund(order, by="x", passes="all")
    provider.answers = [RuntimeError("killed while it asked"), "completed"]
    with pytest.raises(RuntimeError):
        ask_provider(made)
    assert ask_provider(made).status == "requested"  # not before the lease is over
    later()
    assert ask_provider(made).status == "completed"
    assert {key for _id, _amount, key in provider.asked} == {made.uuid}
    assert given_back(order) == [(450, f"refund {made.uuid}")]


@pytest.mark.parametrize("line", ["lock_order", "give_back_points", "put_back_stock", "_end", "save_order"])
def test_who_dies_while_it_notes_the_answer_has_noted_nothing(order, provider, line):
    Coupon.objects.update(stock=5)
    made = request_refund(order, by="x", passes="all", restocks=True)
    provider.answers = ["completed", "completed"]
    with pytest.MonkeyPatch.context() as killing:
        killing.setattr(refunds, line, lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ask_provider(made)
    made.refresh_from_db()
    assert (made.status, made.provider_refund_id, given_back(order), Coupon.objects.get().stock) == (
        "requested",
        "",
        [],
        5,
    )
    later()
    assert ask_providers() == 1
    assert [key for _id, _amount, key in provider.asked] == [made.uuid] * 2
    assert (given_back(order), Coupon.objects.get().stock) == ([(450, f"refund {made.uuid}")], 8)


@pytest.mark.parametrize("line", ["quote", "set_aside", "void_passes", "_complete", "give_back_points", "save_order"])
def test_who_dies_while_it_requests_has_requested_nothing(brand, monkeypatch, line):
    order = make_paid_order(brand, quantity=3, points=1050)
    before = states(order), sums(order), Order.objects.get().version
    monkeypatch.setattr(refunds, line, lambda *_args, **_more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        request_refund(order, by="x", passes="all")
    assert (states(order), sums(order), Order.objects.get().version) == before
    assert (Refund.objects.count(), RefundItem.objects.count(), given_back(order)) == (0, 0, [])


def test_the_sandbox_gives_the_same_refund_for_the_same_key(order):
    made = request_refund(order, by="x", passes="all")
    first = sandbox.refund(order.payment, made.amount, key=made.uuid)
    assert first == sandbox.refund(order.payment, made.amount, key=made.uuid)
    assert (first.status, first.said) == ("completed", "refunded")
