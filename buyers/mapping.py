"""An order of the wallet API in the platform's words (buyer-wallet.md §E.2): tables, and what walks them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

from buyers.order_rules import moment
from orders.models import FulfillmentKind, FulfillmentStatus, OrderStatus, ProcessingStatus, ShippingType, SumKind
from orders.statements import StatedFulfillment, StatedLine, StatedRefund, StatedSum, Statement
from shops.money import rounded

Json = dict[str, Any]
MOST_NOTES = 500  # characters that a fulfilment's notes hold here; the order's own page shows all
MOST_REASON = 200

PAYMENT = {
    "AUTHORIZED": OrderStatus.OPEN,
    "EXPIRED": OrderStatus.EXPIRED,
    "PAID": OrderStatus.PAID,
    "PARTIALLY_PAID": OrderStatus.OPEN,
    "PARTIALLY_REFUNDED": OrderStatus.PAID,
    "PENDING": OrderStatus.OPEN,
    "REFUNDED": OrderStatus.CANCELED,
    "VOIDED": OrderStatus.CANCELED,
}
CANCELED = {  # goes before what the payment says; an order that is canceled in part goes on
    "CUSTOMER": OrderStatus.CANCELED,
    "DECLINED": OrderStatus.FAILED,
    "FRAUD": OrderStatus.CANCELED,
    "INVENTORY": OrderStatus.CANCELED,
    "OTHER": OrderStatus.CANCELED,
}
SHIPMENT = {
    "UNSHIPPED": ProcessingStatus.OPEN,
    "PARTIALLY_SHIPPED": ProcessingStatus.BEING_PROCESSED,
    "SHIPPED": ProcessingStatus.BEING_PROCESSED,
    "DELIVERED": ProcessingStatus.PROCESSED,
}
FULFILLMENT = {
    "ATTEMPTED_DELIVERY": FulfillmentStatus.ISSUE,
    "CANCELLED": FulfillmentStatus.CANCELLED,
    "CONFIRMED": FulfillmentStatus.OPEN,
    "DELIVERED": FulfillmentStatus.DELIVERED,
    "FAILURE": FulfillmentStatus.ISSUE,
    "IN_TRANSIT": FulfillmentStatus.ON_THE_WAY,
    "LABEL_PRINTED": FulfillmentStatus.PROCESSING,
    "LABEL_PURCHASED": FulfillmentStatus.PROCESSING,
    "LABEL_VOIDED": FulfillmentStatus.OPEN,
    "OUT_FOR_DELIVERY": FulfillmentStatus.OUT_FOR_DELIVERY,
    "PICKED_UP": FulfillmentStatus.SHIPPED,  # by the carrier
    "READY_FOR_PICKUP": FulfillmentStatus.READY_FOR_PICKUP,
    "SUBMITTED": FulfillmentStatus.OPEN,
}


def statement_of(by: str, external_id: str, order: Json) -> Statement:
    """What `order`, whose structure is sound, says. `by` is the client's name."""
    total = order["total"]["totalPrice"]
    return Statement(
        by=by,
        external_id=external_id,
        number=order["orderNumber"],
        created_at=moment(order["createdAt"]),
        currency=total["currencyCode"],
        total=_money(total),
        status=CANCELED.get(order.get("cancelReason") or "", PAYMENT[order["paymentStatus"]]).value,
        payment_status=order["paymentStatus"],
        processing_status=SHIPMENT[order["shipmentStatus"]].value,
        lines=tuple(_line(identifier, row) for identifier, row in _once(order["lineItems"], "lineItemId")),
        fulfillments=tuple(
            _fulfillment(identifier, row) for identifier, row in _once(order["fulfillments"], "fulfillmentId")
        ),
        refunds=tuple(_refund(identifier, row) for identifier, row in _once(order["refunds"], "refundId")),
        sums=tuple(_sums(order)),
    )


def _once(rows: Iterable[Json], key: str) -> Iterator[tuple[str, Json]]:
    """Each row with an id of its own: a second one of the same id gets a number behind it."""
    seen: set[str] = set()
    for row in rows:
        identifier, times = row[key], 1
        while identifier in seen:
            times += 1
            identifier = f"{row[key]} ({times})"
        seen.add(identifier)
        yield identifier, row


def _money(money: Json) -> Decimal:
    return rounded(Decimal(money["amount"]), money["currencyCode"])


def _text(value: str | None) -> str:
    return value or ""


def _shortened(value: str | None, most: int) -> str:
    text = value or ""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _line(identifier: str, row: Json) -> StatedLine:
    return StatedLine(
        external_id=identifier,
        title=row["productTitle"],
        variant_title=_text(row.get("variantTitle")),
        gtin=row["gtin"],
        quantity=row["quantity"],
        unit_price=_money(row["unitPrice"]),
        total_price=_money(row["totalPrice"]),
        currency=row["totalPrice"]["currencyCode"],
    )


def _fulfillment(identifier: str, row: Json) -> StatedFulfillment:
    status = FULFILLMENT[row["status"]]
    common: Json = {
        "external_id": identifier,
        "status": status.value,
        "lines": tuple(row["lineItemIds"]),
        "notes": _shortened(": ".join(filter(None, (row["name"], row.get("description")))), MOST_NOTES),
    }
    if status == FulfillmentStatus.READY_FOR_PICKUP:
        place = _shortened(row["name"], 100)
        return StatedFulfillment(kind=FulfillmentKind.PICKUP.value, display_name=place, **common)
    tracking = row.get("trackingInfo") or {}
    return StatedFulfillment(
        kind=FulfillmentKind.SHIPPING.value,
        shipping_type=ShippingType.SHIPPING.value,
        carrier=_text(tracking.get("carrierCode")),
        tracking_number=_text(tracking.get("trackingNumber")),
        tracking_url=_text(tracking.get("trackingUrl")).strip(),
        shipped_at=_first_moment(row, "fulfilledAt", "inTransitAt"),
        delivered_at=_first_moment(row, "deliveredAt"),
        estimated_delivery_at=_first_moment(row, "estimatedDeliveryAt"),
        **common,
    )


def _first_moment(row: Json, *names: str) -> Any:
    return next((moment(row[name]) for name in names if row.get(name)), None)


def _refund(identifier: str, row: Json) -> StatedRefund:
    return StatedRefund(
        external_id=identifier,
        amount=_money(row["totalRefund"]),
        currency=row["totalRefund"]["currencyCode"],
        created_at=moment(row["createdAt"]),
        reason=_shortened(row.get("description"), MOST_REASON),
        lines=tuple(_refunded_lines(row["refundLineItems"]).items()),
    )


def _refunded_lines(rows: Iterable[Json]) -> dict[str, int | None]:
    """How many of each line in all; None as soon as the partner does not say it once."""
    found: dict[str, int | None] = {}
    for row in rows:
        before, quantity = found.get(row["lineItemId"], 0), row.get("quantity")
        found[row["lineItemId"]] = None if before is None or quantity is None else before + quantity
    return found


def _sums(order: Json) -> Iterator[StatedSum]:
    """Subtotal, shipping, and the taxes by name: what a receipt shows above the total."""
    total = order["total"]
    yield _sum(SumKind.SUBTOTAL, total["lineItemSubtotalPrice"])
    if _money(total["shippingSubtotalPrice"]):
        yield _sum(SumKind.SHIPPING, total["shippingSubtotalPrice"])
    taxes: dict[tuple[str, str], Decimal] = {}
    for tax in chain.from_iterable(row["taxLines"] for row in chain(order["lineItems"], order["deliveryMethods"])):
        named = (tax["title"], tax["price"]["currencyCode"])
        taxes[named] = taxes.get(named, Decimal(0)) + Decimal(tax["price"]["amount"])
    if sum(taxes.values(), Decimal(0)) == Decimal(total["totalTax"]["amount"]):
        for (title, currency), amount in taxes.items():
            if amount:
                yield StatedSum(SumKind.TAX.value, title, rounded(amount, currency), currency)
    elif _money(total["totalTax"]):
        yield _sum(SumKind.TAX, total["totalTax"])


def _sum(kind: SumKind, money: Json) -> StatedSum:
    return StatedSum(kind.value, "", _money(money), money["currencyCode"])
