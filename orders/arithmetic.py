"""Whether an order's points and money agree: what it cost, what was paid, what the ledger says, what went back.

Each line of PARTS is an equation: what the order says, and what it follows from. `equations_of` shows them to staff for
one order; `disagreeing` looks through all orders, a batch at a time, and is what the nightly check runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection

from orders.models import Order
from shops.models import Brand
from shops.money import FRACTIONS

BATCH = 5000  # orders in one statement
SCALES = orjson.dumps({currency: digits for currency, (digits, *_rest) in FRACTIONS.items()}).decode()

# By name: what the order says, and what it must be. `given_back` is what the ledger gave back for the whole order.
# What a partner states of money is its word (orders/stated.py): there only the points follow from it.
PARTS = {
    "price": ("o.total_order_points_price", "items.points"),
    "total": (
        "o.total",
        """CASE WHEN o.source = 'shop'
        THEN round((o.total_order_points_price - o.points_used)::numeric / o.point_value, o.scale) ELSE o.total END""",
    ),
    "payment": ("coalesce(pay.amount, 0)", "CASE WHEN o.source = 'shop' THEN o.total ELSE 0 END"),
    "spent": ("o.points_used", "-coalesce(spent.points, 0)"),
    "given_back": (
        "coalesce(given_back.points, 0)",
        "CASE WHEN o.status IN ('failed', 'canceled', 'expired') THEN o.points_used ELSE 0 END",
    ),
    "refunded": ("o.refunded", "CASE WHEN o.source = 'shop' THEN refunds.amount ELSE o.refunded END"),
    "points_refunded": ("o.points_refunded", "refunds.points"),
    "refunds_booked": ("refunds.booked", "refunds.completed"),
    "earned": (
        "o.points_earned",
        "CASE WHEN o.status = 'paid' THEN floor((o.total - o.refunded) * o.earn_rate) ELSE 0 END",
    ),
}
MONEY = frozenset({"total", "payment", "refunded"})  # those of PARTS that are sums of money; the others are points

FIGURES = f"""
SELECT o.id, o.number, o.uuid, part.name, part.says, part.must_be
FROM (
    SELECT *, coalesce((%(scales)s::jsonb ->> currency)::int, 2) AS scale
    FROM orders_order WHERE brand_id = %(brand)s AND id > %(after)s AND id <= %(until)s
) o
LEFT JOIN orders_payment pay ON pay.order_id = o.id
LEFT JOIN shops_pointsentry spent
    ON spent.member_id = o.member_id AND spent.reason = 'spent' AND spent.reference = 'order ' || o.uuid
LEFT JOIN shops_pointsentry given_back
    ON given_back.member_id = o.member_id AND given_back.reason = 'given_back'
    AND given_back.reference = 'order ' || o.uuid
CROSS JOIN LATERAL (SELECT coalesce(sum(points), 0) AS points FROM orders_orderitem WHERE order_id = o.id) items
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.amount), 0) AS amount, coalesce(sum(r.points), 0) AS points,
        coalesce(sum(r.points) FILTER (WHERE r.status = 'completed'), 0) AS completed,
        coalesce(sum(entry.points), 0) AS booked
    FROM orders_refund r
    LEFT JOIN shops_pointsentry entry
        ON entry.member_id = o.member_id AND entry.reason = 'given_back' AND entry.reference = 'refund ' || r.uuid
    WHERE r.order_id = o.id AND r.status <> 'failed'
) refunds
CROSS JOIN LATERAL (VALUES
    {", ".join(f"('{name}', ({says})::numeric, ({must_be})::numeric)" for name, (says, must_be) in PARTS.items())}
) AS part (name, says, must_be)
"""


@dataclass(frozen=True, slots=True)
class Equation:
    """One line of an order's arithmetic."""

    order_id: int
    number: int
    uuid: str
    name: str
    says: Decimal
    must_be: Decimal

    @property
    def holds(self) -> bool:
        """Whether both sides are the same."""
        return self.says == self.must_be


def equations_of(order: Order) -> list[Equation]:
    """All equations of one order, in the order of PARTS."""
    return _equations(FIGURES, order.brand, order.pk - 1, order.pk)


def disagreeing(brand: Brand) -> Iterator[Equation]:
    """The equations that do not hold, over all orders of `brand`. Locks nothing, and reads a batch at a time."""
    after = 0
    while until := _end_of_batch(brand, after):
        yield from _equations(f"{FIGURES} WHERE part.says <> part.must_be", brand, after, until)
        after = until


def _end_of_batch(brand: Brand, after: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(id) FROM"
            " (SELECT id FROM orders_order WHERE brand_id = %s AND id > %s ORDER BY id LIMIT %s) batch",
            [brand.pk, after, BATCH],
        )
        found: int | None = cursor.fetchone()[0]
        return found


def _equations(statement: str, brand: Brand, after: int, until: int) -> list[Equation]:
    facts: dict[str, Any] = {"brand": brand.pk, "after": after, "until": until, "scales": SCALES}
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return [Equation(*row) for row in cursor.fetchall()]
