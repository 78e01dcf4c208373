"""What beat asks of orders."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.db.models import Q
from django.db.models.functions import Now

from applewallet.kinds import ORDER
from applewallet.rendering import render_stale
from orders import mails
from orders.given_back import look_for_moves
from orders.models import Order, OrderStatus, Payment, Refund, RefundStatus
from orders.paying import DUE, NOT_JUST_NOW, look
from orders.payments import AnotherSum, AskedTooOften, KeyRefused, Provider, ProviderRefused, ProviderSilent
from orders.phones import rendered
from orders.refunds import ask_provider
from orders.services import IllegalTransition, set_status
from shops.models import Brand, IdempotencyKey

BATCH = 500
logger = structlog.get_logger(__name__)


@shared_task
def expire_unpaid() -> int:
    """Expire open orders past their time, each in its own transaction; returns how many. May run twice at once.

    Their payments are looked at first, if they are known to a provider who answers: a webhook may have been lost.
    """
    due = Order.objects.filter(status=OrderStatus.OPEN, expires_at__lte=Now()).select_related("brand", "payment")
    expired, is_silent = 0, False
    for order in due.order_by("expires_at")[:BATCH]:
        payment = getattr(order, "payment", None)
        if payment and payment.due_at and payment.provider_id and not is_silent:
            is_silent = not _looked(payment, NOT_JUST_NOW)
        try:
            set_status(order, OrderStatus.EXPIRED)
        except IllegalTransition:  # paid in the meantime
            continue
        expired += 1
    return expired


@shared_task
def look_at_payments() -> int:
    """Make payments known to their providers, and look at those that are due; returns how many were looked at.

    Stops where a provider is silent, so that a worker waits for it once and not five hundred times. May run twice at
    once.
    """
    due = Payment.objects.filter(due_at__lte=Now()).select_related("brand", "order")
    looked = 0
    for payment in due.order_by("due_at")[:BATCH]:
        if not _looked(payment, DUE):
            break
        looked += 1
    return looked


def _looked(payment: Payment, when: Q) -> bool:
    """Look at `payment`. False if its provider is silent; one that refuses, or puts a brand off, has answered."""
    try:
        look(payment, when)
    except (AnotherSum, AskedTooOften, KeyRefused, ProviderRefused):
        return True
    except ProviderSilent:
        return False
    return True


@shared_task
def look_for_lost_webhooks() -> int:
    """Look through the newest refunds and chargebacks at Mollie, brand by brand; returns how many payments are due.

    For a webhook that never came. May run twice at once.
    """
    found = 0
    for brand in Brand.objects.filter(encrypted_mollie_key__isnull=False).order_by("pk"):
        try:
            found += look_for_moves(brand, Provider.MOLLIE)
        except (ProviderSilent, ProviderRefused) as error:
            logger.warning("the payment provider did not help", brand=brand.slug, error=str(error))
    return found


@shared_task
def ask_providers() -> int:
    """Ask the payment providers for the refunds that are due; returns how many ended. May run twice at once."""
    due = Refund.objects.filter(status=RefundStatus.REQUESTED, due_at__lte=Now()).select_related("brand")
    ended = 0
    for refund in due.order_by("due_at")[:BATCH]:
        try:
            ended += ask_provider(refund).status != RefundStatus.REQUESTED
        except ProviderSilent as error:
            logger.warning("the payment provider is silent", refund=str(refund.uuid), error=str(error))
    return ended


@shared_task
def forget_idempotency_keys() -> int:
    """Delete keys that have served their 24 hours; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=Now() - timedelta(hours=24)).delete()[0]


@shared_task
def render_orders() -> int:
    """Bring the orders on phones up to date after a brand changed its look; returns how many changed."""
    return render_stale(ORDER.name, rendered)


@shared_task
def send_mails() -> int:
    """Send the mails about paid orders that are due; returns how many the mail server took."""
    return mails.send_due()
