"""Starts jobs. Who may is asked where they are started, and again when they run."""

import hashlib
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from jobs import files
from jobs.errors import JobRefused
from jobs.lists import plain_filter
from jobs.models import Job, JobKind, JobState, Part
from jobs.tasks import hint
from shops.models import Brand

MOST_BYTES = 20_000_000  # of an upload


def _start(brand: Brand, user: User, kind: JobKind, parameters: dict[str, Any], **columns: Any) -> Job:
    said = parameters | {"language": get_language() or "en"}
    job: Job = brand.jobs.create(user=user, kind=kind, parameters=said, **columns)
    hint()
    return job


@transaction.atomic
def start_export(brand: Brand, user: User, *, of: str, query: str, file_format: str) -> Job:
    """Write what the list `of` shows under the filter `query` to a file."""
    parameters = {"of": of, "filter": plain_filter(query), "format": file_format}
    return _start(brand, user, JobKind.EXPORT, parameters)


@transaction.atomic
def start_check(brand: Brand, user: User, upload: IO[bytes], name: str) -> Job:
    """Look at every row of a member file. Raises JobRefused for one that is too large."""
    digest, size = hashlib.sha256(), 0
    for piece in iter(lambda: upload.read(files.PIECE), b""):
        digest.update(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise JobRefused(_("The file is larger than %d MB.") % (MOST_BYTES // 1_000_000))
    parameters = {"name": name[:100], "sha256": digest.hexdigest()}
    job = _start(brand, user, JobKind.CHECK, parameters)
    files.keep(job, Part.UPLOAD, upload)
    return job


def imported_before(job: Job) -> Job | None:
    """An import of the very same file that was done before."""
    same = {"kind": JobKind.CHECK, "parameters__sha256": job.parameters.get("sha256")}
    found: Job | None = job.brand.jobs.filter(
        kind=JobKind.IMPORT, state=JobState.DONE, follows__in=job.brand.jobs.filter(**same).exclude(pk=job.pk)
    ).first()
    return found


def may_be_imported(job: Job) -> bool:
    """Whether `job` is a check that found nothing wrong, whose file is still there and was not imported yet."""
    is_good = job.kind == JobKind.CHECK and job.state == JobState.DONE and not job.outcome["problems"]
    return is_good and job.emptied_at is None and not job.brand.jobs.filter(follows=job).exists()


def start_import(check: Job, user: User) -> Job:
    """Import a file that was checked. Raises JobRefused if there is nothing to import, or it was started before."""
    if not may_be_imported(check):
        raise JobRefused(_("This file cannot be imported, or was already."))
    try:
        with transaction.atomic():
            parameters = {"name": check.parameters["name"]}
            return _start(check.brand, user, JobKind.IMPORT, parameters, follows=check, total=check.outcome["rows"])
    except IntegrityError as error:
        raise JobRefused(_("This file cannot be imported, or was already.")) from error


@transaction.atomic
def start_steps(brand: Brand, user: User, parameters: dict[str, Any]) -> Job:
    """Take a step with many orders of `brand`: `parameters` name the step and the orders."""
    return _start(brand, user, JobKind.STEPS, parameters)
