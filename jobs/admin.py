"""Jobs in the admin: the list of one's brand's own, and a job's page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from jobs.admin_starting import NAMES, StartPages
from jobs.admin_tools import JobTools
from jobs.exports import PERMISSION as EXPORT
from jobs.member_files import PERMISSION as IMPORT
from jobs.models import Job, JobKind, JobState
from jobs.services import imported_before, may_be_imported
from orders.admin_steps import LIST_STEPS
from shops.brand_admin import BrandAdmin, ReadOnly
from shops.speaking import number

COLORS = {
    JobState.QUEUED: "warning",
    JobState.RUNNING: "info",
    JobState.DONE: "success",
    JobState.FAILED: "danger",
    JobState.CANCELED: "",
}
SHOWN = 1000  # lines on a job's page


@admin.register(Job)
class JobAdmin(StartPages, JobTools, ReadOnly, BrandAdmin):
    """What was started: how far it is, what came of it."""

    list_display = ["what", "state_badge", "progress", "user", "created_at", "finished_at"]
    list_display_links = ["what"]
    list_filter = ["kind", "state"]
    list_select_related = ["brand", "user"]

    def get_urls(self) -> list[Any]:
        """Put the pages that start jobs, and what one does with a job, beside them."""
        view = self.admin_site.admin_view
        return [
            path("export/<slug:of>/", view(self.export_page), name="jobs_job_export"),
            path("members/", view(self.import_page), name="jobs_job_members"),
            path("orders/", view(self.steps_page), name="jobs_job_steps"),
            path("<int:object_id>/file/", view(self.download), name="jobs_job_file"),
            path("<int:object_id>/lines/", view(self.download_lines), name="jobs_job_lines"),
            path("<int:object_id>/import/", view(self.confirm), name="jobs_job_confirm"),
            path("<int:object_id>/cancel/", view(self.cancel), name="jobs_job_cancel"),
            *super().get_urls(),
        ]

    def permission_for(self, job: Job) -> str:
        """What one needs to start such a job, to cancel it, and to have its files."""
        if job.kind == JobKind.STEPS:
            step = LIST_STEPS.get(job.parameters["step"])
            return step.permission if step else "process order"
        return EXPORT if job.kind == JobKind.EXPORT else IMPORT

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the job's page."""
        job = self.get_object(request, object_id)
        if job is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        is_allowed = self.may(request, self.permission_for(job), job)
        lines = job.lines.filter(is_problem=True).order_by("pk")[:SHOWN] if is_allowed else []
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": job,
            "sees_brand": self.asks_for_brand(request),
            "title": self.what(job),
            "state": {"text": job.get_state_display(), "color": COLORS.get(JobState(job.state))},
            "progress": self.progress(job),
            "lines": lines,
            "shown": SHOWN,
            "has_lines": is_allowed and job.lines.exists(),
            "is_allowed": is_allowed,
            "can_import": is_allowed and may_be_imported(job),
            "next": getattr(job, "followed_by", None),
            "before": imported_before(job) if job.kind == JobKind.CHECK else None,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/jobs/job/page.html", context)

    @display(description=_("job"))
    def what(self, job: Job) -> str:
        """What it does, in words."""
        if job.kind == JobKind.STEPS:
            step = LIST_STEPS.get(job.parameters["step"])
            return str(step.label if step else job.get_kind_display())
        if job.kind == JobKind.EXPORT:
            return str(NAMES[job.parameters["of"]])
        return f"{job.get_kind_display()}: {job.parameters['name']}"

    @display(description=_("state"), ordering="state", label=COLORS)
    def state_badge(self, job: Job) -> tuple[str, str]:
        """Where it stands."""
        return job.state, job.get_state_display()

    @display(description=_("rows"))
    def progress(self, job: Job) -> str:
        """How many rows are done, and of how many."""
        return f"{number(job.done)} / {number(job.total)}" if job.total else number(job.done)
