"""Hints to workers. Losing one costs a second or two: beat drains what is due anyway."""

import time
from functools import cache
from typing import Any

import structlog
from celery import current_app, shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError
from kombu.pools import producers

from webhooks import delivery, upkeep

PAUSE = 5.0  # seconds without hints after the broker failed to answer, so that requests do not wait for it
logger = structlog.get_logger(__name__)
_silent_until = 0.0


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


@cache
def _publishers() -> Any:
    """Connections for hints: a worker may wait for a broker that is silent for a while, a request may not."""
    connection = current_app.connection_for_write()
    connection.transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": settings.REDIS_TIMEOUT}
    return producers[connection]


def hint() -> None:
    """After commit, tell a worker that there is something to send. A broker that is down is nobody's error."""
    transaction.on_commit(_hint, robust=True)


def _hint() -> None:
    global _silent_until  # noqa: PLW0603 -- one clock for the process
    if time.monotonic() < _silent_until:
        return
    try:
        with _publishers().acquire(block=True, timeout=settings.REDIS_TIMEOUT) as producer:
            drain.apply_async(ignore_result=True, producer=producer)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + PAUSE
        logger.warning("no hint: the broker does not answer", error=type(error).__name__)
