"""Whether points and money agree, proved every night. What does not is kept for staff until a look finds it mended.

Orders are checked by orders/arithmetic.py, balances here.
"""

from decimal import Decimal

import structlog
from django.db import transaction
from django.db.models import F, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from desk.models import PointsFault
from orders.arithmetic import MONEY, disagreeing
from orders.models import Order
from shops.models import Brand
from shops.speaking import money, number

MOST = 1000  # faults that are kept of a brand: whoever has more needs no list
logger = structlog.get_logger(__name__)

# The names of orders/arithmetic.PARTS, and one of ours, for people.
LABELS = {
    "price": _("Price in points: the sum of the items"),
    "total": _("Money due: the price without the points used, by the point value"),
    "payment": _("Payment: the money due"),
    "spent": _("Points used: what the ledger took"),
    "given_back": _("Points given back because it ended unpaid"),
    "refunded": _("Money given back: the sum of the refunds"),
    "points_refunded": _("Points given back: the sum of the refunds"),
    "refunds_booked": _("Points of refunds: what the ledger gave back"),
    "earned": _("Points earned: the rate times what was paid and kept"),
    "balance": _("Balance: the sum of the ledger"),
}


def figure(part: str, value: Decimal, order: Order | None) -> str:
    """A side of an equation for people: an amount of the order's money, or a number of points."""
    return money(value, order.currency) if part in MONEY and order else number(value)


def prove(brand: Brand) -> list[PointsFault]:
    """Check all orders and members of `brand`, and keep what does not agree in the place of what was kept before.

    May run twice at once, and be killed at any line. What moves while it looks may be found wrong, and right the next
    time.
    """
    faults = [*_of_orders(brand), *_of_members(brand)][:MOST]
    with transaction.atomic():
        brand.points_faults.all().delete()
        brand.points_faults.bulk_create(faults)
    if faults:
        logger.error("points do not agree", brand=brand.slug, faults=len(faults), first=str(faults[0]))
    return faults


def _of_orders(brand: Brand) -> list[PointsFault]:
    return [
        PointsFault(brand=brand, order_id=one.order_id, part=one.name, says=one.says, must_be=one.must_be)
        for one in disagreeing(brand)
    ]


def _of_members(brand: Brand) -> list[PointsFault]:
    booked = brand.members.annotate(booked=Coalesce(Sum("points_entries__points"), Value(0)))
    return [
        PointsFault(brand=brand, member=member, part="balance", says=member.points, must_be=member.booked)
        for member in booked.exclude(points=F("booked")).order_by("pk")
    ]
