"""manage.py check_points: prove that points and money agree."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from desk.proving import prove
from shops.models import Brand


class Command(BaseCommand):
    """What the nightly check does, now: every balance against its ledger, every order against what it follows from."""

    help = "Prove that balances equal their ledgers, and that orders' points and money agree. Exits 1 and names faults."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Check brand after brand. Raises CommandError if anything differs."""
        faults = [fault for brand in Brand.objects.order_by("pk") for fault in prove(brand)]
        for fault in faults:
            self.stderr.write(f"{fault.brand.slug} {fault}")
        if faults:
            raise CommandError(f"{len(faults)} sums do not agree.")
        self.stdout.write("All points and money agree.")
