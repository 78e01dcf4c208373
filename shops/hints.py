"""Hints: messages that wake a worker. Losing one costs a second or two: beat looks for what is due anyway."""

import time
from functools import cache
from typing import Any

import structlog
from celery import Task, current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from kombu.pools import producers

PAUSE = 5.0  # seconds without hints after the broker failed to answer, so that requests do not wait for it
logger = structlog.get_logger(__name__)
_silent_until = 0.0


@cache
def _publishers() -> Any:
    """Connections for hints: a worker may wait for a broker that is silent for a while, a request may not."""
    connection = current_app.connection_for_write()
    connection.transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"socket_timeout": settings.REDIS_TIMEOUT}
    return producers[connection]


def give(task: Task) -> None:
    """Ask a worker to run `task`. A broker that is down is nobody's error."""
    global _silent_until  # noqa: PLW0603 -- one clock for the process
    if time.monotonic() < _silent_until:
        return
    try:
        with _publishers().acquire(block=True, timeout=settings.REDIS_TIMEOUT) as producer:
            task.apply_async(ignore_result=True, producer=producer)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + PAUSE
        logger.warning("no hint: the broker does not answer", error=type(error).__name__)
