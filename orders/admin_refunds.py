"""The page on which staff refund an order: choose, see what it gives back, and confirm. The list of all refunds."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
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
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from orders.admin_part_forms import passes_field
from orders.admin_parts import COLORS, free_items
from orders.fulfillments import stop_fulfilling
from orders.models import Order, OrderItem, Refund, RefundStatus
from orders.paying import LATE
from orders.payments import ProviderSilent
from orders.refunds import TOO_LATE, Quote, ask_provider, left_of, quote, request_refund
from shops.brand_admin import BrandAdmin, ReadOnly
from shops.columns import spoken
from shops.errors import InvalidInput, ShopError
from shops.numbers import whole_number
from shops.sentences import in_language, state_in_language
from shops.speaking import money, money_and_points


def _typed(text: str) -> str:
    """By whom, and why: staff typed it, unless the refund came by itself."""
    return _(text) if text in {LATE, TOO_LATE} else text


@admin.register(Refund)
class RefundAdmin(ReadOnly, BrandAdmin):
    """All refunds, to look at: they begin on an order's page."""

    list_display = ["created_at", "order", "status_badge", "sum", "points_back", "asked_by", "ended_at"]
    list_filter = [("status", ChoicesDropdownFilter)]
    list_select_related = ["brand", "order"]
    search_fields = ["provider_refund_id"]
    search_help_text = gettext_lazy("Order number, or the payment provider's id")
    fieldsets = [
        (None, {"fields": ["order", "status", "sum", "points_back", "why", "asked_by", "restocks"]}),
        (gettext_lazy("Payment provider"), {"fields": ["provider_refund_id", "provider_said", "went_wrong"]}),
        (gettext_lazy("Dates"), {"fields": ["created_at", "ended_at"]}),
    ]

    points_back = spoken("points", gettext_lazy("points"))
    asked_by = spoken("by", gettext_lazy("by"), _typed)
    why = spoken("reason", gettext_lazy("reason"), _typed)
    provider_said = spoken("provider_status", gettext_lazy("what the provider said last"), state_in_language)
    went_wrong = spoken("last_error", gettext_lazy("what went wrong last"), in_language)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Refund], search_term: str
    ) -> tuple[QuerySet[Refund], bool]:
        """Search by what is exact: both are, and one of them is a number."""
        term = search_term.strip()
        if not term:
            return queryset, False
        number = whole_number(term.lstrip("#"))
        wanted = {"provider_refund_id": term} if number is None else {"order__number": number}
        return queryset.filter(**wanted), False

    @display(description=gettext_lazy("status"), ordering="status", label=COLORS)
    def status_badge(self, refund: Refund) -> tuple[str, str]:
        """Where it stands."""
        return refund.status, refund.get_status_display()

    @display(description=gettext_lazy("money"), ordering="amount")
    def sum(self, refund: Refund) -> str:
        """What goes back in money."""
        return money(refund.amount, refund.currency)


class RefundForm(forms.Form):
    """What to give back, and which passes to take back for it."""

    what = forms.ChoiceField(
        label=gettext_lazy("What to give back"),
        required=False,
        initial="passes",
        choices=[
            ("all", gettext_lazy("Everything that is left, with all passes")),
            ("passes", gettext_lazy("The chosen passes")),
            ("amount", gettext_lazy("A sum of your own, without a pass")),
        ],
        widget=UnfoldAdminRadioSelectWidget(),
    )
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
    keeps_points = forms.BooleanField(
        label=gettext_lazy("Leave the points as they are: give back money only"),
        required=False,
        widget=UnfoldBooleanWidget(),
    )
    include_redeemed = forms.BooleanField(
        label=gettext_lazy("Also for passes that were redeemed"), required=False, widget=UnfoldBooleanWidget()
    )
    restocks = forms.BooleanField(
        label=gettext_lazy("Put back into stock what was not redeemed"), required=False, widget=UnfoldBooleanWidget()
    )
    stops = forms.BooleanField(
        label=gettext_lazy("Cancel the fulfilments that have not left"), required=False, widget=UnfoldBooleanWidget()
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )

    def __init__(self, data: Any, items: list[OrderItem]) -> None:
        super().__init__(data)
        if items:
            first, rest = {"what": self.fields.pop("what")}, self.fields
            self.fields = {**first, "passes": passes_field(items, required=False), **rest}

    def clean(self) -> dict[str, Any]:
        """Refuse what contradicts itself."""
        data = super().clean() or self.cleaned_data
        if data.get("keeps_points") and data.get("points"):
            self.add_error("points", _("Either points go back, or they stay."))
        if data.get("what") == "amount" and not (data.get("amount") or data.get("points") or self.errors):
            self.add_error("amount", _("Write a sum of money or points."))
        if data.get("what") == "all" and (data.get("amount") is not None or data.get("points") is not None):
            self.add_error("what", _("Everything, or a sum of your own: leave one of them out."))
        return data

    def wishes(self, order: Order) -> dict[str, Any]:
        """What `quote` takes."""
        data = self.cleaned_data
        passes: Any = data.get("passes", [])
        amount, points = data["amount"], data["points"]
        if data["what"] == "all":
            passes = "all" if "passes" in self.fields else []
            left = left_of(order)
            amount, points = left.amount, left.points
        elif data["what"] == "amount":
            passes = []
        if data["keeps_points"]:
            points = 0
        return {"passes": passes, "amount": amount, "points": points, "include_redeemed": data["include_redeemed"]}

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
        rest = left_of(order)
        left = money_and_points(rest.amount, order.currency, rest.points)
        after = money_and_points(due.amount_left, order.currency, due.points_left) if due else ""
        title = _("Refund order %(number)s") % {"number": order.number}
        answer: HttpResponse = self.show(
            request, order, "refund", form=form, title=title, due=due, left=left, left_after=after
        )
        return answer

    def _quoted(self, order: Order, form: RefundForm) -> Quote | None:
        try:
            return quote(order, **form.wishes(order))
        except InvalidInput as error:
            for field, texts in error.errors.items():
                form.add_error(field if field in form.fields else None, texts)
            return None

    def _refund(self: Any, request: HttpRequest, order: Order, form: RefundForm) -> bool:
        """Give back what was confirmed. Says what happened; False if it was refused."""
        options = {name: form.cleaned_data[name] for name in ("reason", "restocks")}
        try:
            with transaction.atomic():
                refund = request_refund(
                    order,
                    by=str(request.user),
                    version=whole_number(request.POST.get("version")) or 0,
                    **form.wishes(order),
                    **options,
                )
                if form.cleaned_data["stops"]:
                    stop_fulfilling(order)
        except ShopError as error:
            messages.warning(request, str(error))
            return False
        given = money_and_points(refund.amount, refund.currency, refund.points)
        self.log_change(request, order, _("Refund requested: %s.") % given)
        _tell(request, _ask(refund), given)
        return True


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
