"""An order in words for its buyer, from what the client said of it last (buyer-wallet.md §A.15)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shops import speaking

State = dict[str, Any]

PAYMENT = {
    "AUTHORIZED": gettext_lazy("Payment authorized"),
    "EXPIRED": gettext_lazy("Payment expired"),
    "PAID": gettext_lazy("Paid"),
    "PARTIALLY_PAID": gettext_lazy("Partly paid"),
    "PARTIALLY_REFUNDED": gettext_lazy("Partly refunded"),
    "PENDING": gettext_lazy("Payment pending"),
    "REFUNDED": gettext_lazy("Refunded"),
    "VOIDED": gettext_lazy("Payment voided"),
}
SHIPMENT = {
    "UNSHIPPED": gettext_lazy("Not shipped yet"),
    "PARTIALLY_SHIPPED": gettext_lazy("Partly shipped"),
    "SHIPPED": gettext_lazy("Shipped"),
    "DELIVERED": gettext_lazy("Delivered"),
}
FULFILLMENT = {
    "ATTEMPTED_DELIVERY": gettext_lazy("Delivery attempted"),
    "CANCELLED": gettext_lazy("Cancelled"),
    "CONFIRMED": gettext_lazy("Confirmed"),
    "DELIVERED": gettext_lazy("Delivered"),
    "FAILURE": gettext_lazy("Delivery failed"),
    "IN_TRANSIT": gettext_lazy("On its way"),
    "LABEL_PRINTED": gettext_lazy("Label printed"),
    "LABEL_PURCHASED": gettext_lazy("Label bought"),
    "LABEL_VOIDED": gettext_lazy("Label voided"),
    "OUT_FOR_DELIVERY": gettext_lazy("Out for delivery"),
    "PICKED_UP": gettext_lazy("Picked up by the carrier"),
    "READY_FOR_PICKUP": gettext_lazy("Ready for pickup"),
    "SUBMITTED": gettext_lazy("Submitted"),
}
CANCELLED = {
    "CUSTOMER": gettext_lazy("Cancelled at your request"),
    "DECLINED": gettext_lazy("Cancelled: the payment was declined"),
    "FRAUD": gettext_lazy("Cancelled by the shop"),
    "INVENTORY": gettext_lazy("Cancelled: sold out"),
    "OTHER": gettext_lazy("Cancelled"),
    "PARTIALLY_CANCELLED": gettext_lazy("Partly cancelled"),
}
# The times that a fulfilment may carry, and the status that each belongs to.
MILESTONES = {"fulfilledAt": "PICKED_UP", "inTransitAt": "IN_TRANSIT", "deliveredAt": "DELIVERED"}
WRONG = {"ATTEMPTED_DELIVERY", "CANCELLED", "FAILURE", "LABEL_VOIDED"}
SUMS = (
    ("lineItemSubtotalPrice", gettext_lazy("Items")),
    ("cartDiscounts", gettext_lazy("Discount on the order")),
    ("shippingSubtotalPrice", gettext_lazy("Delivery")),
    ("totalTax", gettext_lazy("Tax")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `at` is None where nobody said when."""

    at: datetime | None
    text: str
    detail: str = ""
    url: str = ""  # where the parcel is followed
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order, or of a refund."""

    title: str
    variant: str
    quantity: int
    price: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An order as its page shows it. Texts are the partner's: a template escapes them."""

    number: str
    shop: str
    placed_at: datetime | None
    payment: str
    shipment: str
    total: str
    url: str = ""
    ended: str = ""
    items: list[Item] = field(default_factory=list)
    sums: list[tuple[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    refunds: list[tuple[datetime | None, str, str]] = field(default_factory=list)


def shown(state: State) -> Shown:
    """An order in words."""
    return Shown(
        number=state["orderNumber"],
        shop=state["merchant"]["name"],
        placed_at=_moment(state.get("createdAt")),
        payment=str(PAYMENT.get(state["paymentStatus"], state["paymentStatus"])),
        shipment=str(SHIPMENT.get(state["shipmentStatus"], state["shipmentStatus"])),
        total=_money(state["total"]["totalPrice"]),
        url=followable(state.get("orderUrl")),
        ended=str(CANCELLED.get(state.get("cancelReason") or "", "")),
        items=[_item(one) for one in state["lineItems"]],
        sums=[(str(text), _money(state["total"][key])) for key, text in SUMS if _is_due(state["total"][key])],
        steps=steps_of(state),
        refunds=[
            (_moment(one.get("createdAt")), one.get("description") or "", _money(one["totalRefund"]))
            for one in state["refunds"]
        ],
    )


def steps_of(state: State) -> list[Step]:
    """Everything that happened to an order, the oldest first; what has no time comes last."""
    steps = [Step(_moment(state.get("createdAt")), _("Order placed"))]
    if state.get("cancelReason"):
        text = str(CANCELLED.get(state["cancelReason"], _("Cancelled")))
        steps.append(Step(_moment(state.get("cancelledAt")), text, is_good=False))
    for one in state["fulfillments"]:
        steps += _of_fulfillment(one)
    steps += [
        Step(_moment(one.get("createdAt")), _("Refunded"), _money(one["totalRefund"])) for one in state["refunds"]
    ]
    return sorted(steps, key=lambda step: step.at or datetime.max.replace(tzinfo=UTC))


def _of_fulfillment(one: State) -> Iterator[Step]:
    """Its milestones, and where it stands now, with the way to follow it."""
    name, status = one["name"], one["status"]
    for key, reached in MILESTONES.items():
        if one.get(key) and reached != status:
            yield Step(_moment(one[key]), str(FULFILLMENT[reached]), name)
    track = one.get("trackingInfo") or {}
    details = [name, one.get("description"), track.get("carrierCode"), track.get("trackingNumber")]
    expected = _moment(one.get("estimatedDeliveryAt"))
    if expected and status not in WRONG | {"DELIVERED"}:
        details.append(_("expected on %(day)s") % {"day": speaking.day(expected)})
    yield Step(
        next((_moment(one.get(key)) for key, reached in MILESTONES.items() if reached == status), None),
        str(FULFILLMENT.get(status, status)),
        " · ".join(filter(None, details)),
        followable(track.get("trackingUrl")),
        is_good=status not in WRONG,
    )


def followable(url: str | None) -> str:
    """`url` if a browser may be led there: http or https, to a host; else ""."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    return (url or "") if parts.scheme in {"http", "https"} and parts.netloc else ""


def _item(one: State) -> Item:
    return Item(one["productTitle"], one.get("variantTitle") or "", one["quantity"], _money(one["totalPrice"]))


def _money(money: State) -> str:
    return speaking.money(Decimal(money["amount"]), money["currencyCode"])


def _is_due(money: State) -> bool:
    return Decimal(money["amount"]) != 0


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
