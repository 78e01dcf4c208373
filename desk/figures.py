"""What the dashboard counts by day: orders, money, points and redemptions, in days of each brand's own time zone.

Two statements along indexes (desk/migrations/0003) for today, and two for the days before it, which are kept for
KEPT seconds: a million orders of a month take a second to add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from desk.caching import kept
from shops.models import Brand, Member
from shops.money import rounded

DAYS = 30
KEPT = 900  # seconds, of the days before today
LIABILITY_KEPT = 60  # seconds

ORDERS = """
SELECT (o.created_at AT TIME ZONE b.time_zone)::date AS day, o.currency, o.status, count(*),
    sum(o.total - o.refunded - coalesce(c.amount, 0)), sum(o.points_used - o.points_refunded)
FROM shops_brand b
JOIN orders_order o ON o.brand_id = b.id
    AND o.created_at >= (%(first)s::date::timestamp AT TIME ZONE b.time_zone)
    AND o.created_at < ((%(last)s::date + 1)::timestamp AT TIME ZONE b.time_zone)
    -- Bounds that the planner knows beforehand, a little wider: otherwise it reads all orders of the brand.
    AND o.created_at >= %(first)s::date - interval '1 day' AND o.created_at < %(last)s::date + interval '2 days'
LEFT JOIN (  -- what banks took back and did not give again: a few rows
    SELECT order_id, sum(amount) AS amount FROM orders_chargeback
    WHERE brand_id = ANY (%(brands)s) AND reversed_at IS NULL GROUP BY order_id
) c ON c.order_id = o.id
WHERE b.id = ANY (%(brands)s)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
REDEMPTIONS = """
SELECT (p.redeemed_at AT TIME ZONE b.time_zone)::date AS day, count(*)
FROM shops_brand b
JOIN passes_pass p ON p.brand_id = b.id
    AND p.redeemed_at >= (%(first)s::date::timestamp AT TIME ZONE b.time_zone)
    AND p.redeemed_at < ((%(last)s::date + 1)::timestamp AT TIME ZONE b.time_zone)
WHERE b.id = ANY (%(brands)s)
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class OrdersOfDay:
    """Orders that were placed on a day, of one currency and in one state now."""

    day: date
    currency: str
    status: str
    count: int
    money: Decimal  # what was due, less what was refunded and charged back
    points: int  # what was spent, less what was given back


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened on the last DAYS days."""

    days: list[date]
    orders: list[OrdersOfDay]
    redemptions: dict[date, int]


@dataclass(frozen=True, slots=True)
class Liability:
    """What members of brands with one currency could still spend."""

    currency: str
    points: int
    worth: Decimal


def figures_of(brands: Sequence[int], today: date) -> Figures:
    """Count by day, today's as they are now."""
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    names = "-".join(map(str, brands))
    old = kept(f"desk:{names}:{today}", KEPT, lambda: _rows(brands, days[0], days[-2]))
    new = _rows(brands, today, today)
    orders = [OrdersOfDay(*row) for row in (*old["orders"], *new["orders"])]
    return Figures(days, orders, dict((*old["redemptions"], *new["redemptions"])))


def _rows(brands: Sequence[int], first: date, last: date) -> dict[str, list[tuple[Any, ...]]]:
    inputs: dict[str, Any] = {"brands": list(brands), "first": first, "last": last}
    found = {}
    with connection.cursor() as cursor:
        for name, statement in (("orders", ORDERS), ("redemptions", REDEMPTIONS)):
            cursor.execute(statement, inputs)
            found[name] = cursor.fetchall()
    return found


def liabilities_of(brands: Sequence[Brand]) -> list[Liability]:
    """What the members of these brands have in points, and what that is worth, by currency."""
    keys = [brand.pk for brand in brands]
    names = "-".join(map(str, keys))
    points = kept(f"desk:liability:{names}", LIABILITY_KEPT, lambda: _points_of(keys))
    by_currency: dict[str, tuple[int, Decimal]] = {}
    for brand in brands:
        known, worth = by_currency.get(brand.currency, (0, Decimal(0)))
        held = points.get(brand.pk, 0)
        by_currency[brand.currency] = (known + held, worth + brand.worth_of(held))
    return [Liability(name, held, rounded(worth, name)) for name, (held, worth) in sorted(by_currency.items())]


def _points_of(keys: list[int]) -> dict[int, int]:
    rows = Member.objects.filter(brand__in=keys, points__gt=0).order_by()
    return {brand: int(held) for brand, held in rows.values_list("brand").annotate(Sum("points"))}
