"""Two members of a brand who are one person become one member.

Orders and passes move. The ledger is append-only, so points move by entries: the one who goes gets a correction to
zero. The one who stays gets the same sum: for each order that moves the very lines that were booked for it, under their
own references, so that refunds and the arithmetic of orders find them; and a correction for the rest. Nobody undoes it.
"""

import re
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from applewallet import services as applewallet
from applewallet.models import Subject
from applewallet.services import Source
from orders.models import Order
from orders.services import save_order
from passes.source import card_source
from shops.errors import InvalidInput, ShopError
from shops.models import Brand, Member, PointsEntry, PointsReason
from shops.services import book_points

FROM, INTO = gettext_noop("merged from %s"), gettext_noop("merged into %s")  # in the ledger, and so in the API
OF_ORDER = re.compile(r"^(?:order|refund) ([0-9a-f-]{36})")


class MembersChanged(ShopError):
    """What was agreed to is not any more what would happen."""

    def __init__(self) -> None:
        super().__init__(_("Something changed meanwhile. Look again at what would happen now."))


@dataclass(frozen=True, slots=True)
class Merge:
    """What would move."""

    goes: Member
    stays: Member
    orders: int
    passes: int
    points: int

    @property
    def points_after(self) -> int:
        """The balance of the one who stays."""
        return self.stays.points + self.points

    @property
    def agreed(self) -> str:
        """What somebody agrees to, to be compared when it is done."""
        return f"{self.stays.pk}:{self.orders}:{self.passes}:{self.points}"


def find_other(goes: Member, email: str) -> Member:
    """The member of the same brand with this address. Raises InvalidInput if there is none, or it is `goes`."""
    found = goes.brand.members.select_related("brand").filter(email__lower=email.strip().lower()).first()
    if found is None:
        raise InvalidInput({"email": [_("No member of this brand has this address.")]})
    if found.pk == goes.pk:
        raise InvalidInput({"email": [_("This is the same member.")]})
    return found


def preview(goes: Member, stays: Member) -> Merge:
    """What `merge` would do. Changes nothing."""
    return Merge(goes, stays, goes.orders.count(), goes.passes.count(), goes.points)


@transaction.atomic
def merge(goes: Member, stays: Member, *, agreed: str) -> Merge:
    """Move all that `goes` has to `stays`. Raises MembersChanged unless it is still what was `agreed` to.

    Orders are locked before members, as the verbs on orders do.
    """
    brand = goes.brand
    orders = _lock_orders(goes)
    locked = {one.pk: one for one in _lock_members(brand, goes, stays)}
    goes, stays = locked[goes.pk], locked[stays.pk]
    due = preview(goes, stays)
    if due.agreed != agreed or due.orders != len(orders):
        raise MembersChanged
    _move_points(goes, stays, orders)
    brand.passes.filter(member=goes).update(member=stays)
    for order in orders:
        order.member = stays
        save_order(order, "member")
    if not stays.name and goes.name:
        brand.members.filter(pk=stays.pk).update(name=goes.name)
    _void_card(goes)
    return due


def _lock_orders(member: Member) -> list[Order]:
    rows = member.brand.orders.select_for_update(of=["self"]).select_related("brand", "member")
    return list(rows.filter(member=member).order_by("pk"))


def _lock_members(brand: Brand, *members: Member) -> list[Member]:
    keys = [member.pk for member in members]
    rows = brand.members.select_for_update(of=["self"]).select_related("brand")
    return list(rows.filter(pk__in=keys).order_by("pk"))


def _move_points(goes: Member, stays: Member, orders: list[Order]) -> None:
    slip = uuid4().hex[:8]
    lines = _lines_of(goes, stays, orders)
    rest = goes.points - sum(line.points for line in lines)
    moves = [(line.points, PointsReason(line.reason), line.reference) for line in lines]
    if rest:
        moves.append((rest, PointsReason.CORRECTION, f"{FROM % goes.uuid} #{slip}"))
    if goes.points:
        reference = f"{INTO % stays.uuid} #{slip}"
        book_points(goes, -goes.points, PointsReason.CORRECTION, reference=reference)
    for points, reason, reference in sorted(moves, key=lambda move: -move[0]):  # so that no balance is below zero
        book_points(stays, points, reason, reference=reference)


def _lines_of(goes: Member, stays: Member, orders: list[Order]) -> list[PointsEntry]:
    """The lines that were booked for these orders and their refunds, but for those that `stays` has from before."""
    refunds = goes.brand.refunds.filter(order__in=orders).values_list("uuid", flat=True)
    uuids = {order.uuid for order in orders} | set(refunds)
    known = set(stays.points_entries.values_list("reason", "reference"))
    lines = []
    for line in goes.points_entries.exclude(reason=PointsReason.CORRECTION).order_by("pk"):
        named = OF_ORDER.match(line.reference)
        if named and UUID(named[1]) in uuids and (line.reason, line.reference) not in known:
            lines.append(line)
    return lines


def _void_card(member: Member) -> None:
    """The store card of the one who went shows that it is of no use any more."""
    package = applewallet.find_package(member.brand, Subject.STORE_CARD, member.uuid)
    if package is not None:
        member.refresh_from_db()
        card = card_source(member)
        applewallet.refresh(package, Source({**card.content, "voided": True}, card.strings, card.images, card.extras))
