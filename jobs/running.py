"""Does the jobs that wait, one after the other. May run many times at once, anywhere: each job is done once."""

from collections.abc import Callable, Mapping

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _
from django.utils.translation import override

from jobs.errors import JobRefused, LeaseLost, Stopping
from jobs.exports import export
from jobs.leases import fail, give_back, stopping, take
from jobs.member_files import check, take_in
from jobs.models import Job, JobKind
from jobs.steps import take_steps

WORK: Mapping[str, Callable[[Job], None]] = {
    JobKind.EXPORT: export,
    JobKind.CHECK: check,
    JobKind.IMPORT: take_in,
    JobKind.STEPS: take_steps,
}
logger = structlog.get_logger(__name__)


def run_due() -> int:
    """Do the jobs that wait; returns how many were taken up."""
    count = 0
    while job := take():
        run(job)
        count += 1
    return count


def run(job: Job) -> None:
    """Do one job that was taken. Whatever happens, its row tells; what the database refuses is tried again."""
    logger.info("job begins", job=job.pk, kind=job.kind, attempt=job.attempts)
    with override(job.parameters.get("language", "en")):
        try:
            WORK[job.kind](job)
        except JobRefused as error:
            fail(job, str(error))
        except LeaseLost:
            logger.info("job is no longer ours", job=job.pk)
        except Stopping:
            give_back(job)
        except (DatabaseError, InterfaceError):
            logger.exception("the database failed a job; it is taken up again", job=job.pk)
        except Exception as error:
            logger.exception("job failed", job=job.pk)
            fail(job, _("A fault of ours (%s). Nothing is half done; the log knows more.") % type(error).__name__)


def stop() -> None:
    """Take nothing more, and give back what is under way."""
    stopping.set()
