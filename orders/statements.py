"""What a partner says of an order, in our words: whoever brings it (the buyer wallet's JSON) has translated it.

Names are those of our columns, so that orders/stated.py can compare and write them without a table in between.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class StatedLine:
    """So many of one product. `external_id` is unique in the order and stays the same."""

    external_id: str
    title: str
    variant_title: str
    gtin: str
    quantity: int
    unit_price: Decimal
    total_price: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class StatedFulfillment:
    """Lines on their way; `lines` are their external ids, and what is no line of the order counts for nothing."""

    external_id: str
    kind: str
    status: str
    lines: tuple[str, ...]
    notes: str = ""
    shipping_type: str = ""
    display_name: str = ""
    carrier: str = ""
    tracking_number: str = ""
    tracking_url: str = ""
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    estimated_delivery_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatedRefund:
    """Money that the partner gave back, and how many of which lines it is for.

    `lines` are external ids with a number, None where the partner does not say it; what is no line of the order counts
    for nothing.
    """

    external_id: str
    amount: Decimal
    currency: str
    created_at: datetime
    reason: str
    lines: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class StatedSum:
    """A part of the total."""

    kind: str
    label: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Statement:
    """All that a partner says of an order now. What it leaves out is gone."""

    by: str
    external_id: str
    number: str
    created_at: datetime
    currency: str
    total: Decimal
    status: str
    payment_status: str
    processing_status: str
    lines: tuple[StatedLine, ...] = ()
    fulfillments: tuple[StatedFulfillment, ...] = ()
    refunds: tuple[StatedRefund, ...] = ()
    sums: tuple[StatedSum, ...] = ()

    def nameless(self) -> "Statement":
        """Without what partners write of a person, and ways to their door: amounts, states and times."""
        return replace(
            self,
            fulfillments=tuple(
                replace(one, notes="", tracking_number="", tracking_url="") for one in self.fulfillments
            ),
            refunds=tuple(replace(one, reason="") for one in self.refunds),
        )

    @property
    def refunded(self) -> Decimal:
        """What went back in the order's own currency, never more than the total."""
        given_back = (refund.amount for refund in self.refunds if refund.currency == self.currency)
        return min(sum(given_back, Decimal(0)), self.total)
