"""What the tests of the webhook pages share."""

from datetime import timedelta

from django.utils import timezone

from webhooks.models import Delivery


def state_of(delivery):
    return Delivery.objects.values_list("state", flat=True).get(pk=delivery.pk)


def called(delivery, outcome="failed", *, ago=timedelta(0), ms=100, **columns):
    attempt = delivery.calls.count() + 1
    return delivery.calls.create(
        brand=delivery.brand,
        attempt=attempt,
        url=delivery.endpoint.url,
        interval=0,
        outcome=outcome,
        duration_ms=ms,
        started_at=timezone.now() - ago,
        **columns,
    )
