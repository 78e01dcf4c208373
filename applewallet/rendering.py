"""A brand changes its look, and every package follows: in small steps that may be killed at any line and run twice.

The place that a run has come to stands in the database, in `PackageType.stale_from`; beat goes on from there.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from applewallet.models import Design, Package, PackageType
from applewallet.services import Source, refresh
from shops.models import Brand

BATCH = 50  # packages in one transaction; while it commits, no device of the brand registers
Render = Callable[[Package], Source | None]


@receiver(post_save, sender=Design)
def design_changed(instance: Design, **_more: Any) -> None:
    """Every package of the brand shows its design."""
    mark_stale(instance.brand)


@receiver(post_save, sender=Brand)
def brand_changed(instance: Brand, *, created: bool, **_more: Any) -> None:
    """Every package of the brand shows its name, its colours, its logo, its point value or its policy of returns."""
    if not created:
        mark_stale(instance)


def mark_stale(brand: Brand) -> None:
    """Have all packages of the brand rendered anew, soon."""
    brand.packagetypes.update(stale_from=0)


def render_stale(kind_name: str, render: Render) -> int:
    """Render the stale packages of a kind; returns how many have a new version.

    `render` gives a package's source; None leaves it as it is. It rests as long as it works, so that the pages of a
    machine that does both stay quick.
    """
    changed = 0
    for key in PackageType.objects.filter(kind_name=kind_name, stale_from__isnull=False).values_list("pk", flat=True):
        started = time.monotonic()
        while (step := _step(key, render)) is not None:
            changed += step
            time.sleep(time.monotonic() - started)
            started = time.monotonic()
    return changed


@transaction.atomic
def _step(key: int, render: Render) -> int | None:
    """Render one batch and move on the place; None when there is no more, or somebody else is at it."""
    stale = PackageType.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=key)
    package_type = stale.filter(stale_from__isnull=False).first()
    if package_type is None:
        return None
    packages = package_type.packages.select_related("type__brand").filter(pk__gte=package_type.stale_from)
    batch = list(packages.order_by("pk")[:BATCH])
    sources = [(package, render(package)) for package in batch]
    changed = sum(refresh(package, source) for package, source in sources if source is not None)
    package_type.stale_from = batch[-1].pk + 1 if len(batch) == BATCH else None
    package_type.save(update_fields=["stale_from"])
    return changed
