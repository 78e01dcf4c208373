"""A payment at Mollie: made known once, looked at, believed only when Mollie itself says so."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from orders import paying
from orders.models import Order, Payment
from orders.paying import ANY, DUE, catch_up, look
from orders.payments import AskedTooOften, KeyRefused, NoPayments, ProviderRefused, ProviderSilent
from orders.payments.keys import forget_key, keep_key
from orders.services import cancel, payment_said, place_order
from orders.tasks import expire_unpaid, look_at_payments
from tests.making import make_coupon, make_member, make_order
from tests.orders.conftest import mollie_brand
from tests.orders.mollie import LIVE_KEY, OTHER_KEY, TEST_KEY

REFUSALS = [(401, KeyRefused), (404, ProviderRefused), (410, ProviderRefused), (422, ProviderRefused)]
REFUSALS += [(429, AskedTooOften)]
SILENCES = [409, 500, 503, "silent", "lost", "cut", "dribble", "html"]


@pytest.fixture
def order(shop):
    """Two coffees, 7.00 euros."""
    return make_order(shop, quantity=2)


@pytest.fixture
def known(order):
    """Its payment, known to Mollie."""
    return look(order.payment)


def row(order):
    return Payment.objects.get(order=order)


def status(order):
    return Order.objects.get(pk=order.pk).status


def later():
    """Every next look is due."""
    ago = timezone.now() - timedelta(minutes=1)
    Payment.objects.exclude(due_at=None).update(due_at=ago, asked_at=ago)


def test_the_row_comes_first_and_asks_nobody(mollie, order):
    payment = row(order)
    assert (payment.provider, payment.provider_id, payment.status, payment.asks) == ("mollie", None, "open", 0)
    assert payment.due_at is not None
    assert mollie.calls == []


def test_what_mollie_is_told(mollie, order, known):
    [call] = mollie.calls
    assert (call["method"], call["path"], call["secret"], call["key"]) == (
        "POST",
        "/v2/payments",
        TEST_KEY,
        str(known.uuid),
    )
    assert call["body"] == {
        "amount": {"currency": "EUR", "value": "7.00"},
        "description": f"{order.brand.name} 1",
        "redirectUrl": f"https://shop.example/s/{order.brand.slug}/orders/{order.uuid}",
        "webhookUrl": f"https://shop.example/payments/mollie/{known.uuid}",
        "metadata": {"payment": str(known.uuid), "order": str(order.uuid)},
    }
    assert (known.provider_id, known.is_test, known.status) == ("tr_Stand00001", True, "open")
    assert known.checkout_url == f"{mollie.url}/checkout/tr_Stand00001"
    assert status(order) == "open"


@pytest.mark.parametrize(("currency", "value"), [("JPY", "700"), ("GBP", "7.00")])
def test_amounts_have_the_decimals_of_their_currency(mollie, currency, value):
    brand = mollie_brand(currency=currency, point_value=1 if currency == "JPY" else 100)
    look(make_order(brand, quantity=2).payment)
    assert mollie.calls[0]["body"]["amount"] == {"currency": currency, "value": value}


def test_a_machine_that_mollie_cannot_reach_gives_no_webhook(mollie, order, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert look(order.payment).provider_id == "tr_Stand00001"
    assert "webhookUrl" not in mollie.calls[0]["body"]


def test_a_live_key_is_no_test(mollie):
    assert look(make_order(mollie_brand(LIVE_KEY)).payment).is_test is False


@pytest.mark.parametrize("fault", ["silent", "lost", "cut", "dribble", "html", 503])
def test_a_lost_answer_makes_no_second_payment(mollie, order, fault):
    mollie.faults = [fault]
    with pytest.raises(ProviderSilent):
        look(order.payment)
    assert row(order).provider_id is None
    assert row(order).last_error.startswith("Mollie")
    later()
    assert look_at_payments() == 1
    assert row(order).provider_id == "tr_Stand00001"
    assert row(order).last_error == ""
    assert list(mollie.payments) == ["tr_Stand00001"]
    assert mollie.count("POST") == 2
    assert {call["key"] for call in mollie.calls} == {str(order.payment.uuid)}


@pytest.mark.parametrize("line", ["_note", "_ask"])
def test_who_dies_at_any_line_is_followed(mollie, order, line):
    with pytest.MonkeyPatch.context() as killing:
        killing.setattr(paying, line, lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look(order.payment)
    assert (row(order).provider_id, row(order).asks) == (None, 1)
    assert look_at_payments() == 0  # not before its time
    later()
    assert look_at_payments() == 1
    assert row(order).provider_id == "tr_Stand00001"
    assert len(mollie.payments) == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(mollie):
    order = make_order(mollie_brand())
    start, found = threading.Barrier(4), []

    def one():
        start.wait()
        found.append(look(Payment.objects.get(order=order), ANY).provider_id)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, len(mollie.payments)) == (["tr_Stand00001"] * 4, 1)


@pytest.mark.django_db(transaction=True)
def test_two_that_mollie_takes_for_two_leave_one_to_be_paid(mollie):
    """Mollie promises to remember a key, and not what it does with two at the same moment."""
    order = make_order(mollie_brand())
    mollie.remembered = type("Forgets", (dict,), {"__contains__": lambda self, key: False})()
    first, second = Payment.objects.get(order=order), Payment.objects.get(order=order)
    said = paying._ask(second)  # it is on its way while the other one is noted
    assert look(first, ANY).provider_id == "tr_Stand00002"
    noted = paying._note(second, said)
    assert (said.id, noted.provider_id) == ("tr_Stand00001", "tr_Stand00002")
    assert noted.checkout_url.endswith("/tr_Stand00002")


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ("open", "open"),
        ("pending", "open"),
        ("authorized", "open"),
        ("paid", "paid"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("expired", "expired"),
        ("something_new", "open"),
    ],
)
def test_every_status_of_mollies(mollie, order, known, said, becomes):
    mollie.say(known, said)
    later()
    assert look_at_payments() == 1
    assert (status(order), row(order).status) == (becomes, said)
    is_settled = becomes != "open"
    assert (row(order).due_at is None) == is_settled
    later()
    assert look_at_payments() == (0 if is_settled else 1)


@pytest.mark.parametrize(("fault", "error"), [*REFUSALS, *((one, ProviderSilent) for one in SILENCES)])
def test_whatever_goes_wrong_changes_nothing(mollie, order, known, fault, error):
    mollie.say(known, "paid")
    mollie.faults = [fault]
    with pytest.raises(error) as raised:
        look(known, ANY)
    assert type(raised.value) is error
    assert (status(order), row(order).status) == ("open", "open")
    assert row(order).last_error == str(raised.value) != ""
    later()
    assert look_at_payments() == 1
    assert (status(order), row(order).last_error) == ("paid", "")


def test_the_reason_is_mollies_own(mollie, known):
    mollie.faults = [422]
    with pytest.raises(ProviderRefused, match=r"^Mollie: 422 It does not please us$"):
        look(known, ANY)


@pytest.mark.parametrize(
    "lie",
    [{"amount": {"currency": "EUR", "value": "0.01"}}, {"id": "tr_Another"}, {"status": None}, {"status": "Pa1d"}],
)
def test_an_answer_about_something_else_is_not_believed(mollie, order, known, lie):
    mollie.say(known, "paid")
    mollie.payments[known.provider_id] |= lie
    with pytest.raises(ProviderSilent):
        look(known, ANY)
    assert (status(order), row(order).status) == ("open", "open")


def test_an_answer_that_was_overtaken_unsettles_nothing(mollie, order, known):
    payment_said(known, "paid")
    payment_said(known, "open")
    assert (status(order), row(order).status, row(order).due_at) == ("paid", "paid", None)


def test_looks_become_rarer_and_end(mollie, order, known):
    waits = []
    for asks in (0, 1, 4, 10, 99):
        Payment.objects.update(asks=asks, due_at=timezone.now())
        before = timezone.now()
        look(row(order), DUE)
        waits.append(round((row(order).due_at - before).total_seconds() / 60))
    assert waits == [1, 2, 15, 360, 360]
    Payment.objects.update(asks=100, due_at=timezone.now())
    look(row(order), DUE)
    assert row(order).due_at is None


def test_a_page_asks_once_in_five_seconds(mollie, order, known):
    mollie.say(known, "paid")
    assert catch_up(known).status == "open"  # it was made known just now
    later()
    assert catch_up(known).status == "paid"
    assert mollie.count("GET") == 1
    assert catch_up(known).status == "paid"
    assert mollie.count("GET") == 1


def test_a_page_does_not_break_when_mollie_is_silent(mollie, order, known):
    later()
    mollie.faults = ["silent"]
    assert catch_up(known).status == "open"
    assert mollie.count("GET") == 1


def test_a_silent_mollie_is_waited_for_once_in_a_run(mollie, shop):
    for _ in range(3):
        make_order(shop)
    mollie.faults = [503] * 3
    assert look_at_payments() == 0
    assert len(mollie.calls) == 1
    mollie.faults = []
    assert look_at_payments() == 2


def test_a_wrong_key_of_one_brand_holds_up_nobody(mollie, shop):
    make_order(mollie_brand("test_" + "x" * 30))
    theirs = make_order(shop)
    assert look_at_payments() == 2
    assert row(theirs).provider_id == "tr_Stand00001"
    [wrong] = Payment.objects.filter(provider_id=None)
    assert wrong.last_error == "Mollie: 401 Missing authentication, or failed to authenticate"


def test_a_brand_that_asks_mollie_too_often_holds_up_nobody_else(mollie, shop):
    first, second = make_order(mollie_brand(OTHER_KEY)), make_order(shop)
    mollie.faults = [429]
    assert look_at_payments() == 2
    assert row(first).provider_id is None
    assert row(first).due_at > timezone.now()
    assert row(second).provider_id in mollie.payments


def test_a_mended_key_is_used_at_the_next_look(mollie, order):
    keep_key(order.brand, "test_" + "x" * 30)
    assert look_at_payments() == 1
    keep_key(order.brand, TEST_KEY)
    later()
    assert look_at_payments() == 1
    assert row(order).provider_id == "tr_Stand00001"


def test_the_key_of_another_account_does_not_find_it(mollie, order, known):
    keep_key(order.brand, OTHER_KEY)
    mollie.say(known, "paid")
    with pytest.raises(ProviderRefused, match="404 No payment exists with token tr_Stand00001"):
        look(known, ANY)
    assert status(order) == "open"


def test_without_a_key_nothing_is_sold_for_money(mollie, shop):
    forget_key(shop)
    coupon, member = make_coupon(shop, stock=5), make_member(shop, points=350)
    with pytest.raises(NoPayments, match="cannot take payments"):
        place_order(member, [(coupon, 2)], points=100)
    coupon.refresh_from_db()
    member.refresh_from_db()
    assert (coupon.stock, member.points, shop.orders.count(), shop.payments.count()) == (5, 350, 0, 0)
    assert place_order(member, [(coupon, 1)], points="max").status == "paid"  # which needs no money


def test_a_key_that_was_removed_meanwhile_is_told(mollie, order, known):
    forget_key(order.brand)
    with pytest.raises(KeyRefused):
        look(known, ANY)
    assert row(order).last_error == "The brand has no key for Mollie."
    assert mollie.count("GET") == 0


def expire(order):
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    return expire_unpaid()


def test_a_lost_webhook_does_not_let_a_paid_order_expire(mollie, order, known):
    later()
    mollie.say(known, "paid")
    assert expire(order) == 0
    assert status(order) == "paid"


def test_an_order_expires_though_mollie_is_silent(mollie, order, known):
    later()
    mollie.faults = ["silent"]
    assert expire(order) == 1
    assert status(order) == "expired"


@pytest.mark.parametrize("end", [expire, cancel])
def test_the_end_of_an_order_calls_its_payment_off(mollie, order, known, end):
    later()
    mollie.say(known, "open", isCancelable=True)
    end(order)
    assert mollie.payments[known.provider_id]["status"] == "open"  # nothing is sent within the transaction
    later()
    assert look_at_payments() == 1
    assert mollie.payments[known.provider_id]["status"] == "canceled"
    assert (row(order).status, row(order).due_at) == ("canceled", None)
    assert status(order) == {expire: "expired", cancel: "canceled"}[end]


@pytest.mark.parametrize("fault", [422, "silent"])
def test_what_cannot_be_called_off_is_watched_on(mollie, order, known, fault):
    mollie.say(known, "open", isCancelable=True)
    cancel(order)
    mollie.faults = [None, fault]
    assert look_at_payments() == 1
    assert (row(order).status, row(order).due_at is None) == ("open", False)


def test_a_payment_that_mollie_never_heard_of_is_left_alone_when_its_order_ends(mollie, order):
    cancel(order)
    assert look_at_payments() == 1
    assert (mollie.calls, row(order).due_at, row(order).provider_id) == ([], None, None)


def test_an_order_that_ends_while_it_is_made_known_is_called_off(mollie, order):
    said = paying._ask(row(order))
    cancel(order)
    paying._note(row(order), said)
    mollie.say(row(order), "open", isCancelable=True)
    assert look_at_payments() == 1
    assert mollie.payments[said.id]["status"] == "canceled"


def late(mollie, order, known):
    cancel(order)
    mollie.say(known, "paid")
    assert look_at_payments() == 1


def test_what_is_paid_too_late_goes_back_in_full(mollie, order, known):
    late(mollie, order, known)
    assert (status(order), row(order).status) == ("canceled", "paid")
    refund = order.refunds.get()
    assert (refund.amount, refund.points, refund.status, refund.by) == (Decimal("7.00"), 0, "requested", "late payment")
    assert Order.objects.get().refunded == Decimal("7.00")
    look(row(order), ANY)  # seen once more, it is given back once
    assert order.refunds.count() == 1


def test_points_that_went_back_when_the_order_ended_do_not_go_back_again(mollie, shop):
    member = make_member(shop, points=300)
    order = make_order(shop, member=member, points=300)
    known = look(order.payment)
    late(mollie, order, known)
    member.refresh_from_db()
    assert (member.points, order.refunds.get().points) == (300, 0)
    assert member.points_entries.filter(reason="given_back").count() == 1
