"""What of an order's price, and of what was given back of it, falls to each of its items."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orders.models import Order, OrderItem
from shops.money import minor_units


@dataclass(frozen=True, slots=True)
class Share:
    """What of a price falls to something: money, and points."""

    amount: Decimal
    points: int


def shares_of(order: Order, items: Iterable[OrderItem]) -> dict[int, Share]:
    """What falls to each of all the `items` of `order`, by key; together exactly what was paid.

    So an item's share never depends on what else was refunded before.
    """
    return divided(Share(order.total, order.points_used), items, order.currency)


def divided(whole: Share, items: Iterable[OrderItem], currency: str) -> dict[int, Share]:
    """`whole` among `items` by their prices in points, by key; in equal parts where none has a price.

    Each sum up to an item is rounded half up, and a share is the step from one such sum to the next: together they are
    exactly all.
    """
    ordered = sorted(items, key=lambda item: item.pk)
    weights = [item.points for item in ordered]
    if not any(weights):
        weights = [1] * len(weights)
    scale = minor_units(currency)
    money = _steps(int(whole.amount.scaleb(scale)), weights)
    points = _steps(whole.points, weights)
    found = zip(ordered, money, points, strict=True)
    return {item.pk: Share(Decimal(units).scaleb(-scale), some) for item, units, some in found}


def _steps(units: int, weights: Sequence[int]) -> list[int]:
    whole, seen, told = sum(weights), 0, 0
    steps = []
    for weight in weights:
        seen += weight
        up_to = (2 * units * seen + whole) // (2 * whole)
        steps.append(up_to - told)
        told = up_to
    return steps
