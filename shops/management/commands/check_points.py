"""manage.py check_points: prove that every balance equals its ledger."""

from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db.models import F, Sum, Value
from django.db.models.functions import Coalesce

from shops.models import Member


class Command(BaseCommand):
    """Compare each member's balance with the sum of its points entries."""

    help = "Prove that every member's balance equals the sum of its ledger. Exits 1 and names those that differ."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Check all members in one statement. Raises CommandError if any differs."""
        members = Member.objects.annotate(booked=Coalesce(Sum("points_entries__points"), Value(0)))
        wrong = members.exclude(points=F("booked")).select_related("brand").order_by("pk")
        for member in wrong:
            self.stderr.write(f"{member.brand.slug} {member.uuid}: balance {member.points}, ledger {member.booked}")
        if wrong:
            raise CommandError(f"{len(wrong)} balances differ from their ledgers.")
        self.stdout.write(f"{Member.objects.count()} balances equal their ledgers.")
