"""What the desk adds to the list of orders: tabs with counts, each user's own ones, tags, and more filters."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter, RangeNumericFilter, TextFilter
from unfold.decorators import display

from desk.hands import failed_refunds, waiting_returns
from desk.models import MOST_FILTERS, OrderTag, SavedFilter
from orders.models import MailState, Order, OrderCount, OrderMail, OrderStatus, Payment, ProcessingStatus
from shops.permissions import brand_ids_where, brands_where

REFUNDED = Q(refunded__gt=0) | Q(points_refunded__gt=0)  # as the partial index says it (desk/migrations/0003)
IN_WORK = (ProcessingStatus.OPEN, ProcessingStatus.BEING_PROCESSED)


class HasFilter(DropdownFilter):
    """Orders with something about them that their own states do not say."""

    title = gettext_lazy("what there is")
    parameter_name = "has"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What can be asked for."""
        return [
            ("refunded", _("Refunded, also in part")),
            ("refund_failed", _("A refund that failed")),
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
        keys = list(brands_where(request.user, "view").values_list("pk", flat=True))
        rows: dict[str, Any] = {
            "refund_failed": failed_refunds(keys),
            "return_waiting": waiting_returns(keys),
            "payment_trouble": Payment.objects.filter(brand__in=keys, due_at__isnull=False).exclude(last_error=""),
            "mail_given_up": OrderMail.objects.filter(brand__in=keys, state=MailState.FAILED),
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
        wish = str(self.value() or "").strip().lower()
        if not wish:
            return queryset
        return queryset.filter(
            Exists(OrderTag.objects.filter(brand=OuterRef("brand"), order=OuterRef("pk"), text=wish))
        )


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter with a name."""

    name: Any
    query: str
    count: int | None = None
    key: int | None = None  # of a user's own one
    is_current: bool = False

    @property
    def url(self) -> str:
        """Where it leads."""
        return f"?{self.query}"


TABS: tuple[tuple[Any, str], ...] = (
    (gettext_lazy("All"), ""),
    (gettext_lazy("Open"), "status__exact=paid&processing_status__in=open%2Cbeing_processed"),
    (gettext_lazy("Unpaid"), "status__exact=open"),
    (gettext_lazy("To fulfil"), "status__exact=paid&processing_status__exact=open"),
    (gettext_lazy("Refunded"), "has=refunded"),
)


def tabs_of(request: Any) -> list[Tab]:
    """The tabs above the list, with exact counts from what the database keeps, in three statements."""
    brand = request.GET.get("brand", "")
    keep = {"brand": brand} if brand.isdecimal() else {}
    keys = _brands_in(request, brand)
    counts = _counts(keys)
    now = _sorted(request.GET.urlencode())
    tabs = []
    for name, query in TABS:
        whole = urlencode({**dict(parse_qsl(query)), **keep})
        tabs.append(Tab(name, whole, _count(query, counts, keys), None, _sorted(whole) == now))
    for own in SavedFilter.objects.filter(user=request.user).order_by("pk"):
        is_current = _sorted(own.query) == now
        tabs.append(Tab(own.name, own.query, _count(own.query, counts, keys), own.pk, is_current))
    return tabs


def _brands_in(request: HttpRequest, brand: str) -> list[int] | None:
    """The keys of the brands that the list shows; None for all there are."""
    own = None if request.user.is_superuser else brand_ids_where(request.user, "view")
    if not brand.isdecimal() or len(brand) > 18:  # noqa: PLR2004 -- what a bigint holds
        return own
    return [int(brand)] if own is None or int(brand) in own else []


def _counts(keys: list[int] | None) -> dict[tuple[str, str], int]:
    rows = OrderCount.objects.order_by() if keys is None else OrderCount.objects.filter(brand__in=keys).order_by()
    summed = rows.values_list("status", "processing_status").annotate(Sum("count"))
    return {(status, processing): count for status, processing, count in summed}


def _count(query: str, counts: dict[tuple[str, str], int], keys: list[int] | None) -> int | None:
    """How many orders `query` finds, if that is kept or follows from a short index; else None."""
    wishes = {name: value for name, value in parse_qsl(query) if name != "brand"}
    if wishes == {"has": "refunded"}:
        rows = Order.objects.filter(REFUNDED)
        return (rows if keys is None else rows.filter(brand__in=keys)).order_by().count()
    names = {"status__exact": OrderStatus.values, "processing_status__exact": ProcessingStatus.values}
    wanted = {name: [wishes.pop(name)] if name in wishes else known for name, known in names.items()}
    if "processing_status__in" in wishes:
        wanted["processing_status__exact"] = wishes.pop("processing_status__in").split(",")
    if wishes:
        return None
    pairs = ((status, step) for status in wanted["status__exact"] for step in wanted["processing_status__exact"])
    return sum(counts.get(pair, 0) for pair in pairs)


def _sorted(query: str) -> list[tuple[str, str]]:
    return sorted(pair for pair in parse_qsl(query) if pair[0] not in {"p", "o", "all"})


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
        context = {"tabs": tabs_of(request), "filter_to_save": urlencode(_sorted(request.GET.urlencode()))}
        answer: HttpResponse = super().changelist_view(request, context | (extra_context or {}))  # type: ignore[misc]
        return answer

    def get_list_display(self: Any, request: HttpRequest) -> list[Any]:
        """With the tags."""
        return [*super().get_list_display(request), "tag_list"]  # type: ignore[misc]

    def get_list_filter(self: Any, request: HttpRequest) -> list[Any]:
        """With more to filter by."""
        return [*super().get_list_filter(request), ("total", RangeNumericFilter), HasFilter, TagFilter]  # type: ignore[misc]

    def get_queryset(self: Any, request: HttpRequest) -> QuerySet[Order]:
        """With the tags, in one further statement."""
        rows: QuerySet[Order] = super().get_queryset(request)  # type: ignore[misc]
        return rows.prefetch_related("tags")

    @display(description=gettext_lazy("tags"))
    def tag_list(self, order: Order) -> str:
        """All of them in one line."""
        return ", ".join(sorted(tag.text for tag in order.tags.all()))

    def save_filter(self: Any, request: HttpRequest) -> HttpResponse:
        """Make a tab of the list's present filter, for this user alone."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        query = urlencode(_sorted(request.POST.get("query", "")))
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
        key = request.POST.get("key", "")
        if key.isdecimal() and len(key) < 19:  # noqa: PLR2004 -- what a bigint holds
            SavedFilter.objects.filter(user=request.user, pk=int(key)).delete()
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
