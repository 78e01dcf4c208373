"""Verbs on refunds: money and points go back to the member, and passes come back.

The rows come first: a refund is requested in one transaction, which sets the sums aside and blocks the passes. The
provider is asked for the money with no transaction open, by the refund's uuid, so that asking twice is asking once.
What it answers ends the refund in another transaction. Whoever dies in between is followed by orders/tasks.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from orders.models import Order, OrderItem, OrderStatus, Refund, RefundItem, RefundStatus
from orders.parts import Codes, check_paid, choose_items, lock_paid_order
from orders.payments import ProviderRefund, ProviderSilent, provider_named
from orders.services import lock_order, save_order
from orders.shares import Share, shares_of
from passes.models import Coupon, PassStatus
from passes.services import put_back_stock, restore_passes, void_passes
from shops.actors import ActorKind, acting_as
from shops.errors import InvalidInput, ShopError
from shops.money import minor_units, rounded
from shops.services import give_back_points

LEASE = timedelta(minutes=5)  # how long the provider is left alone after it was asked
TOO_LATE = gettext_noop("Paid too late")  # why such a refund is made
UNDERWAY = timedelta(hours=1)  # and how long once it has taken the refund on; banks need days
CAME_BACK = "failed"  # a provider's word for a refund whose money could not be delivered


class OrderChanged(ShopError):
    """A refund of an order that is not any more what was agreed to."""

    def __init__(self) -> None:
        super().__init__(_("The order has changed meanwhile. Look at what would be given back now."))


@dataclass(frozen=True, slots=True)
class Quote:
    """What a refund would give back, and what could still be given back after it."""

    items: list[OrderItem]
    amount: Decimal
    points: int
    amount_left: Decimal
    points_left: int


class Wish(TypedDict):
    """What somebody wants to give back, as `quote` takes it."""

    passes: Codes
    amount: NotRequired[Decimal | None]
    points: NotRequired[int | None]
    include_redeemed: NotRequired[bool]


def quote(
    order: Order,
    *,
    passes: Codes,
    amount: Decimal | None = None,
    points: int | None = None,
    include_redeemed: bool = False,
) -> Quote:
    """What a refund would give back. Changes nothing.

    Without `amount` and `points` it is the share of the passes, or what is left of it. Raises NotPaid, and InvalidInput
    for more than is left, for a redeemed pass that is not included expressly, and for a refund of nothing.
    """
    check_paid(order)
    items = choose_items(order, passes, "refund_items") if passes else []
    _check_redeemed(items, include_redeemed=include_redeemed)
    left = left_of(order)
    shares = shares_of(order, order.items.all())
    due = [shares[item.pk] for item in items]
    if amount is None:
        amount = min(sum((share.amount for share in due), Decimal(0)), left.amount)
    if points is None:
        points = min(sum(share.points for share in due), left.points)
    _check_sums(order, amount, points, left)
    if not (items or amount or points):
        raise InvalidInput({"passes": [_("Name passes, an amount or points to give back.")]})
    amount = rounded(amount, order.currency)
    return Quote(items, amount, points, left.amount - amount, left.points - points)


def left_of(order: Order) -> Share:
    """What of the money and points of an order can still be given back."""
    money = max(order.total - order.refunded - charged_back(order), Decimal(0))
    return Share(money, order.points_used - order.points_refunded)


def charged_back(order: Order) -> Decimal:
    """What the member's bank took back of the order's money, and did not give again."""
    found: Decimal | None = order.chargebacks.filter(reversed_at=None).aggregate(Sum("amount"))["amount__sum"]
    return found or Decimal(0)


def _check_redeemed(items: list[OrderItem], *, include_redeemed: bool) -> None:
    redeemed = [item.issued_pass.qr_code for item in items if item.issued_pass.status == PassStatus.REDEEMED]
    if redeemed and not include_redeemed:
        text = _("Redeemed already, so say expressly: %s.") % ", ".join(redeemed)
        raise InvalidInput({"include_redeemed": [text]})


def _check_sums(order: Order, amount: Decimal, points: int, left: Share) -> None:
    errors = {}
    if amount < 0 or amount > left.amount:
        text = _("%(currency)s %(asked)s were asked for, but %(left)s are left to give back.")
        errors["amount"] = [text % {"currency": order.currency, "asked": amount, "left": left.amount}]
    elif amount != rounded(amount, order.currency):
        facts = {"currency": order.currency, "decimals": minor_units(order.currency)}
        errors["amount"] = [_("%(currency)s has %(decimals)s decimals.") % facts]
    if points < 0 or points > left.points:
        text = _("%(asked)s points were asked for, but %(left)s are left to give back.")
        errors["points"] = [text % {"asked": points, "left": left.points}]
    if errors:
        raise InvalidInput(errors)


@transaction.atomic
def request_refund(
    order: Order,
    *,
    by: str,
    reason: str = "",
    restocks: bool = False,
    version: int | None = None,
    **wish: Unpack[Wish],
) -> Refund:
    """Give back of a paid order what `quote` says of `wish`, and take the passes back.

    The sums are set aside and the passes blocked at once. If money is due the refund is `requested`, until the provider
    has given it back; points follow the money. Without money it is completed. `version` is the order's at the time of
    the quote that was agreed to. Raises OrderChanged if it is another now, and what `quote` raises.
    """
    order = lock_paid_order(order)
    if version is not None and version != order.version:
        raise OrderChanged
    due = quote(order, **wish)
    return set_aside(order, due, by=by, reason=reason, restocks=restocks)


def set_aside(order: Order, due: Quote, **facts: str | bool | datetime) -> Refund:
    """Make the refund of a locked order: `due` is spoken for from now on. `facts` are further columns."""
    sums = {"amount": due.amount, "currency": order.currency, "points": due.points}
    refund = order.brand.refunds.create(order=order, **sums, **facts)
    order.brand.refund_items.bulk_create(
        RefundItem(brand=order.brand, refund=refund, item=item, pass_was=item.issued_pass.status) for item in due.items
    )
    void_passes([item.issued_pass for item in due.items])
    order.refunded += due.amount
    order.points_refunded += due.points
    if not due.amount:
        _complete(order, refund)
    save_order(order, "refunded", "points_refunded", about=[refund])
    return refund


@transaction.atomic
def give_back_late_payment(order: Order, *, by: str) -> Refund | None:
    """Give back all the money that was paid for an order which had ended by then; its points and stock went back then.

    None where there is nothing to give back: also when a refund for it is on its way, or done. A refund that failed
    leaves it to be given back again.
    """
    order = lock_order(order)
    due = late_money(order)
    if not due:
        return None
    refund = order.brand.refunds.create(
        order=order, by=by, reason=TOO_LATE, amount=due, currency=order.currency, points=0
    )
    order.refunded += due
    save_order(order, "refunded", about=[refund])
    return refund


def late_money(order: Order) -> Decimal:
    """What was paid for an order that is not open and not paid, and has not been given or charged back."""
    payment = getattr(order, "payment", None)
    has_ended = order.status not in {OrderStatus.OPEN, OrderStatus.PAID}
    if not (has_ended and payment and payment.status == "paid"):
        return Decimal(0)
    return left_of(order).amount


def ask_provider(refund: Refund) -> Refund:
    """Ask the payment provider for the money of `refund`, unless somebody just did, and note the answer.

    Call it with no transaction open. May be killed at any line and run twice. Raises ProviderSilent; then it is due
    again after LEASE, and after UNDERWAY while the provider has not decided.
    """
    due = refund.brand.refunds.filter(pk=refund.pk, status=RefundStatus.REQUESTED, due_at__lte=Now())
    if not due.update(due_at=Now() + LEASE):
        return refund
    payment, known = refund.order.payment, refund.provider_refund_id
    try:
        said = provider_named(payment.provider).refund(payment, refund.amount, key=refund.uuid, known=known)
    except ProviderSilent as error:
        refund.brand.refunds.filter(pk=refund.pk).update(last_error=str(error)[:300])
        raise
    return provider_said(refund, said)


@transaction.atomic
def provider_said(refund: Refund, said: ProviderRefund) -> Refund:
    """Write down what the provider says of `refund`, and end it accordingly. Late answers change nothing.

    One that is completed stays so when its money comes back from the bank after all: the points are with the member,
    and perhaps spent. That is written down, and desk/hands.py tells staff.
    """
    order = lock_order(refund.order)
    refund = order.refunds.get(pk=refund.pk)
    if refund.status == RefundStatus.COMPLETED and said.said == CAME_BACK and said.id == refund.provider_refund_id:
        refund.provider_status, refund.last_error = said.said, _("The money came back from the member's bank.")
        refund.save(update_fields=["provider_status", "last_error"])
    if refund.status != RefundStatus.REQUESTED:
        return refund
    refund.provider_refund_id, refund.provider_status, refund.last_error = said.id, said.said, said.reason[:300]
    refund.due_at = Now() + (UNDERWAY if said.id else LEASE)
    refund.save(update_fields=["provider_refund_id", "provider_status", "last_error", "due_at"])
    if said.status == RefundStatus.COMPLETED:
        _complete(order, refund)
    elif said.status == RefundStatus.FAILED:
        _fail(order, refund)
    if said.status != RefundStatus.REQUESTED:
        with acting_as(ActorKind.PROVIDER, refund.order.payment.provider):
            save_order(order, "refunded", "points_refunded", about=[refund])
    return refund


def _complete(order: Order, refund: Refund) -> None:
    """The money is back: now the points, and the stock."""
    if refund.points:
        give_back_points(order.member, refund.points, reference=f"refund {refund.uuid}")
    if refund.restocks:
        _put_back_stock(refund)
    _end(refund, RefundStatus.COMPLETED)


def _put_back_stock(refund: Refund) -> None:
    quantities: dict[Coupon, int] = {}
    for taken in refund.items.exclude(pass_was=PassStatus.REDEEMED).select_related("item__issued_pass__coupon__brand"):
        coupon = taken.item.issued_pass.coupon
        quantities[coupon] = quantities.get(coupon, 0) + 1
    for coupon, quantity in sorted(quantities.items(), key=lambda line: line[0].pk):
        put_back_stock(coupon, quantity)


def _fail(order: Order, refund: Refund) -> None:
    """No money came back: the sums are free again, and the passes what they were."""
    order.refunded -= refund.amount
    order.points_refunded -= refund.points
    taken = refund.items.select_related("item__issued_pass__brand").order_by("item__issued_pass")
    restore_passes({one.item.issued_pass: one.pass_was for one in taken})
    _end(refund, RefundStatus.FAILED)


def _end(refund: Refund, status: RefundStatus) -> None:
    refund.status, refund.ended_at = status, timezone.now()
    refund.save(update_fields=["status", "ended_at"])
