"""manage.py unlock_sign_in WHO: let an e-mail address or an IP address try again at once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from accounts.sign_in import forgive


class Command(BaseCommand):
    """Forgets failed attempts to sign in; they are forgotten by themselves after 15 minutes."""

    help = "Forget the failed sign-ins of an e-mail address or an IP address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("who", help="an e-mail address or an IP address")

    def handle(self, *_args: Any, who: str, **_options: Any) -> None:
        """Do it."""
        self.stdout.write(f"{who} may try again." if forgive(who) else f"Nothing was counted for {who}.")
