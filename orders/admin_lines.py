"""What became of each item of an order, and of its sums, for its page.

Refunds keep one sum for all their passes; what of it falls to one is its part by the price in points, as
`orders/shares.py` divides what was paid. So the lines and what was given back without a pass add up exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise

from orders.models import Order, OrderItem, OrderStatus, Refund, RefundStatus
from orders.refunds import charged_back
from orders.shares import Share, divided, shares_of
from passes.models import PassStatus

ENDED_UNPAID = {OrderStatus.FAILED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
NOTHING = Share(Decimal(0), 0)


@dataclass(frozen=True, slots=True)
class Line:
    """An item: what was paid for it, and what of that came back or was never paid."""

    item: OrderItem
    paid: Share
    back: Share
    why: str | Promise = ""  # it came back
    may_mail: bool = False


@dataclass(frozen=True, slots=True)
class Sums:
    """An order's sums: what it cost, how it was paid, what came back."""

    price: Decimal
    by_points: Decimal
    back: Share
    without_pass: Share
    charged_back: Decimal
    kept: Decimal


def lines_of(order: Order, *, may_mail: bool) -> list[Line]:
    """The items of `order` as they were bought, in three statements. `may_mail`: whether links are offered."""
    items = list(order.items.select_related("issued_pass__coupon").order_by("pk"))
    shares = shares_of(order, items)
    back = _given_back(order)
    lines = []
    for item in items:
        paid = shares[item.pk]
        if order.status in ENDED_UNPAID:
            lines.append(Line(item, paid, paid, order.get_status_display()))
            continue
        given, why = back.get(item.pk, (NOTHING, ""))
        is_usable = bool(item.issued_pass.qr_code) and item.issued_pass.status == PassStatus.ACTIVE
        lines.append(Line(item, paid, given, why, may_mail and is_usable))
    return lines


def _given_back(order: Order) -> dict[int, tuple[Share, str]]:
    """What refunds that count gave back for each item, by the item's key."""
    found: dict[int, tuple[Share, str]] = {}
    for refund in _refunds_of(order):
        taken = [one.item for one in refund.items.all()]
        shares = divided(Share(refund.amount, refund.points), taken, refund.currency)
        found |= {key: (share, refund.get_status_display()) for key, share in shares.items()}
    return found


def _refunds_of(order: Order) -> Iterable[Refund]:
    return order.refunds.exclude(status=RefundStatus.FAILED).prefetch_related("items__item")


def sums_of(order: Order, lines: Sequence[Line]) -> Sums:
    """The sums of an order of our own shop."""
    price = order.worth(order.total_order_points_price)
    is_unpaid, charged = order.status in ENDED_UNPAID, charged_back(order)
    points_back = order.points_used if is_unpaid else order.points_refunded
    of_lines = Share(sum((line.back.amount for line in lines), Decimal(0)), sum(line.back.points for line in lines))
    return Sums(
        price=price,
        by_points=price - order.total,
        back=Share(order.refunded, points_back),
        without_pass=NOTHING
        if is_unpaid
        else Share(order.refunded - of_lines.amount, order.points_refunded - of_lines.points),
        charged_back=charged,
        kept=order.total - order.refunded - charged if order.status == OrderStatus.PAID else Decimal(0),
    )


def lines_and_sums(order: Order, *, may_mail: bool) -> dict[str, Any]:
    """Both, for the page of an order of our own shop."""
    if order.is_stated:
        return {}
    lines = lines_of(order, may_mail=may_mail)
    return {"item_lines": lines, "money_sums": sums_of(order, lines)}
