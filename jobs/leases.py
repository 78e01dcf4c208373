"""Who works on a job: taking it, holding it, and letting it go. Everything is written under the lease's token."""

import threading
import uuid
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from jobs.errors import LeaseLost, Stopping
from jobs.models import ALIVE, Job, JobState

LEASE = timedelta(seconds=120)  # after which a silent worker is taken for dead
BEAT = 2.0  # seconds between two signs of life
MOST_AT_ONCE = 2  # jobs over all brands, so that they never take all of a worker's threads
MOST_ATTEMPTS = 5
NEVER_ENDED = gettext_noop("It was taken up %(times)s times and never ended.")
LOCK = 7_061_962  # of pg_advisory_xact_lock: one process at a time looks for a job
logger = structlog.get_logger(__name__)
stopping = threading.Event()


@transaction.atomic
def take() -> Job | None:
    """Take the job that has waited longest: one of a brand at a time, MOST_AT_ONCE over all.

    One that was taken MOST_ATTEMPTS times and never ended, fails.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    at_work = Job.objects.filter(state=JobState.RUNNING, leased_until__gt=Now())
    if stopping.is_set() or at_work.count() >= MOST_AT_ONCE:
        return None
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, leased_until__lte=Now())
    rows = Job.objects.select_for_update(of=["self"], skip_locked=True).select_related("brand", "user")
    job = rows.filter(free).exclude(brand__in=at_work.values("brand")).order_by("pk").first()
    if job is None:
        return None
    if job.attempts >= MOST_ATTEMPTS:
        _end(
            Job.objects.filter(pk=job.pk),
            JobState.FAILED,
            error=NEVER_ENDED % {"times": job.attempts},
        )
        return None
    job.token, job.state, job.attempts = uuid.uuid4(), JobState.RUNNING, job.attempts + 1
    mine = {"token": job.token, "state": job.state, "attempts": job.attempts}
    Job.objects.filter(pk=job.pk).update(**mine, leased_until=Now() + LEASE)
    return job


def _held(job: Job) -> QuerySet[Job]:
    """The row of `job` for as long as its lease is ours."""
    return Job.objects.filter(pk=job.pk, token=job.token, state=JobState.RUNNING)


def pulse(job: Job, **columns: Any) -> None:
    """Say that somebody works on `job`, and how far it is. Raises LeaseLost, and Stopping."""
    if stopping.is_set():
        raise Stopping
    if not _held(job).update(leased_until=Now() + LEASE, **columns):
        raise LeaseLost


def hold(job: Job) -> None:
    """Keep `job` ours until the transaction ends. Raises LeaseLost."""
    if not _held(job).select_for_update(of=["self"]).exists():
        raise LeaseLost


def finish(job: Job, **columns: Any) -> None:
    """End `job` well, in the transaction that holds what it did. Raises LeaseLost, which undoes all of it."""
    if not _end(_held(job), JobState.DONE, **columns):
        raise LeaseLost


def fail(job: Job, error: str) -> None:
    """End `job` without a result."""
    _end(_held(job), JobState.FAILED, error=error[:500])


def give_back(job: Job) -> None:
    """Let another worker go on at once; being told to stop is no failed attempt."""
    _held(job).update(state=JobState.QUEUED, token=None, leased_until=None, attempts=job.attempts - 1)


def cancel(job: Job) -> bool:
    """End `job`, whoever works on it; they notice at their next sign of life. False if it has ended."""
    return bool(_end(Job.objects.filter(pk=job.pk, state__in=ALIVE), JobState.CANCELED))


def _end(rows: QuerySet[Job], state: JobState, **columns: Any) -> int:
    return rows.update(state=state, token=None, leased_until=None, finished_at=Now(), **columns)


class Heart:
    """Gives signs of life over a connection of its own, while the job's own transaction is open."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.done = 0
        self.lost: Exception | None = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def end(self) -> None:
        """Fall silent. Do so before the job is finished: both write to its row."""
        self.ended.set()
        self.thread.join()

    def check(self, done: int) -> None:
        """Note how far the job is. Raises LeaseLost, and Stopping."""
        self.done = done
        if self.lost:
            raise self.lost

    def _beat(self) -> None:
        try:
            while not self.ended.wait(BEAT):
                pulse(self.job, done=self.done)
        except (LeaseLost, Stopping) as error:
            self.lost = error
        except (DatabaseError, InterfaceError) as error:
            logger.warning("a job gives no signs of life", error=type(error).__name__)
        finally:
            connection.close()
