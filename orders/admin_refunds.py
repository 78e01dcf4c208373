"""The page on which staff refund an order: choose, see what it gives back, and confirm. The list of all refunds."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from orders.admin_part_forms import passes_field
from orders.admin_parts import COLORS, free_items
from orders.models import Order, OrderItem, Refund, RefundStatus
from orders.payments import ProviderSilent
from orders.refunds import Quote, ask_provider, quote, request_refund
from shops.brand_admin import BrandAdmin, ReadOnly
from shops.errors import InvalidInput, ShopError


@admin.register(Refund)
class RefundAdmin(ReadOnly, BrandAdmin):
    """All refunds, to look at: they begin on an order's page."""

    list_display = ["created_at", "order", "status_badge", "sum", "points", "by", "ended_at"]
    list_filter = [("status", ChoicesDropdownFilter)]
    list_select_related = ["brand", "order"]
    search_fields = ["provider_refund_id"]
    search_help_text = gettext_lazy("Order number, or the payment provider's id")
    fieldsets = [
        (None, {"fields": ["order", "status", "sum", "points", "reason", "by", "restocks"]}),
        (gettext_lazy("Payment provider"), {"fields": ["provider_refund_id", "provider_status", "last_error"]}),
        (gettext_lazy("Dates"), {"fields": ["created_at", "ended_at"]}),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Refund], search_term: str
    ) -> tuple[QuerySet[Refund], bool]:
        """Search by what is exact: both are, and one of them is a number."""
        term = search_term.strip()
        if not term:
            return queryset, False
        number = term.lstrip("#")
        is_number = number.isascii() and number.isdecimal() and len(number) < 19  # noqa: PLR2004 -- what a bigint holds
        return queryset.filter(**({"order__number": number} if is_number else {"provider_refund_id": term})), False

    @display(description=gettext_lazy("status"), ordering="status", label=COLORS)
    def status_badge(self, refund: Refund) -> tuple[str, str]:
        """Where it stands."""
        return refund.status, refund.get_status_display()

    @display(description=gettext_lazy("money"), ordering="amount")
    def sum(self, refund: Refund) -> str:
        """What goes back in money."""
        return f"{refund.currency} {refund.amount}"


class RefundForm(forms.Form):
    """What to give back, and which passes to take back for it."""

    amount = forms.DecimalField(
        label=gettext_lazy("Money to give back"),
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=4,
        help_text=gettext_lazy("Empty: what the chosen passes cost."),
        widget=UnfoldAdminDecimalFieldWidget({"step": "any"}),
    )
    points = forms.IntegerField(
        label=gettext_lazy("Points to give back"),
        required=False,
        min_value=0,
        max_value=2**53,
        help_text=gettext_lazy("Empty: what the chosen passes cost."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    include_redeemed = forms.BooleanField(
        label=gettext_lazy("Also for passes that were redeemed"), required=False, widget=UnfoldBooleanWidget()
    )
    restocks = forms.BooleanField(
        label=gettext_lazy("Put back into stock what was not redeemed"), required=False, widget=UnfoldBooleanWidget()
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )

    def __init__(self, data: Any, items: list[OrderItem]) -> None:
        super().__init__(data)
        if items:
            self.fields = {"passes": passes_field(items, required=False), **self.fields}

    def wishes(self) -> dict[str, Any]:
        """What `quote` takes."""
        names = ("amount", "points", "include_redeemed")
        return {"passes": self.cleaned_data.get("passes", []), **{name: self.cleaned_data[name] for name in names}}

    def sent_again(self) -> list[tuple[str, str]]:
        """What the page asks to be confirmed, as hidden fields."""
        data: Any = self.data
        return [(name, value) for name in self.fields for value in data.getlist(name)]


class RefundPage:
    """Adds the page to the orders' admin."""

    def get_urls(self: Any) -> list[Any]:
        """Put the page below the order's own."""
        page = self.order_page("refund order", self.refund)
        return [path("<path:object_id>/refund/", page, name="orders_order_refund"), *super().get_urls()]  # type: ignore[misc]

    def refund(self: Any, request: HttpRequest, order: Order) -> HttpResponse:
        """Ask what to give back, show what that comes to, and do it when that is confirmed."""
        form = RefundForm(request.POST or None, free_items(order, "refund_items"))
        due = self._quoted(order, form) if form.is_valid() else None
        if due and "version" in request.POST:
            if self._refund(request, order, form):
                return redirect("admin:orders_order_change", order.pk)
            order.refresh_from_db()
            due = self._quoted(order, form)
        left = {"amount": order.total - order.refunded, "points": order.points_used - order.points_refunded}
        title = _("Refund order %(number)s") % {"number": order.number}
        answer: HttpResponse = self.show(request, order, "refund", form=form, title=title, due=due, left=left)
        return answer

    def _quoted(self, order: Order, form: RefundForm) -> Quote | None:
        try:
            return quote(order, **form.wishes())
        except InvalidInput as error:
            for field, texts in error.errors.items():
                form.add_error(field if field in form.fields else None, texts)
            return None

    def _refund(self: Any, request: HttpRequest, order: Order, form: RefundForm) -> bool:
        """Give back what was confirmed. Says what happened; False if it was refused."""
        options = {name: form.cleaned_data[name] for name in ("reason", "restocks")}
        try:
            refund = request_refund(
                order, by=str(request.user), version=_number(request.POST.get("version")), **form.wishes(), **options
            )
        except ShopError as error:
            messages.warning(request, str(error))
            return False
        given = _("%(currency)s %(amount)s and %(points)d points") % vars(refund)
        self.log_change(request, order, _("Refund requested: %s.") % given)
        _tell(request, _ask(refund), given)
        return True


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() else 0


def _ask(refund: Refund) -> Refund:
    """Ask the provider at once; if it is silent, a worker goes on."""
    try:
        return ask_provider(refund)
    except ProviderSilent:
        return refund


def _tell(request: HttpRequest, refund: Refund, given: str) -> None:
    if refund.status == RefundStatus.COMPLETED:
        messages.success(request, _("Given back: %s.") % given)
    elif refund.status == RefundStatus.FAILED:
        messages.error(request, _("The payment provider refused: nothing was given back."))
    else:
        messages.info(request, _("Requested: %s. The payment provider has not answered yet.") % given)
