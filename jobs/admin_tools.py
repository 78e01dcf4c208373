"""What one does with a job that is there: its file, its lines, the import after a check, canceling."""

import csv
import io
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import User
from jobs import files, leases
from jobs.columns import harmless
from jobs.errors import JobRefused
from jobs.exports import batches
from jobs.models import Job, JobKind, Part
from jobs.services import start_import
from shops.sentences import in_language


class JobTools:
    """Adds them to the jobs' admin."""

    admin_site: Any

    def download(self: Any, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The file that the job wrote, to who could start such a job."""
        job = self._own(request, object_id)
        if not job.file_name:
            raise Http404
        self.log_change(request, job, _("File downloaded."))
        return _attachment(files.pieces(job, Part.RESULT), job.file_name)

    def download_lines(self: Any, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """All that the job says of single rows, as CSV."""
        job = self._own(request, object_id)
        return _attachment(_as_csv(job), f"rows-of-job-{job.pk}.csv")

    def confirm(self: Any, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Import the file that was checked."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        check = self._own(request, object_id)
        try:
            job = start_import(check, user_of(request))
        except JobRefused as error:
            messages.warning(request, str(error))
            return redirect("admin:jobs_job_change", check.pk)
        self.log_addition(request, job, _("Started."))
        return redirect("admin:jobs_job_change", job.pk)

    def cancel(self: Any, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """End the job."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self._own(request, object_id)
        if leases.cancel(job):
            self.log_change(request, job, _("Canceled."))
            messages.success(request, _("The job is canceled. What was done before stays as it is."))
        else:
            messages.warning(request, _("The job has ended already."))
        return redirect("admin:jobs_job_change", job.pk)

    def _own(self: Any, request: HttpRequest, object_id: int) -> Job:
        """The job, if it is of one's own brand and one could start such a one. Raises Http404 and PermissionDenied."""
        job: Job | None = self.get_object(request, str(object_id))
        if job is None:
            raise Http404
        if not self.may(request, self.permission_for(job), job):
            raise PermissionDenied
        return job


def user_of(request: HttpRequest) -> User:
    """Who is asking: nobody comes here who has not signed in."""
    return cast("User", request.user)


def _attachment(pieces: Iterator[bytes], name: str) -> HttpResponse | StreamingHttpResponse:
    kind = "text/csv; charset=utf-8" if name.endswith(".csv") else "application/octet-stream"
    answer = StreamingHttpResponse(pieces, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _as_csv(job: Job) -> Iterator[bytes]:
    is_about_orders = job.kind == JobKind.STEPS
    yield "\ufeff".encode() + _line([("order" if is_about_orders else "row"), "column", "problem", "text"])
    for batch in batches(job.lines.all(), ["row", "column", "is_problem", "text"]):
        yield b"".join(
            _line([row, column, "yes" if is_problem else "no", harmless(in_language(text))])
            for _key, row, column, is_problem, text in batch
        )


def _line(cells: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
