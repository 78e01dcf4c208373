"""Verbs on coupons and passes."""

import secrets
import string
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone

from passes.models import Coupon, Pass, PassStatus
from shops.errors import InvalidInput
from shops.models import Member

ALPHABET = string.digits + "".join(letter for letter in string.ascii_uppercase if letter not in "ILOU")


class OutOfStock(InvalidInput):
    """Fewer copies are left than were asked for."""

    def __init__(self, coupon: Coupon) -> None:
        super().__init__({"items": [f"“{coupon.title}” is sold out, or fewer are left than were asked for."]})


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


def issue_passes(passes: Sequence[Pass]) -> None:
    """Give passes of one brand their QR codes and expiry dates: their order is paid."""
    now = timezone.now()
    for issued in passes:
        issued.qr_code = new_qr_code()
        issued.expiration_date = expiration_of(issued.coupon, now)
        issued.updated_at = now
    if passes:
        passes[0].brand.passes.bulk_update(passes, ["qr_code", "expiration_date", "updated_at"])


def void_passes(passes: Sequence[Pass]) -> None:
    """Block passes of one brand whose order came to nothing."""
    now = timezone.now()
    for voided in passes:
        voided.status = PassStatus.BLOCKED
        voided.updated_at = now
    if passes:
        passes[0].brand.passes.bulk_update(passes, ["status", "updated_at"])
