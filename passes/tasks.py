"""What beat asks of passes."""

from itertools import groupby
from operator import attrgetter

from celery import shared_task
from django.db.models.functions import Now

from applewallet.kinds import PASS
from applewallet.rendering import render_stale
from passes.models import Pass, PassStatus
from passes.phones import rendered
from passes.services import expire

BATCH = 100  # in one transaction


@shared_task
def expire_passes() -> int:
    """Mark active passes past their date; returns how many. May run twice at once: each is marked once."""
    due = Pass.objects.filter(status=PassStatus.ACTIVE, expiration_date__lte=Now()).select_related("brand")
    expired = 0
    while batch := sorted(due.order_by("expiration_date")[:BATCH], key=attrgetter("brand_id", "pk")):
        found = sum(expire(brand, [one.pk for one in ones]) for brand, ones in groupby(batch, attrgetter("brand")))
        if not found:
            break  # another run is at the same ones
        expired += found
    return expired


@shared_task
def render_passes() -> int:
    """Bring the passes on phones up to date after a brand changed its look; returns how many changed."""
    return render_stale(PASS.name, rendered)
