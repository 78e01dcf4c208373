"""The receiver exam in the admin: say what will be sent where, hold it, and show the reports."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from shops.brand_admin import BrandAdmin, OwnRowsFilter, ReadOnly
from shops.errors import InvalidInput, TooSoon
from shops.sentences import in_language
from webhooks import services
from webhooks.admin_request import in_order
from webhooks.admin_words import GRADE_COLORS, MARKS
from webhooks.exam import LONGEST_URL, MOST_SECONDS, run_exam
from webhooks.exam_steps import STEPS, Mark
from webhooks.exam_words import step_in_language
from webhooks.models import Endpoint, ExamReport


class ExamForm(forms.Form):
    """Where to hold the exam."""

    url = forms.URLField(
        label=gettext_lazy("URL"),
        help_text=gettext_lazy("The endpoint's own, or one of a receiver that is being tested."),
        max_length=LONGEST_URL,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget({"type": "url", "autocomplete": "off"}),
    )

    def clean_url(self) -> str:
        """Refuse what the transport would refuse."""
        url: str = self.cleaned_data["url"]
        try:
            services.check_destination(url)
        except InvalidInput as error:
            raise forms.ValidationError(str(error)) from error
        return url


def exam_page(model_admin: Any, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    """Say what will be sent where; when that is confirmed, hold the exam and show its report.

    It is held within the request, with no transaction open: see docs/decisions.md.
    """
    form = ExamForm(request.POST if request.method == "POST" else None, initial={"url": endpoint.url})
    if form.is_valid():
        try:
            report = run_exam(endpoint, url=form.cleaned_data["url"], by=request.user.get_username())
        except TooSoon as error:
            messages.error(request, str(error))
        else:
            model_admin.log_change(request, endpoint, _("Receiver exam held: %s.") % report.get_grade_display().lower())
            return redirect("admin:webhooks_examreport_change", report.pk)
    steps = [{"purpose": in_language(step.purpose), "expected": in_language(step.expected)} for step in STEPS]
    context = {"title": _("Receiver exam"), "form": form, "steps": steps, "seconds": MOST_SECONDS}
    return model_admin._show(request, endpoint, "exam", **context)  # noqa: SLF001 -- a page of this admin


def _shown(step: dict[str, Any]) -> dict[str, Any]:
    """A step for eyes: its headers in the order in which they were sent, which the database does not keep."""
    step = step_in_language(step)
    exchanges = [{**one, "headers": in_order(one["sent"]["headers"])} for one in step["exchanges"]]
    return {**step, "exchanges": exchanges, "mark": MARKS[step["grade"]]}


class ExamReportAdmin(ReadOnly, BrandAdmin):
    """What exams found, to look at: evidence that nobody changes."""

    list_display = ["started_at", "endpoint", "url", "grade_badge", "by"]
    list_filter = [("grade", ChoicesDropdownFilter), ("endpoint", OwnRowsFilter)]
    list_select_related = ["brand", "endpoint"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExamReport]:
        """Without the messages, which a report's page alone shows."""
        return super().get_queryset(request).select_related("brand", "endpoint").defer("steps")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the report."""
        report = self.get_object(request, object_id)
        if report is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        in_use = report.endpoint.removed_at is None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": report,
            "sees_brand": self.asks_for_brand(request),
            "title": _("Report of a receiver exam"),
            "grade": {"text": report.get_grade_display(), "color": GRADE_COLORS[report.grade]},
            "steps": [_shown(step) for step in report.steps],
            "passed": sum(step["grade"] == Mark.PASSED for step in report.steps),
            "seconds": (report.finished_at - report.started_at).total_seconds(),
            "is_in_use": in_use,
            "can_hold_exam": in_use and self.may(request, "hold exam", report),
            "can_ask_clinic": in_use and self.may(request, "ask clinic", report),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/webhooks/examreport/page.html", context)

    @display(description=gettext_lazy("grade"), ordering="grade", label=GRADE_COLORS)
    def grade_badge(self, report: ExamReport) -> tuple[str, str]:
        """How the receiver did."""
        return report.grade, report.get_grade_display()
