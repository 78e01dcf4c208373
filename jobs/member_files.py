"""A member file in two steps: a check of every row that changes nothing; the import, which takes all rows or none."""

from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext as _

from jobs import files
from jobs.errors import JobRefused
from jobs.leases import Heart, finish, hold, pulse
from jobs.lists import ensure_allowed
from jobs.models import Job, JobLine, Part
from jobs.people import Problem, Reader
from jobs.sheets import rows_of
from shops.arrivals import Arrival, add_or_update, alone, known

PERMISSION = "import members"
BATCH = 1000
SAMPLE = 20  # rows on the page
MOST_PROBLEMS = 200_000  # that are kept


def check(job: Job) -> None:
    """Look at every row of the upload. Killed anywhere, it begins anew. Raises JobRefused and LeaseLost."""
    ensure_allowed(job, PERMISSION)
    with transaction.atomic():
        hold(job)
        job.lines.all().delete()
    found: dict[str, Any] = {"rows": 0, "problems": 0, "new": 0, "updated": 0, "points": 0, "sample": []}
    with files.opened(job, Part.UPLOAD) as upload:
        pulse(job, done=0, total=_count(upload))
        for batch in _batches(Reader().read(rows_of(upload))):
            found["rows"] += len(batch)
            _count_in(job, found, [one for one in batch if isinstance(one, Arrival)])
            _note(job, found, [one for ones in batch if isinstance(ones, list) for one in ones])
            pulse(job, done=found["rows"])
    if not found["rows"]:
        raise JobRefused(_("The file names columns, but nobody."))
    finish(job, outcome=found, total=found["rows"])


def _count(upload: IO[bytes]) -> int | None:
    """About how many rows there are below the heading, for the progress bar. A workbook's are not counted."""
    breaks, last = 0, b""
    while piece := upload.read(files.PIECE):
        breaks, last = breaks + piece.count(b"\n"), piece[-1:]
    upload.seek(0)
    is_workbook = upload.read(2) == b"PK"
    upload.seek(0)
    return None if is_workbook else max(breaks - (last == b"\n"), 0)


def _batches(read: Iterator[Arrival | list[Problem]]) -> Iterator[list[Arrival | list[Problem]]]:
    while batch := list(islice(read, BATCH)):
        yield batch


def _count_in(job: Job, found: dict[str, Any], arrivals: list[Arrival]) -> None:
    there = known(job.brand, arrivals)
    for one in arrivals:
        member = there.get(one.email.lower())
        found["updated" if member else "new"] += 1
        found["points"] += one.points
        if len(found["sample"]) < SAMPLE:
            name = member.name if member else ""
            facts = {"row": one.row, "email": one.email, "name": one.name or name, "points": one.points}
            found["sample"].append(facts | {"is_known": member is not None, "was": name if one.name else ""})


def _note(job: Job, found: dict[str, Any], problems: list[Problem]) -> None:
    room = max(MOST_PROBLEMS - found["problems"], 0)
    found["problems"] += len(problems)
    lines = [
        JobLine(brand=job.brand, job=job, row=one.row, column=one.column, text=one.text) for one in problems[:room]
    ]
    if lines:
        with transaction.atomic():
            hold(job)
            job.brand.job_lines.bulk_create(lines)


def take_in(job: Job) -> None:
    """Import the file that was checked, in one transaction: all rows or none. Raises JobRefused and LeaseLost."""
    ensure_allowed(job, PERMISSION)
    checked = job.follows
    if checked is None:
        raise JobRefused(_("The file was not checked."))
    done = new = 0
    with files.opened(checked, Part.UPLOAD) as upload, Heart(job) as heart, transaction.atomic():
        alone(job.brand)
        for batch in _batches(Reader().read(rows_of(upload))):
            people = [one for one in batch if isinstance(one, Arrival)]
            if len(people) < len(batch):
                raise JobRefused(_("The file is not the one that was checked. Nothing was imported."))
            new += add_or_update(job.brand, people, slip=checked.uuid.hex[:12])
            done += len(people)
            heart.check(done)
        heart.end()
        outcome = {"rows": done, "new": new, "updated": done - new, "points": checked.outcome["points"]}
        finish(job, done=done, total=done, outcome=outcome)
