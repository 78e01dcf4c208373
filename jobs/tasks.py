"""The hint to a worker, and what beat asks of jobs."""

from datetime import timedelta

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import transaction
from django.db.models import F, JSONField, TextField, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, Now

from jobs import running
from jobs.models import ALIVE, Job, JobChunk, JobLine
from shops import hints

BATCH = 100
WITHOUT_SAMPLE = CombinedExpression(F("outcome"), "-", Cast(Value("sample"), TextField()), output_field=JSONField())


@shared_task
def run_due() -> int:
    """Do the jobs that wait; returns how many were taken up."""
    return running.run_due()


@shared_task
def forget_files() -> int:
    """Delete the files and lines of jobs that ended JOB_KEPT_DAYS ago; returns of how many jobs.

    The jobs stay, with their counts and without any row of a file.
    """
    old = Job.objects.filter(emptied_at=None, finished_at__lt=Now() - timedelta(days=settings.JOB_KEPT_DAYS))
    keys = list(old.exclude(state__in=ALIVE).order_by("finished_at").values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        JobChunk.objects.filter(job__in=keys).delete()
        JobLine.objects.filter(job__in=keys).delete()
        Job.objects.filter(pk__in=keys).update(emptied_at=Now(), file_name="", outcome=WITHOUT_SAMPLE)
    return len(keys)


@worker_shutting_down.connect
def _stop(**_kwargs: object) -> None:
    """A worker that was asked to go gives its jobs back."""
    running.stop()


def hint() -> None:
    """After commit, tell a worker that there is a job. A broker that is down is nobody's error: beat looks anyway."""
    transaction.on_commit(lambda: hints.give(run_due), robust=True)
