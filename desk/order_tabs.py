"""The tabs above the list of orders, each with a count that costs little however many orders there are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy

from desk.bounded_counts import Count, Rows, counts_of
from desk.models import SavedFilter
from orders.models import Order, OrderCount, OrderStatus, ProcessingStatus
from shops.numbers import whole_number
from shops.permissions import brand_ids_where

REFUNDED = Q(refunded__gt=0) | Q(points_refunded__gt=0)  # as the partial index says it (desk/migrations/0003)

Find = Callable[[str], Rows | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """The brands that a tab is about, None for all there are, and the counts that the database keeps of them."""

    keys: list[int] | None
    kept: dict[tuple[str, str], int]
    is_named: bool = False  # whether the tab's own query says so


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter with a name."""

    name: Any
    query: str
    counted: Count | None = None  # None for a filter that the list refuses
    key: int | None = None  # of a user's own one
    is_current: bool = False

    @property
    def url(self) -> str:
        """Where it leads."""
        return f"?{self.query}"

    @property
    def count(self) -> int | None:
        """How many orders it finds."""
        return self.counted[0] if self.counted else None

    @property
    def is_least(self) -> bool:
        """Whether it may find more than `count`."""
        return bool(self.counted and self.counted[1])


TABS: tuple[tuple[Any, str], ...] = (
    (gettext_lazy("All"), ""),
    (gettext_lazy("Open"), "status__exact=paid&processing_status__in=open%2Cbeing_processed"),
    (gettext_lazy("Unpaid"), "status__exact=open"),
    (gettext_lazy("To fulfil"), "status__exact=paid&processing_status__exact=open"),
    (gettext_lazy("Refunded"), "has=refunded"),
)


def tabs_of(request: Any, find: Find) -> list[Tab]:
    """The tabs above the list, in six statements at most. `find` gives the orders that the list finds for a query.

    The counts of everybody's tabs are exact. So are those of one's own that follow from what the database keeps;
    the others are bounded (`counts_of`).
    """
    brand = request.GET.get("brand", "")
    keep = {} if whole_number(brand) is None else {"brand": brand}
    own = list(SavedFilter.objects.filter(user=request.user).order_by("pk"))
    scopes = _scopes(request.user, {brand, *(_brand_in(row.query) for row in own)})
    now = sorted_pairs(request.GET.urlencode())
    tabs = []
    for name, query in TABS:
        whole = urlencode({**dict(parse_qsl(query)), **keep})
        count = _known(query, scopes[brand]) or (_refunded(scopes[brand]), False)
        tabs.append(Tab(name, whole, count, None, sorted_pairs(whole) == now))
    counts = _counts({row.query: scopes[_brand_in(row.query)] for row in own}, find)
    return tabs + [Tab(row.name, row.query, counts[row.query], row.pk, sorted_pairs(row.query) == now) for row in own]


def sorted_pairs(query: str) -> list[tuple[str, str]]:
    """What a list's address asks for: two that are equal show the same orders."""
    return sorted(pair for pair in parse_qsl(query) if pair[0] not in {"p", "o", "all"})


def _brand_in(query: str) -> str:
    return dict(parse_qsl(query)).get("brand", "")


def _scopes(user: Any, brands: Iterable[str]) -> dict[str, Scope]:
    """What each value of the list's parameter `brand` stands for, in two statements; what names none is no filter."""
    own = None if user.is_superuser else brand_ids_where(user, "view")
    rows = OrderCount.objects.order_by() if own is None else OrderCount.objects.filter(brand__in=own).order_by()
    summed = rows.values_list("status", "processing_status").annotate(Sum("count"))
    whole = Scope(own, {(status, step): count for status, step, count in summed})
    named = {brand: key for brand in brands if (key := whole_number(brand)) is not None}
    by_brand: dict[int, dict[tuple[str, str], int]] = {key: {} for key in named.values()}
    of_each = rows.filter(brand__in=by_brand).values_list("brand", "status", "processing_status")
    for key, status, step, count in of_each.annotate(Sum("count")) if by_brand else ():
        by_brand[key][status, step] = count
    seen = {brand: [key] if own is None or key in own else [] for brand, key in named.items()}  # of others: nothing
    return {brand: Scope(seen[brand], by_brand[named[brand]], True) if brand in named else whole for brand in brands}


def _known(query: str, scope: Scope) -> Count | None:
    """How many orders `query` finds, if that follows from what is kept; else None."""
    pairs = [pair for pair in parse_qsl(query) if pair[0] != "brand"]
    wishes = dict(pairs)
    if len(wishes) < len(pairs):
        return None  # one that is asked for twice means either of the two
    names = {"status__exact": OrderStatus.values, "processing_status__exact": ProcessingStatus.values}
    wanted = {name: [wishes.pop(name)] if name in wishes else known for name, known in names.items()}
    if "processing_status__in" in wishes:
        wanted["processing_status__exact"] = sorted(set(wishes.pop("processing_status__in").split(",")))
    if wishes:
        return None
    states = ((status, step) for status in wanted["status__exact"] for step in wanted["processing_status__exact"])
    return sum(scope.kept.get(pair, 0) for pair in states), False


def _refunded(scope: Scope) -> int:
    """Exactly, along a short index."""
    rows = Order.objects.filter(REFUNDED)
    return (rows if scope.keys is None else rows.filter(brand__in=scope.keys)).order_by().count()


def _counts(queries: dict[str, Scope], find: Find) -> dict[str, Count | None]:
    """How many orders each of one's own tabs finds."""
    counts: dict[str, Count | None] = {}
    asked: dict[str, Rows] = {}
    for query, scope in queries.items():
        counts[query] = _known(query, scope)
        if counts[query] is None and (rows := _found(query, scope, find)) is not None:
            asked[query] = rows
    if asked:
        scopes = [queries[query] for query in asked]
        totals = [sum(scope.kept.values()) for scope in scopes]
        found = counts_of(list(asked.values()), [scope.keys for scope in scopes], totals)
        counts |= dict(zip(asked, found, strict=True))
    return counts


def _found(query: str, scope: Scope, find: Find) -> Rows | None:
    return find(urlencode([pair for pair in parse_qsl(query) if pair[0] != "brand" or scope.is_named]))
