"""What happened, in words for the member: an order's timeline, and the ledger of points."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from orders.models import Fulfillment, Order, OrderStatus, Refund, RefundStatus, Return
from passes.models import Pass
from shops import speaking
from shops.models import Brand, PointsEntry, PointsReason
from shops.sentences import in_language

OURS = re.compile(r"merged (?:from|into) [0-9a-f-]{36}|erased|import")  # references that nobody typed


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to an order; `at` is None where nobody knows when, `url` where `detail` leads."""

    at: datetime | None
    text: str
    detail: str = ""
    url: str = ""
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class Bought:
    """A line of an order: so many of one thing, and their price together."""

    quantity: int
    title: str
    price: Decimal
    variant: str = ""


def bought_in(order: Order) -> list[Bought]:
    """What was bought, coupon by coupon, or as the partner states it."""
    if order.is_stated:
        lines = order.lines.order_by("position")
        return [Bought(one.quantity, one.title, one.total_price, one.variant_title) for one in lines]
    items = order.items.values_list("issued_pass__coupon__title", "points")
    grouped = items.annotate(many=Count("pk"), first=Min("pk")).order_by("first")
    return [Bought(many, title, order.worth(many * points)) for title, points, many, _first in grouped]


def timeline_of(order: Order, passes: Sequence[Pass]) -> list[Step]:
    """Everything that happened to `order`, the oldest first."""
    steps = [Step(order.created_at, _("Order placed")), *_ending(order)]
    for fulfillment in order.fulfillments.order_by("pk"):
        steps += _of_fulfillment(fulfillment)
    for refund in order.refunds.order_by("pk"):
        steps += _of_refund(refund)
    for of_return in order.returns.order_by("pk"):
        steps += _of_return(of_return)
    steps += [
        Step(one.redeemed_at, _("“%(title)s” redeemed") % {"title": one.coupon.title}, one.redeemed_by)
        for one in passes
        if one.redeemed_at
    ]
    return sorted(steps, key=lambda step: step.at or order.created_at)


def _ending(order: Order) -> Iterator[Step]:
    """How the payment ended. Its event tells when; events are forgotten after some months, the end is not."""
    if order.status == OrderStatus.OPEN:
        return
    texts = {
        "paid": _("Paid"),
        "failed": _("The payment failed"),
        "canceled": _("Canceled"),
        "expired": _("Not paid in time"),
    }
    ended = order.brand.events.filter(order_uuid=order.uuid, order_status=order.status).order_by("version").first()
    yield Step(ended.occurred_at if ended else None, texts[order.status], is_good=order.status == OrderStatus.PAID)


def _of_fulfillment(one: Fulfillment) -> Iterator[Step]:
    """When it left, and how it stands. Carriers' pages are the detail's link."""
    carrier = " · ".join(filter(None, [one.carrier, one.tracking_number])) or one.display_name
    url = one.tracking_url
    if one.shipped_at:
        yield Step(one.shipped_at, _("Shipped"), carrier or (_("Follow the parcel") if url else ""), url)
        if one.status == "shipped":
            return
        carrier = url = ""
    ended = one.delivered_at or one.picked_up_at
    detail = one.status_description or one.notes or carrier or (_("Follow the parcel") if url else "")
    text = f"{one.get_kind_display()}: {one.get_status_display()}"
    yield Step(ended or one.updated_at, text, detail, url, is_good=one.status not in {"issue", "cancelled"})


def _of_refund(one: Refund) -> Iterator[Step]:
    parts = [speaking.money(one.amount, one.currency)] if one.amount else []
    parts += [speaking.points(one.points)] if one.points else []
    detail = " + ".join(parts)
    yield Step(one.created_at, _("Refund requested"), detail)
    if one.status == RefundStatus.COMPLETED:
        yield Step(one.ended_at, _("Refunded"), detail)
    elif one.status == RefundStatus.FAILED:
        yield Step(one.ended_at, _("The refund failed"), detail, is_good=False)


def is_underway(order: Order) -> bool:
    """Whether something of what `order` gives back has not arrived yet."""
    is_due = bool(order.refunded or order.points_refunded)
    return is_due and order.refunds.filter(status=RefundStatus.REQUESTED).exists()


def _of_return(one: Return) -> Iterator[Step]:
    number = _("Return %(number)s") % {"number": one.return_number}
    yield Step(one.initiated_at, _("Return announced"), number)
    if one.status != "open":
        detail = one.status_description or one.notes
        is_good = one.status not in {"issue", "cancelled"}
        at = max(one.returned_at or one.updated_at, one.initiated_at)
        yield Step(at, f"{number}: {one.get_status_display()}", detail, is_good=is_good)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger, in words; `order` is the one it belongs to."""

    at: datetime
    points: int
    balance: int
    text: str
    order: Order | None


def entries_of(brand: Brand, lines: Sequence[PointsEntry]) -> list[Entry]:
    """Why points came and went."""
    orders = _orders_of(brand, lines)
    return [
        Entry(one.created_at, one.points, one.balance, _words(one), orders.get(_uuid_of(one.reference)))
        for one in lines
    ]


def _orders_of(brand: Brand, lines: Sequence[PointsEntry]) -> dict[UUID | None, Order]:
    """The orders that lines name, and those whose refunds they name: two statements, however many."""
    named = [key for key in map(_uuid_of, (one.reference for one in lines)) if key]
    found: dict[UUID | None, Order] = {one.uuid: one for one in brand.orders.filter(uuid__in=named)}
    refunds = brand.refunds.filter(uuid__in=named).select_related("order")
    return found | {one.uuid: one.order for one in refunds}


def _uuid_of(reference: str) -> UUID | None:
    """What "order …" and "refund …" name, whatever stands behind it."""
    kind, *rest = reference.split(" ")
    try:
        return UUID(rest[0]) if kind in {"order", "refund"} and rest else None
    except ValueError:
        return None


def _words(one: PointsEntry) -> str:
    if _uuid_of(one.reference):
        return _about_an_order(one)
    what_for = one.reference.rpartition(" #")[0] or one.reference  # the ledger's own mark against booking twice
    what_for = in_language(what_for) if OURS.fullmatch(what_for) else what_for
    return f"{one.get_reason_display()}: {what_for}"


def _about_an_order(one: PointsEntry) -> str:
    is_refund = one.reference.startswith("refund ")
    if one.reason == PointsReason.GIVEN_BACK:
        return _("Given back with a refund") if is_refund else _("Given back: the order came to nothing")
    texts = {
        PointsReason.SPENT: _("Spent on an order"),
        PointsReason.EARNED: _("Earned with an order"),
        PointsReason.TAKEN_BACK: _("Taken back: what earned them was given back"),
    }
    return texts.get(PointsReason(one.reason), str(one.get_reason_display()))
