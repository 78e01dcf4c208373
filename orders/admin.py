"""Staff's view of the orders. What they do to one goes through orders/services.py, as everybody else's doing."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from orders.admin_beliefs import PartnerDisagreesFilter, beliefs_of
from orders.admin_lines import lines_and_sums
from orders.admin_lists import PlacedFilter, find_orders
from orders.admin_mails import MailTools, mails_of
from orders.admin_mollie import MollieKey
from orders.admin_parts import PartPages, parts_of
from orders.admin_payment import PaymentTools, payment_of
from orders.admin_refunds import RefundPage
from orders.admin_steps import LIST_STEPS, STEPS, Step, bulk_action
from orders.models import Order, OrderCount, OrderStatus, ProcessingStatus
from orders.payments import Provider
from shops.admin import BrandSettingsAdmin
from shops.brand_admin import BrandAdmin, CappedPaginator, ReadOnly
from shops.columns import spoken
from shops.models import Brand
from shops.permissions import brand_ids_where
from shops.speaking import money

STATUS_COLORS = {
    OrderStatus.OPEN: "warning",
    OrderStatus.PAID: "success",
    OrderStatus.FAILED: "danger",
    OrderStatus.CANCELED: "danger",
    OrderStatus.EXPIRED: "",
}
PROCESSING_COLORS = {
    ProcessingStatus.OPEN: "warning",
    ProcessingStatus.BEING_PROCESSED: "info",
    ProcessingStatus.PROCESSED: "success",
    ProcessingStatus.ARCHIVED: "",
}
MOST_CALLS = 50  # on an order's page


@admin.register(Order)
class OrderAdmin(MailTools, PartPages, RefundPage, PaymentTools, ReadOnly, BrandAdmin):
    """Orders: they come from members, and change by the steps that staff may take."""

    list_display = [
        "number",
        "member",
        "status_badge",
        "processing_badge",
        "total_with_currency",
        "points_spent",
        "created_at",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("processing_status", ChoicesDropdownFilter),
        ("created_at", PlacedFilter),
        ("source", ChoicesDropdownFilter),
        PartnerDisagreesFilter,
    ]
    list_select_related = ["brand", "member"]
    sortable_by = ["number", "status_badge", "processing_badge", "created_at"]  # what an index sorts by
    search_fields = ["number"]
    search_help_text = _(
        "Order number, beginning of the member's e-mail address, order identifier, QR code or serial number of a pass"
    )
    actions = [bulk_action(step) for step in LIST_STEPS.values()]
    points_spent = spoken("points_used", _("points used"))

    def has_process_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table of roles."""
        return self.may(request, "process order", obj)

    def has_cancel_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table of roles."""
        return self.may(request, "cancel order", obj)

    def has_send_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table of roles."""
        return self.may(request, "send again", obj)

    def get_ordering(self, request: HttpRequest) -> list[str]:
        """Newest first, along an index: numbers run per brand, and days are found by when orders were placed."""
        if request.GET.keys() & {"created_at_from", "created_at_to"}:
            return ["-created_at"]
        return ["-pk"] if self.asks_for_brand(request) else ["-number"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Search by what an index can find."""
        return find_orders(queryset, search_term.strip()), False

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> CappedPaginator:
        """Read the plain list's length off the counts that the database keeps."""
        paginator: CappedPaginator = super().get_paginator(request, *args, **kwargs)
        if not set(request.GET) - {"p", "o"} and request.method == "GET":
            counts = OrderCount.objects.all()
            if not request.user.is_superuser:
                counts = counts.filter(brand__in=brand_ids_where(request.user, "view"))
            paginator.count = min(counts.aggregate(Sum("count"))["count__sum"] or 0, paginator.most)
        return paginator

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the order's page."""
        order = self.get_object(request, object_id)
        if order is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": order,
            "sees_brand": self.asks_for_brand(request),
            "title": _("Order %(number)s") % {"number": order.number},
            "lines": order.lines.all() if order.is_stated else [],
            "sums": order.sums.all() if order.is_stated else [],
            "steps": self.steps_from(request, order),
            "can_send_again": self.may(request, "send again", order),
            "status": {"text": order.get_status_display(), "color": STATUS_COLORS.get(order.status)},
            "processing": {
                "text": order.get_processing_status_display(),
                "color": PROCESSING_COLORS.get(order.processing_status),
            },
            **what_hangs_on(order),
            **parts_of(order),
            **self._lines_and_mails(request, order),
            "can_process": not order.is_stated and self.may(request, "process order", order),
            "can_refund": not order.is_stated and self.may(request, "refund order", order),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/orders/order/page.html", context)

    def _lines_and_mails(self, request: HttpRequest, order: Order) -> dict[str, Any]:
        is_ours = order.status == OrderStatus.PAID and not order.is_stated
        can_mail = is_ours and self.may(request, "send mail", order)
        return {"can_mail": can_mail, **mails_of(order), **lines_and_sums(order, may_mail=can_mail)}

    def steps_from(self, request: HttpRequest, order: Order) -> list[Step]:
        """What this user may do with this order now."""
        return [step for step in STEPS.values() if step.fits(order) and self.may(request, step.permission, order)]

    @display(description=_("status"), ordering="status", label=STATUS_COLORS)
    def status_badge(self, order: Order) -> tuple[str, str]:
        """The order's state."""
        return order.status, order.get_status_display()

    @display(description=_("processing"), ordering="processing_status", label=PROCESSING_COLORS)
    def processing_badge(self, order: Order) -> tuple[str, str]:
        """What staff did with it."""
        return order.processing_status, order.get_processing_status_display()

    @display(description=_("total"), ordering="total")
    def total_with_currency(self, order: Order) -> str:
        """What was due in money."""
        return money(order.total, order.currency)


def what_hangs_on(order: Order) -> dict[str, Any]:
    """What else belongs to an order, for its page."""
    brand = order.brand
    calls = brand.calls.filter(delivery__event__brand=brand, delivery__event__order_uuid=order.uuid)
    deliveries = brand.deliveries.filter(event__brand=brand, event__order_uuid=order.uuid)
    refunds = [f"refund {uuid}" for uuid in order.refunds.values_list("uuid", flat=True)]
    of_order = Q(reference__startswith=f"order {order.uuid}") | Q(reference__in=refunds)
    return {
        **payment_of(order),
        "points_entries": order.member.points_entries.filter(of_order).order_by("pk"),
        "calls": calls.select_related("delivery__event").order_by("-pk")[:MOST_CALLS],
        "beliefs": beliefs_of(order),
        "waiting": deliveries.filter(state__in=["pending", "sending"]).select_related("event", "endpoint"),
    }


@admin.register(Brand)
class BrandWithProviderAdmin(MollieKey, BrandSettingsAdmin):
    """A brand's settings; the payment providers to choose from live in this app."""

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the providers there are."""
        if db_field.name == "payment_provider":
            return forms.ChoiceField(
                label=capfirst(db_field.verbose_name), choices=Provider.choices, widget=UnfoldAdminSelectWidget()
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Who may not choose the provider reads its name; the column itself knows no names."""
        sets = super().get_fieldsets(request, obj)
        if "payment_provider" not in self.get_readonly_fields(request, obj):
            return sets
        named = {"payment_provider": "provider_name"}
        return [
            (name, {**options, "fields": [named.get(field, field) for field in options["fields"]]})
            for name, options in sets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """With the provider's name."""
        return [*super().get_readonly_fields(request, obj), "provider_name"]

    @display(description=_("payment provider"))
    def provider_name(self, brand: Brand) -> Any:
        """As it is called where it is chosen."""
        return dict(Provider.choices).get(brand.payment_provider, brand.payment_provider)
