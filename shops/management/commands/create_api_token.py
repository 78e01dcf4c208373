"""manage.py create_api_token BRAND_SLUG --name NAME --ability A [--ability B …] [--expires DAYS]."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from shops.models import Brand
from shops.services import issue_token


class Command(BaseCommand):
    """Issue an API token and print it, and nothing else, on standard output."""

    help = "Issue an API token for a brand. Prints only the token; it cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("brand", metavar="BRAND_SLUG")
        parser.add_argument("--name", required=True)
        parser.add_argument("--ability", action="append", required=True, help='e.g. shops.orders.get, or "*" for all')
        parser.add_argument("--expires", type=int, metavar="DAYS", help="without it the token does not expire")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Issue the token. Raises CommandError for a brand that does not exist."""
        try:
            brand = Brand.objects.get(slug=options["brand"])
        except Brand.DoesNotExist:
            raise CommandError(f"There is no brand “{options['brand']}”.") from None
        days = options["expires"]
        expires_at = timezone.now() + timedelta(days=days) if days is not None else None
        _token, text = issue_token(brand, name=options["name"], abilities=options["ability"], expires_at=expires_at)
        self.stdout.write(text)
