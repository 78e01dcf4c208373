"""What beat asks of orders."""

from datetime import timedelta

import structlog
from celery import shared_task
from django.db.models.functions import Now

from applewallet.kinds import ORDER
from applewallet.rendering import render_stale
from orders import mails
from orders.models import Order, OrderStatus, Refund, RefundStatus
from orders.payments import ProviderSilent
from orders.phones import rendered
from orders.refunds import ask_provider
from orders.services import IllegalTransition, set_status
from shops.models import IdempotencyKey

BATCH = 500
logger = structlog.get_logger(__name__)


@shared_task
def expire_unpaid() -> int:
    """Expire open orders past their time, each in its own transaction; returns how many. May run twice at once."""
    due = Order.objects.filter(status=OrderStatus.OPEN, expires_at__lte=Now()).select_related("brand")
    expired = 0
    for order in due.order_by("expires_at")[:BATCH]:
        try:
            set_status(order, OrderStatus.EXPIRED)
        except IllegalTransition:  # paid in the meantime
            continue
        expired += 1
    return expired


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
