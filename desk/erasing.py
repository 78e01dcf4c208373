"""A member's right to be forgotten (GDPR, article 17): the person goes, the books stay.

Orders, payments and the ledger are what the law wants kept; they say nothing of the person afterwards. What cannot be
reached from here is told in docs/staff.md: copies on phones, mails that were sent, what partners were told.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import uuid4

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from applewallet.models import Package, Subject
from applewallet.services import registering
from desk.merging import MembersChanged
from orders.models import MailState, Order, OrderStatus, RefundStatus
from orders.services import save_order
from shops.errors import ShopError
from shops.models import Brand, Member, PointsReason
from shops.services import book_points, lock_member

ERASED = gettext_noop("erased")  # in the ledger
RECIPIENT = (
    "given_name",
    "family_name",
    "organization_name",
    "locality",
    "sub_locality",
    "administrative_area",
    "sub_administrative_area",
    "postal_code",
    "country_code",
    "tracking_number",
    "tracking_url",
)


class StillBusy(ShopError):
    """Somebody to whom something is still owed."""

    def __init__(self) -> None:
        super().__init__(_("An order waits for its payment, or a refund is on its way: end these first."))


@dataclass(frozen=True, slots=True)
class Erasure:
    """What would go, and what would stay."""

    member: Member
    points: int
    orders: int
    notes: int
    packages: int
    devices: int
    is_busy: bool

    @property
    def agreed(self) -> str:
        """What somebody agrees to, to be compared when it is done."""
        return f"{self.points}:{self.orders}"


def preview(member: Member) -> Erasure:
    """What `erase` would do. Changes nothing."""
    brand = member.brand
    packages = packages_about(member)
    return Erasure(
        member=member,
        points=member.points,
        orders=member.orders.count(),
        notes=brand.order_notes.filter(order__member=member).exclude(text="").count(),
        packages=packages.count(),
        devices=brand.devices.filter(registrations__package__in=packages).distinct().count(),
        is_busy=_is_busy(member),
    )


def _is_busy(member: Member) -> bool:
    refunds = member.brand.refunds.filter(order__member=member, status=RefundStatus.REQUESTED)
    return member.orders.filter(status=OrderStatus.OPEN).exists() or refunds.exists()


@transaction.atomic
def erase(member: Member, *, agreed: str) -> None:
    """Forget who `member` is; points that are left are lost. Raises StillBusy, and MembersChanged unless as agreed.

    Passes stay as they are: they belong to whoever holds their QR code.
    """
    orders, member = _lock(member)
    if f"{member.points}:{member.orders.count()}" != agreed:
        raise MembersChanged
    if _is_busy(member):
        raise StillBusy
    _forget(member, orders)


@transaction.atomic
def forget(member: Member) -> None:
    """Forget who `member` is, whatever is still owed: the person leaves, and a partner's orders go on without them."""
    orders, member = _lock(member)
    _forget(member, orders)


def _lock(member: Member) -> tuple[list[Order], Member]:
    """The member's orders and the member, in the order in which the verbs on orders lock them."""
    rows = member.brand.orders.select_for_update(of=["self"]).select_related("brand", "member")
    orders = list(rows.filter(member=member).order_by("pk"))
    return orders, lock_member(member)


def _forget(member: Member, orders: Sequence[Order]) -> None:
    brand = member.brand
    _forget_phones(brand, packages_about(member))
    if member.points:
        reference = f"{ERASED} #{uuid4().hex[:12]}"
        book_points(member, -member.points, PointsReason.CORRECTION, reference=reference)
    _forget_in_orders(brand, orders)
    address = f"erased-{member.uuid.hex}{Member.ERASED}"
    # A sign-in from now on voids the links that were mailed before.
    brand.members.filter(pk=member.pk).update(name="", email=address, signed_in_at=Now())
    for order in orders:
        order.member_partner_id = ""
        save_order(order, "member_partner_id")
    _forget_in_log(member, address)


def packages_about(member: Member) -> QuerySet[Package]:
    """The member's store card, passes and orders in Apple Wallet."""
    packages = member.brand.packages
    cards = packages.filter(subject=Subject.STORE_CARD, subject_uuid=member.uuid)
    passes = packages.filter(subject=Subject.COUPON, subject_uuid__in=member.passes.values("uuid"))
    return cards | passes | packages.filter(subject=Subject.ORDER, subject_uuid__in=member.orders.values("uuid"))


def _forget_phones(brand: Brand, packages: QuerySet[Package]) -> None:
    found = list(packages.select_related("type"))
    with ExitStack() as stack:
        if found:
            stack.enter_context(registering(found[0].type))
        keys = [package.pk for package in found]
        devices = list(brand.devices.filter(registrations__package__in=keys).distinct())
        brand.registrations.filter(package__in=keys).delete()
        for device in devices:
            if not device.registrations.exists():
                device.type.pushes.filter(push_token=device.push_token).delete()
                device.delete()
        brand.personalizations.filter(package__in=keys).delete()
        brand.device_logs.filter(serial__in=[str(package.serial) for package in found]).delete()
        brand.packages.filter(pk__in=keys).delete()


def _forget_in_orders(brand: Brand, orders: Sequence[Order]) -> None:
    """Recipients, notes and reasons: whatever somebody typed about the person."""
    keys = [order.pk for order in orders]
    of_these = {"order__in": keys}
    words = {"notes": "", "status_description": ""}
    brand.fulfillments.filter(**of_these, kind="shipping").update(
        **dict.fromkeys(RECIPIENT, ""), address_lines=[], **words
    )
    brand.fulfillments.filter(**of_these, kind="pickup").update(**words)
    brand.returns.filter(**of_these).update(**words)
    brand.refunds.filter(**of_these).update(reason="")
    brand.order_notes.filter(**of_these).update(text="")
    brand.order_mails.filter(**of_these, state=MailState.PENDING).delete()
    brand.order_mails.filter(**of_these).update(last_error="")


def _forget_in_log(member: Member, address: str) -> None:
    """The admin's history names what it was about, as it was called then, and what fields of forms were."""
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Member), object_id=str(member.pk))
    entries.update(object_repr=address)
    entries.filter(change_message__startswith="[").update(change_message="")
