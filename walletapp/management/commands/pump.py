"""manage.py pump: send due webhooks, pushes and mails, and do the staff's jobs, without any broker."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from types import FrameType
from typing import Any

import structlog
from django.core.management import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from accounts import inviting
from applewallet import push
from buyers import mailing
from jobs import running
from orders import mails
from webhooks import delivery

logger = structlog.get_logger(__name__)


def send_mails() -> int:
    """Send the mails that are due, to buyers, members and staff; returns how many the mail server took."""
    return mailing.send_due() + mails.send_due() + inviting.send_due()


DRAINS: dict[str, Callable[[], int]] = {
    "webhooks": delivery.drain,
    "pushes": push.drain,
    "jobs": running.run_due,
    "mails": send_mails,
}


class Command(BaseCommand):
    """The same drains as the worker's, each in a loop of its own. Runs beside workers without harm."""

    help = "Send due webhooks, pushes and mails and do jobs, with PostgreSQL alone: without Redis, or while it is down."
    requires_system_checks = ()  # they load the whole site, 25 MB that nothing here needs

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--once", action="store_true", help="send what is due and stop")
        parser.add_argument("--pause", type=float, default=1.0, help="seconds between looks at an empty queue")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Drain until told to stop; SIGTERM finishes what is in flight."""
        self.stopped = threading.Event()
        if options["once"]:
            for name, drain in DRAINS.items():
                _tried(name, drain)
        else:
            signal.signal(signal.SIGTERM, self._stop)
            with ThreadPoolExecutor(len(DRAINS)) as pool:
                loops = [pool.submit(self._loop, name, options["pause"]) for name in DRAINS]
                wait(loops, return_when=FIRST_EXCEPTION)
                self._stop()  # none goes on alone
            for loop in loops:
                loop.result()
        push.channels.close()

    def _loop(self, name: str, pause: float) -> None:
        while not self.stopped.is_set():
            done = _tried(name, DRAINS[name])
            close_old_connections()
            if not done:
                self.stopped.wait(pause)
        connection.close()

    def _stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        self.stopped.set()
        delivery.stop()
        push.stop()
        running.stop()


def _tried(name: str, drain: Callable[[], int]) -> int:
    try:
        return drain()
    except (DatabaseError, InterfaceError):
        logger.exception("the pump lost the database; it goes on", of=name)
        return 0
