"""Verbs on payments at a provider that has to be asked: made known to it, looked at, called off.

The row comes first, with the order; the provider is asked with no transaction open, and what it says is noted in
another. Each look is written down before it begins, with the time of the next, so whoever dies in between is followed:
by the member who opens the page again, by the provider's webhook, by orders/tasks.py. Two looks at once do no harm.
"""

from contextlib import suppress
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Least, Now
from django.utils.translation import gettext_noop

from orders.given_back import note_chargebacks, note_refunds
from orders.models import Order, OrderStatus, Payment, RefundStatus
from orders.payments import SETTLED, ProviderPayment, ProviderRefused, ProviderSilent, provider_named
from orders.refunds import give_back_late_payment
from orders.services import lock_order, payment_said

WAITS = [60, 120, 240, 480, 900, 900, 900, 1800, 3600, 10800, 21600]  # seconds to the next look; the last one repeats
LATE = gettext_noop("late payment")  # by whom it was given back
MOST_ASKS = 100  # in about 23 days; a bank transfer at Mollie expires after 12
PAUSE = timedelta(seconds=5)  # between two looks that pages ask for

DUE = Q(due_at__lte=Now())
NOT_JUST_NOW = Q(due_at__isnull=False) & (Q(asked_at=None) | Q(asked_at__lt=Now() - PAUSE))
ANY = Q()
logger = structlog.get_logger(__name__)


def look(payment: Payment, when: Q = DUE) -> Payment:
    """Make `payment` known to its provider, or ask how it stands, and note the answer; unless `when` is not the case.

    Returns the row as it is then. A payment whose order has ended is called off if it can be; one that was paid all the
    same is given back. Call it with no transaction open. Raises ProviderSilent and ProviderRefused, with the reason
    noted.
    """
    if not _claim(payment, when):
        return _fresh(payment)
    payment = _fresh(payment)
    try:
        said = _ask(payment)
    except (ProviderSilent, ProviderRefused) as error:
        payment.brand.payments.filter(pk=payment.pk).update(last_error=str(error)[:300])
        logger.warning("the payment provider did not help", payment=str(payment.uuid), error=str(error))
        raise
    if said is None:
        payment.brand.payments.filter(pk=payment.pk).update(due_at=None)
        return _fresh(payment)
    return _note(payment, said)


def catch_up(payment: Payment) -> Payment:
    """Look now, for somebody who is waiting in front of a page; if the provider does not help, all stays as it was."""
    with suppress(ProviderSilent, ProviderRefused):
        return look(payment, NOT_JUST_NOW)
    return _fresh(payment)


def look_soon(payment: Payment, provider_id: str) -> bool:
    """Have a worker look, as the provider's webhook asks for. False for an id that is not this payment's.

    Of a payment that is settled it is about refunds and chargebacks.
    """
    if payment.provider_id != provider_id:
        return False
    payment.brand.payments.filter(pk=payment.pk).update(due_at=Now())
    known = payment.order.refunds.filter(status=RefundStatus.REQUESTED).exclude(provider_refund_id="")
    known.update(due_at=Now())
    return True


def _claim(payment: Payment, when: Q) -> bool:
    """Write down that somebody looks now, and when to look again."""
    rows = payment.brand.payments.filter(when, pk=payment.pk)
    found = rows.values_list("asks", "status").first()
    if found is None:
        return False
    asks, status = found
    goes_on = asks < MOST_ASKS or status in SETTLED  # which is asked for a reason, and until there is an answer
    due_at = Now() + timedelta(seconds=WAITS[min(asks, len(WAITS) - 1)]) if goes_on else None
    counted = Least(F("asks") + 1, MOST_ASKS)  # whoever calls the webhook day and night fills no column
    return bool(rows.update(asks=counted, asked_at=Now(), due_at=due_at))


def _fresh(payment: Payment) -> Payment:
    return payment.brand.payments.select_related("brand", "order__brand").get(pk=payment.pk)


def _ask(payment: Payment) -> ProviderPayment | None:
    """What the provider says; None if it never heard of a payment that nobody needs any more."""
    provider = provider_named(payment.provider)
    if payment.provider_id is None:
        return provider.create(payment) if payment.order.status == OrderStatus.OPEN else None
    said = provider.fetch(payment)
    if said.status not in SETTLED and said.is_cancelable and _has_ended(payment.order):
        with suppress(ProviderSilent, ProviderRefused):  # the next look tells
            said = provider.cancel(payment)
    return said


@transaction.atomic
def _note(payment: Payment, said: ProviderPayment) -> Payment:
    """Write down what the provider says, and do what follows from it.

    Whoever asked for another look since this one began gets it: the answer may be older than what they know.
    """
    order, claimed = lock_order(payment.order), payment.due_at
    rows = order.brand.payments.select_related("brand", "order__brand").select_for_update(of=("self",))
    payment = rows.get(pk=payment.pk)
    is_new = payment.provider_id is None
    if is_new:
        payment.provider_id, payment.is_test = said.id, said.is_test
    elif payment.provider_id != said.id:  # two made it known at once, and this one came second: nobody will see it
        return payment
    due_at = payment.due_at
    payment.checkout_url, payment.last_error = said.checkout_url, ""
    payment.save(update_fields=["provider_id", "is_test", "checkout_url", "last_error"])
    order = payment_said(payment, said.status)
    trouble = _note_given_back(payment, said) if payment.status == OrderStatus.PAID else ""
    if trouble or due_at != claimed:
        payment.brand.payments.filter(pk=payment.pk).update(last_error=trouble[:300], due_at=due_at)
    if _is_late(order, payment) and give_back_late_payment(order, by=LATE):
        logger.warning("paid too late: the money goes back", order=str(order.uuid), payment=str(payment.uuid))
    elif _has_ended(order) and is_new:
        payment.brand.payments.filter(pk=payment.pk).update(due_at=Now())  # it ended while it was made known
    return _fresh(payment)


def _note_given_back(payment: Payment, said: ProviderPayment) -> str:
    note_chargebacks(payment, said.chargebacks)
    return note_refunds(payment, said.refunds)


def _is_late(order: Order, payment: Payment) -> bool:
    """Whether money came too late. One try to give it back that failed is enough: then staff decide."""
    is_late = _has_ended(order) and payment.status == OrderStatus.PAID
    return is_late and not order.refunds.filter(status=RefundStatus.FAILED).exists()


def _has_ended(order: Order) -> bool:
    return order.status not in {OrderStatus.OPEN, OrderStatus.PAID}
