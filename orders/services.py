"""Verbs on orders. Whoever changes an order, by API, admin, payment provider or clock, comes through here."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Order, OrderItem, OrderStatus, Payment, ProcessingStatus
from orders.payments import SETTLED, provider_named
from orders.phones import order_changed
from orders.signals import order_saved
from passes.models import Coupon, Pass
from passes.services import issue_passes, put_back_stock, reserve_passes, take_stock, void_passes
from shops.actors import ActorKind, acting_as
from shops.errors import InvalidInput, NotEnoughPoints, ShopError
from shops.models import Brand, Member
from shops.money import rounded
from shops.sentences import state_in_language
from shops.services import give_back_points, lock_member, spend_points
from webhooks.services import publish

MAX_PASSES = 100  # in one order
Basket = Sequence[tuple[Coupon, int]]


class StatedByPartner(ShopError):
    """A step that only the partner may take who states the order."""

    def __init__(self, order: Order) -> None:
        text = _("%(partner)s keeps this order: cancel, ship and refund it there, and it follows here.")
        super().__init__(text % {"partner": order.stated_by})


class OrderGone(ShopError):
    """An order that was deleted since it was read (desk/deleting.py)."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such order."))


class IllegalTransition(ShopError):
    """A step that the state of an order, or of `what` else, does not allow."""

    def __init__(self, was: str, to: str, what: str = "") -> None:
        facts = {"what": what or _("An order"), "was": state_in_language(was), "to": state_in_language(to)}
        super().__init__(_("%(what)s that is %(was)s cannot become %(to)s.") % facts)


@transaction.atomic
def place_order(
    member: Member,
    basket: Basket,
    *,
    points: int | Literal["max"] = 0,
    member_partner_id: str = "",
    uuid: UUID | None = None,
) -> Order:
    """Sell `basket` (coupons and quantities of one brand) to `member`.

    `points` are used up to that number, or "max": as many as possible; the rest is due in money by the brand's point
    value, rounded half up to the currency's minor unit. Nothing due means paid at once. Takes stock and points, makes
    the passes, publishes `open` (and `paid`). `uuid` becomes the order's identifier, where one was given out before.
    Does nothing when it raises InvalidInput, OutOfStock, NotEnoughPoints, or django.db.IntegrityError for a `uuid`
    that another order has.
    """
    member = lock_member(member)
    brand = member.brand
    price = _check_basket(basket)
    used = _points_to_use(points, price, member.points)
    for coupon, quantity in sorted(basket, key=lambda line: line[0].pk):  # one order, so that no two can deadlock
        take_stock(coupon, quantity)
    total = rounded(Decimal(price - used) / brand.point_value, brand.currency)
    order = brand.orders.create(
        uuid=uuid or uuid4(),
        member=member,
        number=next_number(brand),
        currency=brand.currency,
        total=total,
        total_order_points_price=price,
        points_used=used,
        point_value=brand.point_value,
        member_partner_id=member_partner_id,
        expires_at=timezone.now() + timedelta(minutes=brand.minutes_to_pay),
    )
    _add_items(order, basket)
    if used:
        spend_points(member, used, reference=f"order {order.uuid}")
    if total:
        _add_payment(order)
    order_saved.send(Order, order=order, changed=(), about=())
    publish(brand, order_uuid=order.uuid, order_status=order.status, version=order.version)
    return order if total else set_status(order, OrderStatus.PAID)


def _check_basket(basket: Basket) -> int:
    """The basket's price in points. Raises InvalidInput if it cannot be sold."""
    passes = sum(quantity for _coupon, quantity in basket)
    if not 1 <= passes <= MAX_PASSES:
        raise InvalidInput({"items": [_("An order holds between 1 and %(most)s passes.") % {"most": MAX_PASSES}]})
    now = timezone.now()
    for coupon, _quantity in basket:
        if not coupon.is_active or (coupon.valid_until and coupon.valid_until <= now):
            raise InvalidInput({"items": [_("“%(title)s” is not for sale.") % {"title": coupon.title}]})
    return sum(coupon.points * quantity for coupon, quantity in basket)


def _points_to_use(points: int | Literal["max"], price: int, balance: int) -> int:
    if points == "max":
        return min(price, balance)
    if points > price:
        text = _("%(asked)s points were asked for, but the order costs %(price)s.")
        raise InvalidInput({"points": [text % {"asked": points, "price": price}]})
    if points > balance:
        raise NotEnoughPoints(points, balance)
    return points


def next_number(brand: Brand) -> int:
    """Take the brand's next order number. The row stays locked until commit, so that numbers have no gaps."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE shops_brand SET order_count = order_count + 1 WHERE id = %s RETURNING order_count", [brand.pk]
        )
        return int(cursor.fetchone()[0])


def _add_items(order: Order, basket: Basket) -> None:
    items = [
        OrderItem(brand=order.brand, order=order, issued_pass=reserved, points=coupon.points)
        for coupon, quantity in basket
        for reserved in reserve_passes(coupon, order.member, quantity)
    ]
    order.brand.order_items.bulk_create(items)


def _add_payment(order: Order) -> Payment:
    """The row first. A provider that has to be asked is asked after commit, from this row (orders/paying.py)."""
    brand = order.brand
    provider = provider_named(brand.payment_provider)
    provider.check(brand)
    sums = {"amount": order.total, "currency": order.currency}
    due_at = Now() if provider.IS_REMOTE else None
    payment = Payment(brand=brand, order=order, provider=brand.payment_provider, due_at=due_at, **sums)
    if not provider.IS_REMOTE:
        payment.provider_id = provider.create(payment).id
    payment.save(force_insert=True)
    return payment


def check_ours(order: Order) -> None:
    """Raise StatedByPartner if a partner keeps the order."""
    if order.is_stated:
        raise StatedByPartner(order)


def lock_order(order: Order) -> Order:
    """The order as it is now, with nobody else changing it until the transaction ends. Raises OrderGone."""
    rows = order.brand.orders.select_for_update(of=["self"]).select_related("brand", "member").filter(pk=order.pk)
    # While we waited it may have become another member's (desk/merging.py): PostgreSQL then finds no row, as it joins
    # the order of now with the members of before. A second statement sees both as they are.
    found = rows.first() or rows.first()
    if found is None:
        raise OrderGone
    return found


def save_order(order: Order, *changed: str, about: Sequence[Model] = ()) -> None:
    """Save what changed of a locked order, and count the change. `about`: which of its parts or passes it concerns.

    Every change of a placed order ends here, those of its fulfilments, refunds and returns too: the one place from
    which the phones that hold a copy of it are told.
    """
    order.version += 1
    order.updated_at = timezone.now()
    order.save(update_fields=[*changed, "version", "updated_at"])
    order_changed(order)
    order_saved.send(Order, order=order, changed=changed, about=about)


@transaction.atomic
def set_status(order: Order, to: str) -> Order:
    """Move `order` to the state `to`, with all that follows, and tell the brand's webhooks.

    Paid: its passes get their QR codes. Failed, canceled, expired: points and stock are given back and its passes
    blocked. The state it has already is no change. Raises IllegalTransition; every state but open is final, which is
    why nothing is given back twice.
    """
    order = lock_order(order)
    if order.status == to:
        return order
    if not OrderStatus(order.status).may_become(to):
        raise IllegalTransition(order.status, to)
    passes = [item.issued_pass for item in order.items.select_related("issued_pass__coupon__brand").order_by("pk")]
    if to == OrderStatus.PAID:
        issue_passes(passes)
        if order.brand.mails_orders:
            order.brand.order_mails.create(order=order)
    else:
        _give_back(order, passes)
        order.brand.payments.filter(order=order, due_at__isnull=False).update(due_at=Now())  # to be called off
    order.status = to
    save_order(order, "status")
    publish(order.brand, order_uuid=order.uuid, order_status=to, version=order.version)
    return order


def _give_back(order: Order, passes: list[Pass]) -> None:
    if order.points_used:
        give_back_points(order.member, order.points_used, reference=f"order {order.uuid}")
    quantities: dict[Coupon, int] = {}
    for voided in passes:
        quantities[voided.coupon] = quantities.get(voided.coupon, 0) + 1
    for coupon, quantity in sorted(quantities.items(), key=lambda line: line[0].pk):
        put_back_stock(coupon, quantity)
    void_passes(passes)


def cancel(order: Order) -> Order:
    """Cancel an order that is not paid. Raises IllegalTransition; a second cancel too, since it changes nothing.

    Raises StatedByPartner for one that is not ours to cancel.
    """
    with transaction.atomic():
        locked = lock_order(order)
        check_ours(locked)
        if locked.status == OrderStatus.CANCELED:
            raise IllegalTransition(locked.status, OrderStatus.CANCELED)
        return set_status(locked, OrderStatus.CANCELED)


@transaction.atomic
def set_processing_status(order: Order, to: str) -> Order:
    """Move `order` on for the staff. The state it has already is no change. Raises IllegalTransition."""
    order = lock_order(order)
    if order.processing_status == to:
        return order
    if not ProcessingStatus(order.processing_status).may_become(to):
        raise IllegalTransition(order.processing_status, to)
    order.processing_status = to
    if to == ProcessingStatus.PROCESSED:
        order.processed_at = timezone.now()
    save_order(order, "processing_status", "processed_at")
    return order


@transaction.atomic
def note_facts(
    order: Order, *, member_partner_id: str | None = None, mail_delivered_in_inbox: bool | None = None
) -> Order:
    """Write down what a partner knows of `order`: its own id of the member, whether the mail arrived."""
    order = lock_order(order)
    if member_partner_id is not None:
        order.member_partner_id = member_partner_id
    if mail_delivered_in_inbox is not None:
        order.mail_delivered_in_inbox = mail_delivered_in_inbox
    save_order(order, "member_partner_id", "mail_delivered_in_inbox")
    return order


@transaction.atomic
def payment_said(payment: Payment, status: str) -> Order:
    """Write down what the provider says of `payment` and move its order accordingly.

    Repeated and late messages are harmless: an order that is not open any more stays as it is, and what is settled is
    not unsettled by an answer that was on its way for longer.
    """
    order = lock_order(payment.order)
    payment.refresh_from_db(fields=["status"])
    if payment.status not in SETTLED or status == OrderStatus.PAID:
        payment.status = status
    changed = ["status", "updated_at"]
    if payment.status in SETTLED:
        payment.due_at = None
        changed.append("due_at")
    payment.save(update_fields=changed)
    if order.status == OrderStatus.OPEN and payment.status in OrderStatus.values:
        with acting_as(ActorKind.PROVIDER, payment.provider):
            return set_status(order, payment.status)
    return order
