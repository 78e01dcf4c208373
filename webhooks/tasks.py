"""Hints to workers. Losing one costs a second or two: beat drains what is due anyway."""

import structlog
from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import transaction

from shops import hints
from webhooks import delivery, upkeep

logger = structlog.get_logger(__name__)


@shared_task
def drain() -> int:
    """Send the webhooks that are due; returns how many calls were made."""
    calls = delivery.drain()
    if calls:  # under the request's id, when a hint brought us here
        logger.info("webhooks sent", calls=calls)
    return calls


@shared_task
def warn_of_failing() -> int:
    """Mail about endpoints that only fail, and disable them in the end; returns how many mails were sent."""
    return upkeep.warn_of_failing()


@shared_task
def forget_delivered() -> int:
    """Delete what was delivered long ago; returns how many deliveries."""
    return upkeep.forget_delivered()


@worker_shutting_down.connect
def _stop(**_kwargs: object) -> None:
    """A worker that was asked to go claims nothing more; what is in flight ends, the rest goes back."""
    delivery.stop()


def hint() -> None:
    """After commit, tell a worker that there is something to send. A broker that is down is nobody's error."""
    transaction.on_commit(_hint, robust=True)


def _hint() -> None:
    hints.give(drain)
