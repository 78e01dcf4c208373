"""Orders print their passes, so they follow what happens to those (passes/signals.py)."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import F
from django.dispatch import receiver

from orders.services import save_order
from passes.models import Pass
from passes.signals import passes_changed, passes_locking
from shops.models import Brand


@receiver(passes_locking)
def lock_their_orders(brand: Brand, keys: Sequence[int], **_more: Any) -> None:
    """Lock the orders before their passes, as the verbs on orders do."""
    list(brand.orders.select_for_update(of=["self"]).filter(items__issued_pass__in=keys).order_by("pk"))


@receiver(passes_changed)
def count_as_their_change(brand: Brand, keys: Sequence[int], passes: Sequence[Pass], **_more: Any) -> None:
    """Count the change of a pass as one of its order: of its ETag, and for `modified_since`."""
    rows = brand.orders.filter(items__issued_pass__in=keys).select_related("brand", "member").order_by("pk")
    by_key = {issued.pk: issued for issued in passes}
    for _pk, found in groupby(rows.annotate(pass_key=F("items__issued_pass")), key=attrgetter("pk")):
        theirs: list[Any] = list(found)
        save_order(theirs[0], about=[by_key[row.pass_key] for row in theirs])
