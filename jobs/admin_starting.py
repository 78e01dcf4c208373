"""The pages that start jobs: each says what would happen, and to how many rows, before it does."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from jobs import services
from jobs.admin_tools import user_of
from jobs.columns import EXPORTS
from jobs.errors import JobRefused
from jobs.exports import FORMATS
from jobs.exports import PERMISSION as EXPORT
from jobs.lists import listed, plain_filter
from jobs.member_files import PERMISSION as IMPORT
from jobs.models import Job
from jobs.people import COLUMNS
from jobs.sheets import MOST_ROWS
from jobs.steps import chosen
from orders.admin_steps import LIST_STEPS, MOST_AT_ONCE, Step
from orders.models import Order
from shops.models import Brand
from shops.numbers import whole_number
from shops.permissions import brands_where, may

NAMES = {
    "orders": gettext_lazy("Export orders"),
    "members": gettext_lazy("Export members"),
    "passes": gettext_lazy("Export passes"),
    "points": gettext_lazy("Export the points ledger"),
}


class BrandChoice(forms.Form):
    """Which brand's rows: asked of those only who have several."""

    brand = forms.ModelChoiceField(
        Brand.objects.none(),  # each form has its own
        label=gettext_lazy("Brand"),
        widget=UnfoldAdminSelectWidget(),
        empty_label=None,
    )

    def __init__(self, brands: QuerySet[Brand], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["brand"].queryset = brands  # type: ignore[attr-defined]
        first = list(brands[:2])
        if len(first) == 1:
            self.only = first[0]
            del self.fields["brand"]

    @property
    def chosen_brand(self) -> Brand:
        """The brand that was chosen, or the only one."""
        return self.cleaned_data.get("brand") or self.only


class ExportForm(BrandChoice):
    """What the file shall be."""

    file_format = forms.ChoiceField(
        label=gettext_lazy("File"),
        choices=[("csv", gettext_lazy("CSV")), ("xlsx", gettext_lazy("Excel (.xlsx)"))],
        initial="csv",
        widget=UnfoldAdminRadioSelectWidget(),
    )


class UploadForm(BrandChoice):
    """The members' file."""

    file = forms.FileField(label=gettext_lazy("File"), widget=UnfoldAdminFileFieldWidget())


class StartPages:
    """Adds them to the jobs' admin."""

    admin_site: Any
    opts: Any

    def export_page(self: Any, request: HttpRequest, of: str) -> HttpResponse:
        """Ask which file, and start the export of what the list showed."""
        if of not in EXPORTS:
            raise Http404
        brands = self._brands(request, EXPORT)
        query = plain_filter(request.POST.get("filter", request.GET.get("filter", "")))
        wanted = {"file_format": "csv", "brand": whole_number(QueryDict(query).get("brand"))}
        form = ExportForm(brands, request.POST or None, initial=wanted)
        if form.is_valid():
            options = {"of": of, "query": query, "file_format": form.cleaned_data["file_format"]}
            return self._begin(request, services.start_export(form.chosen_brand, user_of(request), **options))
        try:
            rows = listed(EXPORTS[of].model, user_of(request), query).filter(brand__in=brands)
        except JobRefused as error:
            messages.warning(request, str(error))
            return redirect("admin:jobs_job_changelist")
        count = rows.order_by().count()
        return self._ask(request, "export", NAMES[of], form=form, filter=query, count=count, formats=FORMATS)

    def import_page(self: Any, request: HttpRequest) -> HttpResponse:
        """Take a file, and start the check of it."""
        form = UploadForm(self._brands(request, IMPORT), request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                return self._begin(
                    request, services.start_check(form.chosen_brand, user_of(request), upload, upload.name)
                )
            except JobRefused as error:
                form.add_error("file", str(error))
        facts = {"columns": COLUMNS, "most": MOST_ROWS}
        return self._ask(request, "members", _("Import members"), form=form, **facts)

    def steps_page(self: Any, request: HttpRequest) -> HttpResponse:
        """Say with how many orders the step would be taken, and start it: a job for each brand."""
        asked = request.POST if request.method == "POST" else request.GET
        step = LIST_STEPS.get(asked.get("step", ""))
        if step is None:
            raise Http404
        brands = self._brands(request, step.permission)
        parameters = _wanted(asked, step)
        try:
            orders = chosen(parameters, user_of(request))
        except JobRefused as error:
            messages.warning(request, str(error))
            return redirect("admin:orders_order_changelist")
        preview = _preview(orders, step, {brand.pk for brand in brands})
        if request.method == "POST" and preview["count"]:
            return self._begin_steps(request, parameters, [brand for brand in brands if brand.pk in preview["brands"]])
        back = f"?{parameters['filter']}" if parameters["filter"] else ""
        facts = {"step": step, "asked": asked, "back": back}
        return self._ask(request, "steps", str(step.label), **preview, **facts)

    def _begin_steps(self: Any, request: HttpRequest, parameters: dict[str, Any], brands: list[Brand]) -> HttpResponse:
        for brand in brands:
            last = brand.orders.order_by("-pk").values_list("pk", flat=True).first()
            job = services.start_steps(brand, user_of(request), parameters | {"until": last})
            self.log_addition(request, job, _("Started."))
        return redirect("admin:jobs_job_change", job.pk) if len(brands) == 1 else redirect("admin:jobs_job_changelist")

    def _begin(self: Any, request: HttpRequest, job: Job) -> HttpResponse:
        self.log_addition(request, job, _("Started."))
        return redirect("admin:jobs_job_change", job.pk)

    def _brands(self: Any, request: HttpRequest, permission: str) -> QuerySet[Brand]:
        """The brands in which the user may do this. Raises PermissionDenied if there is none."""
        if not may(request.user, permission):
            raise PermissionDenied
        return brands_where(request.user, permission)

    def _ask(self: Any, request: HttpRequest, template: str, title: Any, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/jobs/job/{template}.html", context)


def _wanted(asked: Any, step: Step) -> dict[str, Any]:
    """Which orders: those that were ticked, or with no keys all under the filter."""
    keys = [key for key in map(whole_number, asked.get("ids", "").split(",")) if key is not None]
    ids = keys[:MOST_AT_ONCE] if "ids" in asked else None
    return {"step": step.name, "filter": plain_filter(asked.get("filter", "")), "ids": ids}


def _preview(orders: QuerySet[Order], step: Step, brands: set[int]) -> dict[str, Any]:
    """How many orders the step fits, how many it does not, and how many are of brands where one may not."""
    groups = orders.order_by().values("brand", "status", "processing_status").annotate(count=Count("pk"))
    found: dict[str, Any] = {"count": 0, "unfit": 0, "forbidden": 0, "brands": set()}
    for group in groups:
        state = Order(status=group["status"], processing_status=group["processing_status"])
        if group["brand"] not in brands:
            found["forbidden"] += group["count"]
        elif step.fits(state):
            found["count"] += group["count"]
            found["brands"].add(group["brand"])
        else:
            found["unfit"] += group["count"]
    numbers = orders.order_by("pk").filter(brand__in=brands).values_list("number", flat=True)
    return found | {"some": list(numbers[:10])}
