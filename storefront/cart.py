"""What a visitor is about to buy: the cart in the session, by brand, and what it comes to."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from orders.services import MAX_PASSES
from passes.models import Coupon
from shops.models import Brand


def for_sale(brand: Brand) -> QuerySet[Coupon]:
    """The brand's coupons that can be bought today, sold out or not."""
    in_time = Q(valid_until=None) | Q(valid_until__gt=Now())
    return brand.coupons.filter(in_time, is_active=True).select_related("brand")


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one coupon."""

    coupon: Coupon
    quantity: int

    @property
    def points(self) -> int:
        """Their price in points."""
        return self.coupon.points * self.quantity

    @property
    def price(self) -> Decimal:
        """Their price in money alone."""
        return self.coupon.brand.worth_of(self.points)


@dataclass(frozen=True, slots=True)
class Quote:
    """What lines cost when `used` points are spent on them; `balance` is what there is to spend."""

    brand: Brand
    lines: list[Line]
    balance: int = 0
    used: int = 0

    @property
    def points(self) -> int:
        """The price in points."""
        return sum(line.points for line in self.lines)

    @property
    def price(self) -> Decimal:
        """The price in money alone."""
        return self.brand.worth_of(self.points)

    @property
    def most(self) -> int:
        """How many points can be used."""
        return min(self.points, self.balance)

    @property
    def rest(self) -> Decimal:
        """What is left to pay in money, as `place_order` will say."""
        return self.brand.worth_of(self.points - self.used)

    @property
    def passes(self) -> int:
        """How many passes it makes."""
        return sum(line.quantity for line in self.lines)


class Cart:
    """A visitor's cart at one brand. Holds identifiers and quantities; prices are looked up each time."""

    def __init__(self, request: HttpRequest, brand: Brand) -> None:
        self.session = request.session
        self.brand = brand
        self.key = f"cart {brand.pk}"

    @property
    def quantities(self) -> dict[str, int]:
        """How many of each coupon, by its identifier."""
        return dict(self.session.get(self.key, {}))

    @property
    def count(self) -> int:
        """How many passes are in it."""
        return sum(self.quantities.values())

    @cached_property
    def lines(self) -> list[Line]:
        """What is in it and can still be bought, in the order in which it was put there."""
        wanted = self.quantities
        found = {str(one.uuid): one for one in for_sale(self.brand).filter(uuid__in=wanted)} if wanted else {}
        return [Line(found[key], quantity) for key, quantity in wanted.items() if key in found]

    def add(self, coupon: Coupon, quantity: int) -> None:
        """Put so many more in, up to what an order may hold."""
        room = MAX_PASSES - self.count
        had = self.quantities.get(str(coupon.uuid), 0)
        self._keep(self.quantities | {str(coupon.uuid): had + min(quantity, room)})

    def change(self, quantities: Iterable[tuple[UUID, int]]) -> None:
        """Set how many there are of each; none takes the coupon out."""
        self._keep(self.quantities | {str(key): quantity for key, quantity in quantities})

    @property
    def has_lost(self) -> bool:
        """Whether something that was put in cannot be bought any more."""
        return len(self.lines) < len(self.quantities)

    def drop_lost(self) -> None:
        """Take out what cannot be bought any more."""
        self._keep({str(line.coupon.uuid): line.quantity for line in self.lines})

    def forget(self) -> None:
        """Empty it."""
        self.session.pop(self.key, None)
        vars(self).pop("lines", None)

    def _keep(self, quantities: dict[str, int]) -> None:
        self.session[self.key] = {key: quantity for key, quantity in quantities.items() if quantity > 0}
        vars(self).pop("lines", None)
