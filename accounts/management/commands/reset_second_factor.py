"""manage.py reset_second_factor EMAIL: for whoever lost phone and recovery codes."""

from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management import BaseCommand, CommandError

from accounts.models import User
from accounts.second_factor import remove

logger = structlog.get_logger(__name__)


class Command(BaseCommand):
    """They sign in with their password alone, and set up another."""

    help = "Take a user's second factor and recovery codes away."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("email")

    def handle(self, *_args: Any, email: str, **_options: Any) -> None:
        """Do it. Raises CommandError if there is no such user."""
        user = User.objects.filter(email__lower=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        if remove(user):
            logger.warning("second factor reset", user=user.pk, by="manage.py")
            self.stdout.write(f"{user.email} signs in with the password alone, and can set up another second factor.")
        else:
            self.stdout.write(f"{user.email} has no second factor.")
