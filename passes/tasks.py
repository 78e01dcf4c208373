"""What beat asks of passes."""

from celery import shared_task
from django.db.models.functions import Now

from passes.models import Pass, PassStatus


@shared_task
def expire_passes() -> int:
    """Mark active passes past their date; returns how many. May run twice: the second run finds none."""
    return Pass.objects.filter(status=PassStatus.ACTIVE, expiration_date__lte=Now()).update(
        status=PassStatus.EXPIRED, updated_at=Now()
    )
