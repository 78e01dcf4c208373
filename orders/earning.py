"""Points that members earn by orders that partners state.

An order earns its rate times what was paid and not given back, rounded down. So a refund takes back its part, and all
refunds together exactly all, however the money was divided. `points_earned` on the order says how much of that is
booked; what is missing or too much is one line of the ledger, whose reference the database takes only once.
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

import structlog

from orders.models import Order, OrderStatus, Refund
from shops.models import PointsReason
from shops.services import earn_points, take_back_points

logger = structlog.get_logger(__name__)


def points_due(order: Order, refunded: Decimal) -> int:
    """What `order` earns, `refunded` having been given back. Nothing unless it is paid.

    The rate is per unit of the brand's currency: it says nothing of others.
    """
    if order.status != OrderStatus.PAID or order.currency != order.brand.currency:
        return 0
    return int(((order.total - refunded) * order.earn_rate).to_integral_value(ROUND_FLOOR))


def settle_points(order: Order, new_refunds: Sequence[Refund]) -> set[str]:
    """Book what a locked order's member has earned or has to give back; returns the columns that changed, unsaved.

    Each of `new_refunds` is a line of its own. A member who has spent the points already keeps what is missing: it is
    logged, as there is nothing to take.
    """
    if not order.earn_rate:
        return set()
    was = order.points_earned
    money = [refund.amount for refund in new_refunds if refund.currency == order.currency]
    before = max(order.refunded - sum(money, Decimal(0)), Decimal(0))
    _settle(order, points_due(order, before), f"order {order.uuid} v{order.version + 1}")
    for refund in new_refunds:
        if refund.currency == order.currency:
            before = min(before + refund.amount, order.total)
            _settle(order, points_due(order, before), f"refund {refund.uuid}")
    return {"points_earned"} if order.points_earned != was else set()


def _settle(order: Order, due: int, reference: str) -> None:
    """Bring what is booked to `due`."""
    missing = due - order.points_earned
    if missing > 0:
        earn_points(order.member, missing, reference=_accrual(order) or reference)
    elif missing < 0:
        taken = take_back_points(order.member, -missing, reference=reference)
        if taken < -missing:
            logger.warning(
                "points that were earned are spent already", order=str(order.uuid), due=-missing, taken=taken
            )
    order.points_earned = due


def _accrual(order: Order) -> str:
    """The reference of what an order earns at first; empty once that is booked."""
    reference = f"order {order.uuid} accrual"
    booked = order.member.points_entries.filter(reason=PointsReason.EARNED, reference=reference)
    return "" if booked.exists() else reference
