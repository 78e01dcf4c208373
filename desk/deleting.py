"""An order that no real money was paid for can be deleted, with all that hangs on it; a real one never.

The database has the last word: it lets a test order's row go, and then what hung on it (orders/migrations/0018). The
ledger is never shortened: points that the order still holds are booked back first, so that balances stay right. The
number is not given out again; the brand keeps it, for whoever counts (orders/reading.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from applewallet.models import Package, Subject
from orders.models import Order, OrderStatus, RefundStatus
from orders.refunds import OrderChanged
from orders.services import lock_order
from passes.models import Coupon, PassStatus
from passes.services import put_back_stock
from shops.errors import ShopError
from shops.services import give_back_points
from webhooks.models import DeliveryState

PERMISSION = "delete test order"
SANDBOX = "sandbox"
MOST_DELETED = 1000  # of a brand: every page of its orders looks through their numbers

# The order first: only then the database lets go of what it keeps for good. Two hang by its uuid, not by its key.
STATEMENTS = (
    "DELETE FROM orders_order WHERE id = %(order)s",
    """DELETE FROM webhooks_call c USING webhooks_delivery d
    WHERE c.delivery_id = d.id AND d.order_uuid = %(uuid)s AND d.brand_id = %(brand)s""",
    "DELETE FROM webhooks_delivery WHERE order_uuid = %(uuid)s AND brand_id = %(brand)s",
    "DELETE FROM webhooks_event WHERE order_uuid = %(uuid)s AND brand_id = %(brand)s",
    "DELETE FROM orders_returnitem i USING orders_return r WHERE i.of_return_id = r.id AND r.order_id = %(order)s",
    "DELETE FROM orders_return WHERE order_id = %(order)s",
    "DELETE FROM orders_refunditem i USING orders_refund r WHERE i.refund_id = r.id AND r.order_id = %(order)s",
    "DELETE FROM orders_refund WHERE order_id = %(order)s",
    "DELETE FROM orders_chargeback WHERE order_id = %(order)s",
    """DELETE FROM orders_fulfillmentitem i USING orders_fulfillment f
    WHERE i.fulfillment_id = f.id AND f.order_id = %(order)s""",
    "DELETE FROM orders_fulfillment WHERE order_id = %(order)s",
    "DELETE FROM orders_ordermail WHERE order_id = %(order)s",
    "DELETE FROM orders_payment WHERE order_id = %(order)s",
    "DELETE FROM orders_orderitem WHERE order_id = %(order)s",
    "DELETE FROM passes_pass WHERE id = ANY(%(passes)s)",
    "DELETE FROM desk_orderevent WHERE order_id = %(order)s",
    "DELETE FROM desk_ordernote WHERE order_id = %(order)s",
    "DELETE FROM desk_ordertag WHERE order_id = %(order)s",
    "DELETE FROM desk_pointsfault WHERE order_id = %(order)s",
)


class NotDeletable(ShopError):
    """An order that stays, and why."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What would go, and what would come back; `why_not` is empty if it may."""

    passes: int
    webhooks: int
    mails: int
    notes: int
    points: int
    why_not: str


def is_test(order: Order) -> bool:
    """Whether no real money was paid for it: a payment at a provider's test mode, or at the sandbox."""
    payment = getattr(order, "payment", None)
    return payment is not None and (payment.is_test or payment.provider == SANDBOX)


def preview(order: Order) -> Deletion:
    """What `delete_test_order` would do. Changes nothing."""
    return Deletion(
        passes=order.items.count(),
        webhooks=order.brand.events.filter(order_uuid=order.uuid).count(),
        mails=order.mails.count(),
        notes=order.brand.order_notes.filter(order=order).count(),
        points=_points_held(order),
        why_not=_why_not(order),
    )


@transaction.atomic
def delete_test_order(order: Order, *, version: int) -> None:
    """Delete an order that was a test, with its passes, webhooks, mails and notes.

    Points that it still holds go back to the member, and its stock to the shop. Raises NotDeletable, OrderGone for one
    that was deleted already, and OrderChanged unless `version` is the order's own now; nothing is changed then.
    """
    order = lock_order(order)
    if version != order.version:
        raise OrderChanged
    why_not = _why_not(order)
    if why_not:
        raise NotDeletable(why_not)
    points = _points_held(order)
    if points:
        give_back_points(order.member, points, reference=f"order {order.uuid}")
    _put_back_stock(order)
    _keep_number(order)
    _delete_rows(order)


def _points_held(order: Order) -> int:
    return order.points_used - order.points_refunded if order.status == OrderStatus.PAID else 0


def _why_not(order: Order) -> str:
    return next(_reasons(order), "")


def _reasons(order: Order) -> Iterator[str]:
    """Why it stays."""
    if order.is_stated or order.points_earned or not is_test(order):
        yield _("Only an order that was paid as a test can be deleted. This one stays; it can be archived.")
        return
    if order.status == OrderStatus.OPEN:
        yield _("It waits for its payment. Cancel it first.")
    if order.refunds.filter(status=RefundStatus.REQUESTED).exists():
        yield _("A refund of it is on its way. Wait until it has ended.")
    if order.payment.due_at is not None:
        yield _("The payment provider is still being asked about its payment. Try again later.")
    if order.items.filter(issued_pass__status=PassStatus.REDEEMED).exists():
        yield _("A pass of it was redeemed: something was handed out for it, so it stays. It can be archived.")
    if order.brand.registrations.filter(package__in=_packages(order)).exists():
        yield _("A phone holds it, or a pass of it, in Apple Wallet. Remove it from the phone first.")
    if order.brand.deliveries.filter(order_uuid=order.uuid, state=DeliveryState.SENDING).exists():
        yield _("A webhook about it is on its way at this moment. Try again in a minute.")
    if len(order.brand.deleted_numbers) >= MOST_DELETED:
        yield _("This brand has deleted %(most)d test orders already. Archive this one.") % {"most": MOST_DELETED}


def _packages(order: Order) -> QuerySet[Package]:
    """What Apple Wallet was given of it."""
    passes = Q(subject=Subject.COUPON, subject_uuid__in=order.items.values("issued_pass__uuid"))
    return order.brand.packages.filter(passes | Q(subject=Subject.ORDER, subject_uuid=order.uuid))


def _put_back_stock(order: Order) -> None:
    """What nobody put back yet."""
    if order.status != OrderStatus.PAID:
        return  # it went back when the order ended
    are_back = order.brand.refund_items.filter(item__order=order, holds=True, refund__restocks=True).values("item")
    quantities: dict[Coupon, int] = {}
    for item in order.items.exclude(pk__in=are_back).select_related("issued_pass__coupon__brand"):
        coupon = item.issued_pass.coupon
        quantities[coupon] = quantities.get(coupon, 0) + 1
    for coupon, quantity in sorted(quantities.items(), key=lambda line: line[0].pk):
        put_back_stock(coupon, quantity)


def _keep_number(order: Order) -> None:
    """Note the gap, the newest first. The row stays locked until commit, as for a new number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shops_brand SET deleted_numbers ="
            " ARRAY(SELECT unnest(deleted_numbers || %s::bigint) AS number ORDER BY number DESC) WHERE id = %s",
            [order.number, order.brand_id],
        )


def _delete_rows(order: Order) -> None:
    passes = list(order.items.values_list("issued_pass", flat=True))
    facts: dict[str, Any] = {"order": order.pk, "uuid": order.uuid, "brand": order.brand_id, "passes": passes}
    try:
        _packages(order).delete()
        with connection.cursor() as cursor:
            for statement in STATEMENTS:
                cursor.execute(statement, facts)
        connection.check_constraints()
    except IntegrityError as error:
        raise NotDeletable(_("Something else hangs on this order, so it stays. It can be archived.")) from error
