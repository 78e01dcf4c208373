"""Verbs on coupons and passes."""

import secrets
import string
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from passes.models import Coupon, Pass, PassStatus
from passes.phones import show_on_phones
from passes.signals import passes_changed, passes_locking
from shops.errors import InvalidInput, ShopError
from shops.models import Brand, Member
from shops.sentences import state_in_language

ALPHABET = string.digits + "".join(letter for letter in string.ascii_uppercase if letter not in "ILOU")
IS_OVER: Any = {"is_over": Q(expiration_date__lte=Now())}  # to annotate passes with: what Pass.standing asks for
VOIDABLE = {PassStatus.ACTIVE, PassStatus.BLOCKED}
MOMENT = "%Y-%m-%dT%H:%M:%SZ"  # in messages


class OutOfStock(InvalidInput):
    """Fewer copies are left than were asked for."""

    def __init__(self, coupon: Coupon) -> None:
        text = _("“%(title)s” is sold out, or fewer are left than were asked for.") % {"title": coupon.title}
        super().__init__({"items": [text]})


class IllegalStep(ShopError):
    """A step that the pass's state does not allow."""

    def __init__(self, was: str, to: str) -> None:
        facts = {"was": state_in_language(was), "to": state_in_language(to)}
        super().__init__(_("A pass that is %(was)s cannot become %(to)s.") % facts)


class PassGone(ShopError):
    """A pass that was deleted since it was read, with its test order."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("There is no such pass."))


class TakenBack(ShopError):
    """A pass that stays blocked."""

    def __init__(self, issued: Pass) -> None:
        text = _("This pass stays blocked: its order came to nothing, or it was refunded.")
        if issued.is_void_by_staff:
            text = _("This pass stays blocked: it was taken back for good.")
        super().__init__(text)


class NotRedeemable(ShopError):
    """A pass that cannot be redeemed, and why."""

    def __init__(self, issued: Pass) -> None:
        super().__init__(_why_not(issued))


def _why_not(issued: Pass) -> str:
    if issued.redeemed_at:
        return _redeemed(f"{issued.redeemed_at:{MOMENT}}", issued.redeemed_by)
    if issued.standing == PassStatus.EXPIRED and issued.expiration_date:
        return _("This pass expired on %s.") % f"{issued.expiration_date:{MOMENT}}"
    if issued.standing == PassStatus.EXPIRED:
        return _("This pass expired.")
    if issued.voided_at:
        return _why_void(issued)
    if issued.status == PassStatus.BLOCKED:
        return _("This pass is blocked: %s.") % (issued.blocked_reason.rstrip(".") or _("its order came to nothing"))
    return _("This pass is not paid for yet.")


def _why_void(issued: Pass) -> str:
    if issued.is_void_by_staff:
        return _("This pass was taken back: %s.") % issued.blocked_reason.rstrip(".")
    return _("This pass was taken back: its order came to nothing, or it was refunded.")


def _redeemed(moment: str, by: str) -> str:
    if by:
        return _("This pass was redeemed on %(moment)s by “%(by)s”.") % {"moment": moment, "by": by}
    return _("This pass was redeemed on %(moment)s.") % {"moment": moment}


def new_qr_code() -> str:
    """What a pass's QR code says: 20 characters of Crockford's base 32, 100 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(20))


def take_stock(coupon: Coupon, quantity: int) -> None:
    """Take `quantity` copies of `coupon`. Raises OutOfStock, and takes none then."""
    left = Q(stock__isnull=True) | Q(stock__gte=quantity)
    if not coupon.brand.coupons.filter(left, pk=coupon.pk).update(stock=F("stock") - quantity):
        raise OutOfStock(coupon)


def put_back_stock(coupon: Coupon, quantity: int) -> None:
    """Put back what `take_stock` took; nothing to do where there is no limit, since NULL + n is NULL."""
    coupon.brand.coupons.filter(pk=coupon.pk).update(stock=F("stock") + quantity)


def expiration_of(coupon: Coupon, now: datetime) -> datetime | None:
    """When a pass of `coupon` that is issued now expires: the earlier of its two limits, None without any."""
    limits = [coupon.valid_until] if coupon.valid_until else []
    if coupon.valid_days is not None:
        limits.append(now + timedelta(days=coupon.valid_days))
    return min(limits, default=None)


def reserve_passes(coupon: Coupon, member: Member, quantity: int) -> list[Pass]:
    """Make `quantity` passes for an order that is not paid yet: they have no QR code."""
    return coupon.brand.passes.bulk_create(
        Pass(brand=coupon.brand, coupon=coupon, member=member) for _ in range(quantity)
    )


def save_passes(passes: Sequence[Pass], *changed: str) -> None:
    """Save what changed of passes of one brand.

    Every change of a pass ends here: the one place from which the phones that hold a copy of it are told.
    """
    now = timezone.now()
    for one in passes:
        one.updated_at = now
    if passes:
        passes[0].brand.passes.bulk_update(passes, [*changed, "updated_at"])
        show_on_phones(passes)


def issue_passes(passes: Sequence[Pass]) -> None:
    """Give passes of one brand their QR codes and expiry dates: their order is paid."""
    now = timezone.now()
    for issued in passes:
        issued.qr_code = new_qr_code()
        issued.expiration_date = expiration_of(issued.coupon, now)
    save_passes(passes, "qr_code", "expiration_date")


def void_passes(passes: Sequence[Pass]) -> None:
    """Block passes of one brand for good: their order came to nothing, or they are refunded.

    Call it with the order locked and the passes read after that. One that is redeemed or expired stays so: it is of no
    use to anybody any more, and what happened to it stays true.
    """
    now = timezone.now()
    voided = [one for one in passes if one.status in VOIDABLE and not one.is_void_by_staff]
    for one in voided:
        one.status, one.voided_at = PassStatus.BLOCKED, now
    save_passes(voided, "status", "voided_at")


def restore_passes(were: Mapping[Pass, str]) -> None:
    """Give passes of one brand back the states from before `void_passes`. Call it likewise."""
    restored = [one for one in were if one.voided_at and not one.is_void_by_staff]
    for one in restored:
        one.status, one.voided_at = were[one], None
    save_passes(restored, "status", "voided_at")


def whole_passes(brand: Brand) -> QuerySet[Pass]:
    """The brand's passes with all that is shown of one, and whether their date is past."""
    return brand.passes.select_related("brand", "coupon__brand", "member__brand").annotate(**IS_OVER)


def issued_passes(brand: Brand) -> QuerySet[Pass]:
    """Those of `whole_passes` that are paid for."""
    return whole_passes(brand).exclude(qr_code="")


def find_pass(brand: Brand, text: str) -> Pass | None:
    """The issued pass with this QR code, in any case, or with this serial number."""
    code = text.upper()
    if set(code) <= set(ALPHABET):
        return issued_passes(brand).filter(qr_code=code).first()
    try:
        return issued_passes(brand).filter(uuid=UUID(text)).first()
    except ValueError:
        return None


def lock_passes(brand: Brand, keys: Sequence[int]) -> list[Pass]:
    """These passes as they are now, with nobody else changing them or their orders until the transaction ends."""
    passes_locking.send(Pass, brand=brand, keys=keys)
    return list(whole_passes(brand).filter(pk__in=keys).order_by("pk").select_for_update(of=["self"]))


def _lock(issued: Pass) -> Pass:
    found = lock_passes(issued.brand, [issued.pk])
    if not found:
        raise PassGone
    return found[0]


def _save_and_tell(brand: Brand, passes: Sequence[Pass], *changed: str) -> None:
    save_passes(passes, *changed)
    if passes:
        passes_changed.send(Pass, brand=brand, keys=[one.pk for one in passes], passes=passes)


@transaction.atomic
def redeem(issued: Pass, *, by: str) -> Pass:
    """Use `issued` up, in the name of a person or a device. Raises NotRedeemable: it can be done once."""
    issued = _lock(issued)
    if not (issued.qr_code and issued.standing.may_become(PassStatus.REDEEMED)):
        raise NotRedeemable(issued)
    issued.status, issued.redeemed_at, issued.redeemed_by = PassStatus.REDEEMED, timezone.now(), by
    _save_and_tell(issued.brand, [issued], "status", "redeemed_at", "redeemed_by")
    return issued


@transaction.atomic
def block(issued: Pass, *, reason: str) -> Pass:
    """Keep `issued` from being redeemed. One that is blocked already stays as it is. Raises IllegalStep."""
    issued = _lock(issued)
    if issued.status == PassStatus.BLOCKED:
        return issued
    if not (issued.qr_code and issued.standing.may_become(PassStatus.BLOCKED)):
        raise IllegalStep(issued.standing if issued.qr_code else _("not paid"), PassStatus.BLOCKED)
    issued.status, issued.blocked_at, issued.blocked_reason = PassStatus.BLOCKED, timezone.now(), reason
    _save_and_tell(issued.brand, [issued], "status", "blocked_at", "blocked_reason")
    return issued


@transaction.atomic
def unblock(issued: Pass) -> Pass:
    """Undo `block`. One that is active already stays as it is. Raises IllegalStep, and TakenBack after void_passes."""
    issued = _lock(issued)
    if issued.status == PassStatus.ACTIVE:
        return issued
    if not issued.standing.may_become(PassStatus.ACTIVE):
        raise IllegalStep(issued.standing, PassStatus.ACTIVE)
    if issued.voided_at or not issued.blocked_at:
        raise TakenBack(issued)
    issued.status, issued.blocked_at, issued.blocked_reason = PassStatus.ACTIVE, None, ""
    _save_and_tell(issued.brand, [issued], "status", "blocked_at", "blocked_reason")
    return issued


@transaction.atomic
def void(issued: Pass, *, reason: str) -> Pass:
    """Take `issued` back for good, without a refund. One that was taken back already stays as it is.

    Raises IllegalStep for one that is redeemed, expired or not paid for.
    """
    issued = _lock(issued)
    if issued.voided_at:
        return issued
    if not issued.qr_code or issued.standing not in VOIDABLE:
        raise IllegalStep(issued.standing if issued.qr_code else _("not paid"), PassStatus.BLOCKED)
    issued.status, issued.blocked_reason = PassStatus.BLOCKED, reason
    issued.blocked_at = issued.voided_at = timezone.now()
    _save_and_tell(issued.brand, [issued], "status", "blocked_at", "blocked_reason", "voided_at")
    return issued


@transaction.atomic
def expire(brand: Brand, keys: Sequence[int]) -> int:
    """Mark those of these passes that are active and past their date; returns how many."""
    over = [one for one in lock_passes(brand, keys) if one.status != one.standing]
    for one in over:
        one.status = PassStatus.EXPIRED
    _save_and_tell(brand, over, "status")
    return len(over)
