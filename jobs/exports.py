"""An export: what a list shows under a filter, as CSV or XLSX. Read and written in batches; memory stays flat."""

import csv
import io
import tempfile
from collections.abc import Iterator
from typing import IO, Any, Protocol

from django.db import transaction
from openpyxl import Workbook

from jobs import files
from jobs.columns import EXPORTS, BrandResource
from jobs.leases import finish, pulse
from jobs.lists import ensure_allowed, listed
from jobs.models import Job, Part

BATCH = 1000  # rows in memory
MOST_IN_SHEET = 1_000_000  # rows; a sheet has 1,048,576
PERMISSION = "export data"


class Table(Protocol):
    """A file that rows are written to."""

    def write(self, cells: list[Any]) -> None:
        """Append a row."""

    def end(self) -> None:
        """Complete the file."""


class CSV:
    """Comma-separated, UTF-8 with a byte order mark, by which spreadsheets know it."""

    def __init__(self, file: IO[bytes], header: list[str]) -> None:
        self.text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        self.writer = csv.writer(self.text)
        self.write(header)

    def write(self, cells: list[Any]) -> None:
        """Append a row."""
        self.writer.writerow(cells)

    def end(self) -> None:
        """Complete the file; it stays open."""
        self.text.flush()
        self.text.detach()


class XLSX:
    """A workbook that is written row by row; another sheet where one is full."""

    def __init__(self, file: IO[bytes], header: list[str]) -> None:
        self.file, self.header = file, header
        self.book = Workbook(write_only=True)
        self.left = 0

    def write(self, cells: list[Any]) -> None:
        """Append a row."""
        if not self.left:
            self._begin_sheet()
        self.sheet.append(cells)
        self.left -= 1

    def end(self) -> None:
        """Complete the file."""
        if not self.book.worksheets:
            self._begin_sheet()
        self.book.save(self.file)

    def _begin_sheet(self) -> None:
        self.sheet: Any = self.book.create_sheet()
        self.sheet.append(self.header)
        self.left = MOST_IN_SHEET


FORMATS: dict[str, type[CSV | XLSX]] = {"csv": CSV, "xlsx": XLSX}


def export(job: Job) -> None:
    """Write the file of `job` and end it. Killed anywhere, it begins anew. Raises JobRefused and LeaseLost."""
    user = ensure_allowed(job, PERMISSION)
    resource = EXPORTS[job.parameters["of"]](job.brand)
    rows = listed(resource.model, user, job.parameters["filter"]).filter(brand=job.brand)
    pulse(job, done=0, total=rows.order_by().count())
    with tempfile.TemporaryFile() as file:
        table: Table = FORMATS[job.parameters["format"]](file, resource.get_export_headers())
        done = 0
        for batch in batches(rows, resource.paths()):
            done += _write(table, resource, batch)
            pulse(job, done=done)
        table.end()
        pulse(job)
        name = f"{job.parameters['of']}-{job.brand.slug}-{job.pk}.{job.parameters['format']}"
        with transaction.atomic():
            files.keep(job, Part.RESULT, file)
            finish(job, done=done, total=done, file_name=name, outcome={"rows": done})


def batches(rows: Any, paths: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    """The values at `paths` of all of `rows`, each behind its row's key, along the keys, BATCH at a time.

    No cursor, no long transaction, nothing twice; and no models, which took longer to make than all else together.
    """
    rows, last = rows.prefetch_related(None).order_by("pk").values_list("pk", *paths), 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1][0]


def _write(table: Table, resource: BrandResource, batch: list[tuple[Any, ...]]) -> int:
    for _key, *values in batch:
        table.write(resource.cells(values))
    return len(batch)
