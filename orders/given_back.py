"""What went back to the member without our asking: refunds from a provider's own dashboard, and chargebacks.

The provider lists all there are of a payment, ours among them; each is known by the provider's id, so that a repeated
look changes nothing twice.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Chargeback, Order, OrderItem, OrderStatus, Payment, Refund, RefundStatus
from orders.parts import choose_items
from orders.payments import Moved, Provider, ProviderRefund, SeenChargeback, SeenRefund, provider_named
from orders.refunds import UNDERWAY, Quote, provider_said, set_aside
from orders.services import lock_order
from orders.shares import shares_of
from passes.models import PassStatus
from passes.services import block
from shops.actors import ActorKind, acting_as
from shops.errors import InvalidInput
from shops.models import Brand


def note_refunds(payment: Payment, seen: Iterable[SeenRefund]) -> str:
    """Write down what the provider's list says of each refund, and make those ours that somebody made there.

    Returns why one could not be noted, "" if all are. Call it inside a transaction, with the order locked.
    """
    trouble = ""
    for one in seen:
        refund = _ours(payment.order, one)
        if refund is None and one.status == RefundStatus.FAILED:
            continue  # never under way here, and no money moved
        if refund and refund.status == RefundStatus.FAILED and one.status != RefundStatus.FAILED:
            texts = {"id": one.id, "said": one.said}
            trouble = _("Refund %(id)s failed here, but the provider lists it as “%(said)s”.") % texts
            continue
        if refund is None:
            order = lock_order(payment.order)
            if one.amount > order.total - order.refunded:
                texts = {"sum": f"{order.currency} {one.amount}", "id": one.id}
                trouble = _("Refund %(id)s of %(sum)s is more than was left to give back.") % texts
                continue
            refund = _take_over(order, payment, one)
        provider_said(refund, ProviderRefund(one.id, one.said, one.status))
    return trouble


def _ours(order: Order, seen: SeenRefund) -> Refund | None:
    """The refund that this is: by the provider's id, or by our key if the answer with the id was lost.

    One that failed without an id was refused. If the provider made it all the same, that is another one, which it made.
    """
    found = order.refunds.filter(provider_refund_id=seen.id).first()
    if found is None and seen.key:
        found = order.refunds.filter(uuid=seen.key, provider_refund_id="").exclude(status=RefundStatus.FAILED).first()
    return found


def _take_over(order: Order, payment: Payment, seen: SeenRefund) -> Refund:
    """A refund of the order for one that was made at the provider. It moves on as our own do."""
    with acting_as(ActorKind.PROVIDER, payment.provider):
        return set_aside(
            order,
            _due(order, seen.amount),
            by=str(Provider(payment.provider).label),
            reason=seen.reason[:200],
            provider_refund_id=seen.id,
            provider_status=seen.said,
            due_at=timezone.now() + UNDERWAY,
        )


def _due(order: Order, amount: Decimal) -> Quote:
    """What a refund of `amount` takes back: nothing, unless it is the last of the order's money.

    Then it undoes the sale as a full refund from here does: what is left of passes that nobody used, and their points.
    """
    items: list[OrderItem] = []
    if order.status == OrderStatus.PAID and order.refunded + amount == order.total:
        try:
            free = choose_items(order, "all", "refund_items")
        except InvalidInput:  # none is left
            free = []
        items = [item for item in free if item.issued_pass.status != PassStatus.REDEEMED]
    shares = shares_of(order, order.items.all())
    left = order.points_used - order.points_refunded
    points = min(sum(shares[item.pk].points for item in items), left)
    return Quote(items, amount, points, order.total - order.refunded - amount, left - points)


def note_chargebacks(payment: Payment, seen: Iterable[SeenChargeback]) -> None:
    """Write down chargebacks, and whether they were reversed. Takes nothing from the member: staff decide."""
    for one in seen:
        facts = {"amount": one.amount, "reversed_at": one.reversed_at}
        first = {"currency": payment.currency, "charged_at": one.charged_at, "reason": one.reason[:200]}
        payment.brand.chargebacks.update_or_create(
            order=payment.order, provider_id=one.id, defaults=facts, create_defaults={**facts, **first}
        )


@transaction.atomic
def decide(chargeback: Chargeback, *, by: str, blocks: bool, reason: str) -> int:
    """Close a chargeback in the name of staff; returns how many passes were blocked.

    `blocks` has the order's passes blocked that can be redeemed, with `reason`; they can be unblocked one by one.
    Deciding twice changes nothing.
    """
    order = lock_order(chargeback.order)
    rows = order.chargebacks.filter(pk=chargeback.pk, decided_at=None)
    if not rows.update(decided_at=Now(), decided_by=by[:200]) or not blocks:
        return 0
    passes = [item.issued_pass for item in order.items.select_related("issued_pass__coupon__brand").order_by("pk")]
    usable = [one for one in passes if one.qr_code and one.standing == PassStatus.ACTIVE]
    for one in usable:
        block(one, reason=reason)
    return len(usable)


def look_for_moves(brand: Brand, provider: str) -> int:
    """Have those payments looked at of which the provider's newest lists tell something we do not know.

    It finds what a lost webhook would have told. Returns how many. Call it with no transaction open. Raises
    ProviderSilent and ProviderRefused.
    """
    moved = provider_named(provider).moved(brand)
    known = brand.refunds.filter(provider_refund_id__in={one.id for one in moved})
    refunds = dict(known.values_list("provider_refund_id", "provider_status"))
    charged = brand.chargebacks.filter(provider_id__in={one.id for one in moved})
    chargebacks = {key: "reversed" if at else "" for key, at in charged.values_list("provider_id", "reversed_at")}
    new = {one.payment_id for one in moved if _is_news(one, chargebacks if one.is_chargeback else refunds)}
    payments = brand.payments.filter(provider=provider, provider_id__in=new)
    return payments.update(due_at=Now())


def _is_news(one: Moved, known: dict[str, str]) -> bool:
    """A refund that failed and that we never knew moved no money."""
    if one.id not in known:
        return one.state not in {"failed", "canceled"}
    return known[one.id] != one.state
