"""Forgetting a buyer: what is personal goes, and what was bought stays, with its amounts (buyer-wallet.md §E.2)."""

from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from buyers import mails
from buyers.models import BuyerMail, PaymentSession, WalletOrder, WalletOrderRevision
from buyers.tokens import lock
from buyers.visitors import FORGOTTEN
from shops.errors import ShopError
from shops.models import Member
from shops.signals import member_leaves

OF_ORDERS = r"^(order|refund) "  # how the ledger names what came of orders


class StillStaff(ShopError):
    """Somebody who opens the admin with the same account."""

    def __init__(self) -> None:
        super().__init__(_("This account also opens the admin. Its owner has to be taken off the team first."))


@dataclass(frozen=True, slots=True)
class Closing:
    """What would go, and what would stay. Shops by their names."""

    cards: int
    addresses: int
    orders: int
    apps: list[str]
    forgetting: list[str]
    keeping: list[str]
    is_staff: bool


def preview(buyer: User) -> Closing:
    """What `close` would do. Changes nothing."""
    forgetting, keeping = _members(buyer)
    return Closing(
        cards=buyer.cards.count(),
        addresses=buyer.addresses.count(),
        orders=buyer.wallet_orders.count(),
        apps=[str(one) for one in buyer.connections.filter(revoked_at=None).select_related("client")],
        forgetting=sorted(member.brand.name for member in forgetting),
        keeping=sorted(member.brand.name for member in keeping),
        is_staff=_is_staff(buyer),
    )


@transaction.atomic
def close(buyer: User) -> None:
    """Forget a buyer, who gets a last mail; a second time changes nothing. Raises StillStaff."""
    email = User.objects.select_for_update(no_key=True).get(pk=buyer.pk).email
    forget_buyer(buyer)
    if not email.endswith(FORGOTTEN):
        mails.closed(email)


@transaction.atomic
def forget_buyer(buyer: User) -> User:
    """Delete what the wallet holds of a buyer; leave the row without a name or address. Raises StillStaff.

    Clients' orders of the buyer stay, without what was said of them, and point to a row that says nothing. Brands that
    know the person by this wallet alone forget them, too; whoever is their member otherwise stays their member. Cannot
    be undone; a second time changes nothing.
    """
    buyer = User.objects.select_for_update(no_key=True).get(pk=buyer.pk)
    if _is_staff(buyer):
        raise StillStaff
    lock(buyer.connections.all())  # as whoever writes beneath one does; then orders, then members
    orders = list(buyer.wallet_orders.select_for_update(of=("self",), no_key=True).order_by("pk"))
    for member in _members(buyer)[0]:
        member_leaves.send(Member, member=member)
    _forget_words(orders)
    PaymentSession.objects.filter(connection__buyer=buyer).delete()
    for rows in (buyer.connections, buyer.cards, buyer.addresses, buyer.link_mails):
        rows.all().delete()
    BuyerMail.objects.filter(Q(buyer=buyer) | Q(email__iexact=buyer.email)).delete()
    buyer.email = f"{buyer.uuid}{FORGOTTEN}"
    buyer.name = ""
    buyer.password = make_password(None)
    buyer.is_active = False
    buyer.last_login = buyer.last_login and timezone.now()
    buyer.save()
    _forget_in_log(buyer)
    return buyer


def _is_staff(buyer: User) -> bool:
    return buyer.is_staff or buyer.is_superuser


def _members(buyer: User) -> tuple[list[Member], list[Member]]:
    """Whom brands know by this wallet alone, and whom they know otherwise as well."""
    rows = buyer.wallet_orders.exclude(order=None).select_related("order__member__brand").order_by("order__member")
    found = {one.order.member_id: one.order.member for one in rows if one.order}
    known = {member.pk for member in found.values() if _is_known_otherwise(member, buyer)}
    return [one for key, one in found.items() if key not in known], [found[key] for key in known]


def _is_known_otherwise(member: Member, buyer: User) -> bool:
    return (
        member.signed_in_at is not None
        or member.orders.exclude(wallet_order__buyer=buyer).exists()
        or member.passes.exists()
        or member.points_entries.exclude(reference__regex=OF_ORDERS).exists()
    )


def _forget_words(orders: list[WalletOrder]) -> None:
    """Whatever clients wrote: recipients stand in descriptions, links and keys of their own. The client has it all."""
    keys = [order.pk for order in orders]
    WalletOrderRevision.objects.filter(wallet_order__in=keys).delete()
    WalletOrder.objects.filter(pk__in=keys).update(state=None, findings=[])


def _forget_in_log(buyer: User) -> None:
    """The admin's history names what it was about, and what fields were."""
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(buyer.pk))
    entries.update(object_repr=buyer.email, change_message="")
