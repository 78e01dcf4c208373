"""Staff's view of the webhooks: where they go, and what became of each."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from shops.brand_admin import BrandAdmin, BrandForm, ReadOnly, ShowsSecretOnce, secret_page
from shops.columns import spoken
from shops.errors import InvalidInput
from shops.speaking import second
from webhooks import services
from webhooks.admin_deliveries import DeliveryAdmin
from webhooks.admin_endpoints import EndpointTools
from webhooks.admin_exam import ExamReportAdmin
from webhooks.admin_words import HEALTH, HEALTH_COLORS, OUTCOME_COLORS, STATUSES
from webhooks.models import Call, Delivery, Endpoint, ExamReport


class EndpointForm(BrandForm):
    """Where webhooks go, and of what they tell."""

    statuses = forms.MultipleChoiceField(
        label=_("Statuses"),
        choices=STATUSES,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("An order that reaches one of these is told to this URL."),
    )

    def clean_url(self) -> str:
        """Refuse what the transport would refuse."""
        url: str = self.cleaned_data["url"]
        if "url" in self.changed_data:
            try:
                services.check_destination(url)
            except InvalidInput as error:
                raise forms.ValidationError(str(error)) from error
        return url


@admin.register(Endpoint)
class EndpointAdmin(EndpointTools, ShowsSecretOnce, BrandAdmin):
    """Where webhooks go. The key that signs them is shown once, when the endpoint is added."""

    form = EndpointForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ["url", "state_badge", "status_list", "ends_in", "concurrency", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["url"]
    fields = ["url", "statuses", "is_active", "concurrency"]
    delete_confirmation_template = "admin/webhooks/endpoint/ask.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Those to fill in; later also what is known of it."""
        return [*self.fields, "ends_in", "is_validated", "uuid", "created_at"] if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What nobody types."""
        return [*super().get_readonly_fields(request, obj), "ends_in", "is_validated", "uuid", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        """One that was removed is seen in the log of deliveries only."""
        return super().get_queryset(request).filter(removed_at=None)

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: Any) -> None:
        """Add it with a new key, which goes to the answer and nowhere else; or save what was changed."""
        if change:
            chosen = {name: form.cleaned_data[name] for name in form.changed_data}
            endpoint = services.change_endpoint(obj, **chosen)
        else:
            chosen = {name: getattr(obj, name) for name in self.fields}
            endpoint, request.new_secret = services.add_endpoint(obj.brand, **chosen)  # type: ignore[attr-defined]
        vars(obj).update(vars(endpoint))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Say what becomes of what was sent to it."""
        text = _(
            "It is sent nothing more. What is pending is canceled. The log of what was sent to it stays."
            " So do the reports of its exams."
        )
        words = {"title": _("Remove this endpoint"), "text": text, "label": _("Remove"), "is_dangerous": True}
        return super().delete_view(request, object_id, words | (extra_context or {}))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """No row is deleted, so nothing stands in the way."""
        return [str(endpoint) for endpoint in objs], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: Endpoint) -> None:
        """Remove it, and leave its history."""
        services.remove_endpoint(obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """Say what happened: no row was deleted."""
        messages.success(
            request,
            _("The webhook endpoint %(url)s is removed. It is sent nothing more; the log of what was sent stays.")
            % {"url": obj_display},
        )
        return redirect("admin:webhooks_endpoint_changelist")

    def response_add(self, request: Any, obj: Endpoint, post_url_continue: Any = None) -> HttpResponse:
        """Show the key, once."""
        texts = {"heading": _("The webhook endpoint is added"), "label": _("Key that signs its webhooks")}
        return secret_page(self, request, obj, **texts, secret=request.new_secret)

    @display(description=_("state"), label=HEALTH_COLORS)
    def state_badge(self, endpoint: Endpoint) -> tuple[str, Any]:
        """How it is doing."""
        return endpoint.state, HEALTH[endpoint.state]

    @display(description=_("statuses"))
    def status_list(self, endpoint: Endpoint) -> str:
        """All of them in one line."""
        return ", ".join(endpoint.statuses)

    @display(description=_("key ends in"))
    def ends_in(self, endpoint: Endpoint) -> str:
        """The only part that is shown again."""
        return f"…{endpoint.key_hint}"


admin.site.register(Delivery, DeliveryAdmin)
admin.site.register(ExamReport, ExamReportAdmin)


@admin.register(Call)
class CallAdmin(ReadOnly, BrandAdmin):
    """Every attempt at every delivery."""

    list_display = ["began", "url", "attempt", "outcome_badge", "http_status_code", "took"]
    list_filter = ["outcome", "trigger"]
    list_select_related = ["brand"]
    sortable_by: list[str] = []  # no index does
    fieldsets = [
        (None, {"fields": ["delivery", "url", "attempt", "trigger", "interval", "began", "ended"]}),
        (_("Outcome"), {"fields": ["outcome", "http_status_code", "said", "response_headers", "remote_ip", "took"]}),
    ]
    readonly_fields = ["said", "began", "ended", "took"]
    began = spoken("started_at", _("started"), second)
    ended = spoken("finished_at", _("finished"), second)
    took = spoken("duration_ms", _("milliseconds"))

    @display(description=_("outcome"), ordering="outcome", label=OUTCOME_COLORS)
    def outcome_badge(self, call: Call) -> tuple[str, str]:
        """How it ended."""
        return call.outcome, call.get_outcome_display()

    @display(description=_("response"))
    def said(self, call: Call) -> str:
        """What the receiver answered, or why it did not."""
        return call.said
