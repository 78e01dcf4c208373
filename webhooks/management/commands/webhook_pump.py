"""manage.py webhook_pump: send due webhooks without any broker."""

import signal
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import structlog
from django.core.management import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections

from webhooks import delivery

logger = structlog.get_logger(__name__)


class Command(BaseCommand):
    """The same drain as the worker's, in a loop of its own. Runs beside workers without harm."""

    help = "Send due webhooks, with PostgreSQL alone: for an installation without Redis, or while it is down."
    requires_system_checks = ()  # they load the whole site, 25 MB that nothing here needs

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--once", action="store_true", help="send what is due and stop")
        parser.add_argument("--pause", type=float, default=1.0, help="seconds between looks at an empty queue")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Drain until told to stop; SIGTERM finishes what is in flight."""
        self.stopped = False
        signal.signal(signal.SIGTERM, self._stop)
        while not self.stopped:
            try:
                calls = delivery.drain()
            except (DatabaseError, InterfaceError):
                logger.exception("the pump lost the database; it goes on")
                calls = 0
            close_old_connections()
            if options["once"]:
                return
            if not calls:
                time.sleep(options["pause"])

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopped = True
        delivery.stop()
