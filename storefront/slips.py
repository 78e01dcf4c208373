"""An order form's slip: what makes a form that is sent twice place one order, and only at the price that was shown.

It is signed, so nobody chooses the identifier of an order; and it needs no cookie, for forms in other sites' frames.
"""

from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid4

from django.core import signing

from storefront.cart import Quote

SALT = "storefront.slip"
LASTS = 24 * 60 * 60  # seconds


@dataclass(frozen=True, slots=True)
class Slip:
    """The identifier that the order will have, and what the form offered: `what`, and its price."""

    order: UUID
    brand: int
    what: str
    points: int
    point_value: int

    @classmethod
    def of(cls, quote: Quote, what: str) -> Self:
        """A new slip for a form that shows `quote`."""
        return cls(uuid4(), quote.brand.pk, what, quote.points, quote.brand.point_value)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The slip that was signed as `text`; None if it never was, or too long ago."""
        try:
            order, *rest = signing.loads(text, salt=SALT, max_age=LASTS)
        except (signing.BadSignature, ValueError):
            return None
        return cls(UUID(order), *rest)

    def __str__(self) -> str:
        """Signed, for a hidden field."""
        return signing.dumps([str(self.order), self.brand, self.what, self.points, self.point_value], salt=SALT)

    def offers(self, quote: Quote, what: str) -> bool:
        """Whether this is what the form showed."""
        offered = (self.brand, self.what, self.points, self.point_value)
        return offered == (quote.brand.pk, what, quote.points, quote.brand.point_value)
