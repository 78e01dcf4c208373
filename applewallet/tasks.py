"""Hints to workers, and what beat asks for."""

import structlog
from celery import shared_task
from celery.signals import worker_shutting_down
from django.db import transaction

from applewallet import push, push_queue, upkeep
from shops import hints

logger = structlog.get_logger(__name__)


@shared_task
def push_due() -> int:
    """Send the pushes that are due; returns how many were sent."""
    sent = push.drain()
    if sent:  # under the request's id, when a hint brought us here
        logger.info("pushes sent", pushes=sent)
    return sent


@shared_task
def forget_pushes() -> int:
    """Delete pushes that were done long ago; returns how many."""
    return push_queue.forget()


@shared_task
def warn_of_expiry() -> int:
    """Mail about certificates that expire soon; returns how many mails were sent."""
    return upkeep.warn_of_expiry()


@shared_task
def forget_device_log() -> int:
    """Delete what phones wrote long ago; returns how many lines."""
    return upkeep.forget_device_log()


@worker_shutting_down.connect
def _stop(**_kwargs: object) -> None:
    """A worker that was asked to go claims nothing more; what is in flight ends."""
    push.stop()


def hint() -> None:
    """After commit, tell a worker that there may be something to push: once, however many packages changed."""
    if not any(function is _hint for _savepoints, function, _robust in transaction.get_connection().run_on_commit):
        transaction.on_commit(_hint, robust=True)


def _hint() -> None:
    hints.give(push_due)
