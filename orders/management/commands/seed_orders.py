"""manage.py seed_orders BRAND_SLUG --count N [--seed S]."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from orders import bulk
from shops.models import Brand


class Command(BaseCommand):
    """Make many orders at once, for load tests."""

    help = (
        "Make many realistic orders for a brand, with members, passes, payments, points and webhook calls, for load"
        " tests. The same seed makes the same data on the same brand; times follow from the order numbers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("brand", metavar="BRAND_SLUG")
        parser.add_argument("--count", type=int, required=True, metavar="N")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="another seed makes other data")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make them. Raises CommandError for a brand that does not exist and for a count below 1."""
        if options["count"] < 1:
            raise CommandError("--count must be at least 1.")
        try:
            brand = Brand.objects.get(slug=options["brand"])
        except Brand.DoesNotExist:
            raise CommandError(f"There is no brand “{options['brand']}”.") from None
        started = time.monotonic()
        bulk.seed_orders(brand, options["count"], seed=options["seed"])
        seconds = time.monotonic() - started
        self.stdout.write(f"{options['count']} orders in {seconds:.1f} s ({options['count'] / seconds:.0f} a second).")
