"""A part of a member's name is looked up along an index of trigrams; ledger lines by their reference and rare reasons."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations, models
from django.db.models.functions import Upper


class Trigrams(TrigramExtension):
    """pg_trgm, which stays when this is undone: it may have been there before, and others may use it."""

    def database_backwards(self, *_args: Any) -> None:
        """Leave it."""


class Migration(migrations.Migration):
    """Built while members and points are written."""

    atomic = False
    dependencies = [("shops", "0009_members_found_by_email")]
    operations = [
        Trigrams(),
        AddIndexConcurrently(
            "member",
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="member_by_part_of_name"),
        ),
        AddIndexConcurrently(
            "pointsentry",
            models.Index(OpClass("reference", name="varchar_pattern_ops"), name="points_entry_by_reference"),
        ),
        AddIndexConcurrently(
            "pointsentry",
            models.Index(
                fields=["brand", "reason", "-id"],
                name="points_entry_of_rare_reason",
                condition=~models.Q(reason="earned") & ~models.Q(reason="spent"),
            ),
        ),
    ]
