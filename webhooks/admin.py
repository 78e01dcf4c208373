"""Staff's view of the webhooks: where they go, and what became of each."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from shops.brand_admin import BrandAdmin, BrandForm, BrandInline, OwnRowsFilter, ReadOnly, ShowsSecretOnce, secret_page
from webhooks.models import Call, Delivery, DeliveryState, Endpoint, Outcome
from webhooks.services import add_endpoint
from webhooks.transport import AddressNotAllowed, check_url

STATUSES = [  # orders' own list stands above this app
    ("open", _("Open")),
    ("paid", _("Paid")),
    ("failed", _("Failed")),
    ("canceled", _("Canceled")),
    ("expired", _("Expired")),
]
STATE_COLORS = {
    DeliveryState.PENDING: "warning",
    DeliveryState.SENDING: "info",
    DeliveryState.DELIVERED: "success",
    DeliveryState.EXHAUSTED: "danger",
}
OUTCOME_COLORS = {
    Outcome.STARTED: "info",
    Outcome.OK: "success",
    Outcome.FAILED: "danger",
    Outcome.BLOCKED: "danger",
    Outcome.UNKNOWN: "warning",
}


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
        try:
            check_url(url)
        except AddressNotAllowed as error:
            raise forms.ValidationError(str(error)) from error
        return url


@admin.register(Endpoint)
class EndpointAdmin(ShowsSecretOnce, BrandAdmin):
    """Where webhooks go. The key that signs them is shown once, when the endpoint is added."""

    form = EndpointForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    list_display = ["url", "status_list", "is_active", "ends_in", "concurrency", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["url"]
    fields = ["url", "statuses", "is_active", "concurrency"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Those to fill in; later also what is known of it."""
        return [*self.fields, "ends_in", "is_validated", "uuid", "created_at"] if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What nobody types."""
        return [*super().get_readonly_fields(request, obj), "ends_in", "is_validated", "uuid", "created_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not once something was sent to it; then it is switched off instead."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.deliveries.exists())

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: Any) -> None:
        """Add it with a new key, which goes to the answer and nowhere else; or save what was changed."""
        if change:
            obj.is_validated = obj.is_validated and "url" not in form.changed_data
            obj.save(update_fields=["url", "statuses", "is_active", "concurrency", "is_validated"])
            return
        endpoint, request.new_secret = add_endpoint(obj.brand, url=obj.url)  # type: ignore[attr-defined]
        endpoint.statuses = obj.statuses
        endpoint.is_active = obj.is_active
        endpoint.concurrency = obj.concurrency
        endpoint.save(update_fields=["statuses", "is_active", "concurrency"])
        vars(obj).update(vars(endpoint))

    def response_add(self, request: Any, obj: Endpoint, post_url_continue: Any = None) -> HttpResponse:
        """Show the key, once."""
        texts = {"heading": _("The webhook endpoint is added"), "label": _("Key that signs its webhooks")}
        return secret_page(self, request, obj, **texts, secret=request.new_secret)

    @display(description=_("statuses"))
    def status_list(self, endpoint: Endpoint) -> str:
        """All of them in one line."""
        return ", ".join(endpoint.statuses)

    @display(description=_("key ends in"))
    def ends_in(self, endpoint: Endpoint) -> str:
        """The only part that is shown again."""
        return f"…{endpoint.key_hint}"


class CallInline(BrandInline):
    """The attempts at a delivery, newest first."""

    model = Call
    fields = ["attempt", "trigger", "outcome", "http_status_code", "response", "remote_ip", "duration_ms", "started_at"]
    readonly_fields = fields


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, BrandAdmin):
    """What is on its way to an endpoint, or arrived there, or did not."""

    list_display = ["event", "endpoint", "state_badge", "attempts", "due_at", "done_at"]
    list_filter = ["state", ("endpoint", OwnRowsFilter)]
    list_select_related = ["brand", "event", "endpoint"]
    search_fields = ["order_uuid"]
    search_help_text = _("The identifier of an order")
    fields = ["uuid", "event", "order_uuid", "endpoint", "state", "attempts", "created_at", "due_at", "done_at"]
    inlines = [CallInline]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Search by the order, through the events' index."""
        if not search_term.strip():
            return queryset, False
        try:
            order_uuid = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(event__brand=F("brand"), event__order_uuid=order_uuid), False

    @display(description=_("state"), ordering="state", label=STATE_COLORS)
    def state_badge(self, delivery: Delivery) -> tuple[str, str]:
        """Where it stands."""
        return delivery.state, delivery.get_state_display()


@admin.register(Call)
class CallAdmin(ReadOnly, BrandAdmin):
    """Every attempt at every delivery."""

    list_display = ["started_at", "url", "attempt", "outcome_badge", "http_status_code", "duration_ms"]
    list_filter = ["outcome", "trigger"]
    list_select_related = ["brand"]
    fieldsets = [
        (None, {"fields": ["delivery", "url", "attempt", "trigger", "interval", "started_at", "finished_at"]}),
        (_("Outcome"), {"fields": ["outcome", "http_status_code", "response", "remote_ip", "duration_ms"]}),
    ]

    @display(description=_("outcome"), ordering="outcome", label=OUTCOME_COLORS)
    def outcome_badge(self, call: Call) -> tuple[str, str]:
        """How it ended."""
        return call.outcome, call.get_outcome_display()
