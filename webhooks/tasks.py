"""Hints to workers. Losing one costs a second or two: beat drains what is due anyway."""

import time

import structlog
from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from webhooks import delivery, upkeep

PAUSE = 5.0  # seconds without hints after the broker failed to answer, so that requests do not wait for it
logger = structlog.get_logger(__name__)
_silent_until = 0.0


@shared_task
def drain() -> int:
    """Send the webhooks that are due; returns how many calls were made."""
    return delivery.drain()


@shared_task
def warn_of_failing() -> int:
    """Mail about endpoints that only fail, and disable them in the end; returns how many mails were sent."""
    return upkeep.warn_of_failing()


@shared_task
def forget_delivered() -> int:
    """Delete what was delivered long ago; returns how many deliveries."""
    return upkeep.forget_delivered()


def hint() -> None:
    """After commit, tell a worker that there is something to send. A broker that is down is nobody's error."""
    transaction.on_commit(_hint, robust=True)


def _hint() -> None:
    global _silent_until  # noqa: PLW0603 -- one clock for the process
    if time.monotonic() < _silent_until:
        return
    try:
        drain.apply_async(ignore_result=True, expires=60)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + PAUSE
        logger.warning("no hint: the broker does not answer", error=type(error).__name__)
