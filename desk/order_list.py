"""What the desk adds to the list of orders: tabs with counts, each user's own ones, more filters, tags and notes."""

from copy import copy
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter, RangeNumericFilter, TextFilter
from unfold.decorators import display
from unfold.views import ChangeList

from desk.hands import failed_refunds, given_up_mails, refunds_that_came_back, undecided_chargebacks, waiting_returns
from desk.models import MOST_FILTERS, OrderNote, OrderTag, SavedFilter
from desk.order_tabs import REFUNDED, sorted_pairs, tabs_of
from orders.models import Order, Payment
from shops.brand_admin import BrandFilter
from shops.numbers import whole_number
from shops.permissions import brand_ids_where, brands_where

IN_LIST = 40  # characters of a note


class HasFilter(DropdownFilter):
    """Orders with something about them that their own states do not say."""

    title = gettext_lazy("what there is")
    parameter_name = "has"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What can be asked for."""
        return [
            ("refunded", _("Refunded, also in part")),
            ("refund_failed", _("A refund that failed")),
            ("refund_came_back", _("A refund whose money came back")),
            ("chargeback", _("A chargeback to deal with")),
            ("return_waiting", _("A return to deal with")),
            ("payment_trouble", _("A payment that the provider does not tell of")),
            ("mail_given_up", _("A mail that was given up")),
            ("note", _("A note")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Narrow the list, which holds orders of the user's own brands only."""
        wish = self.value()
        if wish == "refunded":
            return queryset.filter(REFUNDED)
        brands: Any = brands_where(request.user, "view").values("pk")
        keys = brands if request.user.is_superuser else brand_ids_where(request.user, "view")
        rows: dict[str, Any] = {
            "refund_failed": failed_refunds(keys),
            "refund_came_back": refunds_that_came_back(keys),
            "chargeback": undecided_chargebacks(keys),
            "return_waiting": waiting_returns(keys),
            "payment_trouble": Payment.objects.filter(brand__in=keys, due_at__isnull=False).exclude(last_error=""),
            "mail_given_up": given_up_mails(keys),
        }
        if wish in rows:
            return queryset.filter(pk__in=rows[wish].order_by().values("order"))
        return queryset.filter(notes__isnull=False).distinct() if wish == "note" else queryset


class TagFilter(TextFilter):
    """Orders that carry a tag."""

    title = gettext_lazy("tag")
    parameter_name = "tag"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Narrow the list."""
        wish = str(self.value() or "").replace("\0", "").strip().lower()
        if not wish:
            return queryset
        return queryset.filter(
            Exists(OrderTag.objects.filter(brand=OuterRef("brand"), order=OuterRef("pk"), text=wish))
        )


class Found(ChangeList):
    """The orders that the list finds, without reading any of them."""

    def get_filters(self: Any, request: HttpRequest) -> Any:
        """Those that narrow; the brand is chosen elsewhere, and its filter would ask for all names."""
        self.list_filter = [one for one in self.list_filter if one is not BrandFilter]
        return super().get_filters(request)

    def get_results(self, request: HttpRequest) -> None:
        """None."""
        self.result_count = self.full_result_count = 0


class OrderList:
    """Adds tabs, tags and filters to the orders' admin."""

    admin_site: Any
    list_before_template = "desk/order_tabs.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the verbs on a user's own tabs beside the list."""
        pages = [("add", self.save_filter), ("remove", self.remove_filter)]
        own = [
            path(f"filters/{name}/", self.admin_site.admin_view(view), name=f"orders_order_filter_{name}")
            for name, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def changelist_view(self: Any, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the tabs above the list."""
        context = {
            "tabs": tabs_of(request, self.finder(request)),
            "filter_to_save": urlencode(sorted_pairs(request.GET.urlencode())),
        }
        answer: HttpResponse = super().changelist_view(request, context | (extra_context or {}))  # type: ignore[misc]
        return answer

    def get_changelist(self: Any, request: Any, **kwargs: Any) -> Any:
        """For a count, no list."""
        return Found if getattr(request, "is_count", False) else super().get_changelist(request, **kwargs)  # type: ignore[misc]

    def finder(self: Any, request: HttpRequest) -> Any:
        """A function that gives the orders of a query of the list; None for a query that the list refuses."""
        asked: Any = copy(request)
        asked.is_count = True

        def find(query: str) -> QuerySet[Order] | None:
            asked.GET = QueryDict(query)
            try:
                return self.get_changelist_instance(asked).queryset
            except (SuspiciousOperation, IncorrectLookupParameters):
                return None

        return find

    def get_list_display(self: Any, request: HttpRequest) -> list[Any]:
        """With the tags and the newest note."""
        return [*super().get_list_display(request), "tag_list"]  # type: ignore[misc]

    def get_list_filter(self: Any, request: HttpRequest) -> list[Any]:
        """With more to filter by."""
        return [*super().get_list_filter(request), ("total", RangeNumericFilter), HasFilter, TagFilter]  # type: ignore[misc]

    def get_queryset(self: Any, request: HttpRequest) -> QuerySet[Order]:
        """With the tags, in one further statement, and the newest note, read for the rows that are shown."""
        rows: QuerySet[Order] = super().get_queryset(request)  # type: ignore[misc]
        notes = OrderNote.objects.filter(order=OuterRef("pk")).exclude(text="").order_by("-pk")
        return rows.prefetch_related("tags").annotate(newest_note=Subquery(notes.values("text")[:1]))

    @display(description=gettext_lazy("tags and note"))
    def tag_list(self, order: Any) -> str:
        """All tags in one line, and how the note begins."""
        tags = ", ".join(sorted(tag.text for tag in order.tags.all()))
        note = Truncator(order.newest_note or "").chars(IN_LIST)
        return format_html('{}<br><span class="wa-quiet">{}</span>', tags, note) if note else tags

    def save_filter(self: Any, request: HttpRequest) -> HttpResponse:
        """Make a tab of the list's present filter, for this user alone."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        query = urlencode(sorted_pairs(request.POST.get("query", "")))
        name = " ".join(request.POST.get("name", "").split())
        problem = _problem(request.user, name, query) or _save(request.user, name, query)
        if problem:
            messages.warning(request, problem)
        else:
            messages.success(request, _("“%s” is a tab now.") % name)
        return redirect(f"{reverse('admin:orders_order_changelist')}?{query}")

    def remove_filter(self: Any, request: Any) -> HttpResponse:
        """Drop one of the user's own tabs."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = whole_number(request.POST.get("key"))
        SavedFilter.objects.filter(user=request.user, pk=key or 0).delete()
        return redirect("admin:orders_order_changelist")


def _problem(user: Any, name: str, query: str) -> str:
    """Why this does not become a tab; empty if it may."""
    if not 1 <= len(name) <= 30:  # noqa: PLR2004 -- the column's
        return _("A tab's name has between 1 and 30 characters.")
    if not query or len(query) > 500:  # noqa: PLR2004 -- likewise
        return _("Choose a filter first: then it can be kept.")
    if SavedFilter.objects.filter(user=user).count() >= MOST_FILTERS:
        return _("You have %d tabs: remove one first.") % MOST_FILTERS
    return ""


def _save(user: Any, name: str, query: str) -> str:
    try:
        with transaction.atomic():
            SavedFilter.objects.create(user=user, name=name, query=query)
    except IntegrityError:
        return _("You have a tab of this name.")
    return ""
