"""What beat asks of orders."""

from datetime import timedelta

from celery import shared_task
from django.db.models.functions import Now

from orders.models import IdempotencyKey, Order, OrderStatus
from orders.services import IllegalTransition, set_status

BATCH = 500


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
def forget_idempotency_keys() -> int:
    """Delete keys that have served their 24 hours; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=Now() - timedelta(hours=24)).delete()[0]
