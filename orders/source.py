"""What an order shows in Apple Wallet: order.json (seed 000_94a9f220c0c390a1.txt; apple-wallet.md §A.3)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from applewallet.looks import design_of, product_image
from applewallet.models import Design
from applewallet.services import Source, rfc3339
from orders.models import Fulfillment, Order, OrderItem, OrderStatus, ProcessingStatus, Refund, RefundStatus, Return
from orders.texts import in_languages
from shops.models import Brand

Part = dict[str, Any]
NOTHING_DUE = "paid"
PAYMENT_STATUS = {  # Apple's word for ours
    OrderStatus.OPEN: "pending",
    OrderStatus.PAID: "paid",
    OrderStatus.FAILED: "declined",
    OrderStatus.CANCELED: "voided",
    OrderStatus.EXPIRED: "voided",
}
TRANSACTION_STATUS = {
    OrderStatus.OPEN: "pending",
    OrderStatus.PAID: "completed",
    OrderStatus.FAILED: "failed",
    OrderStatus.CANCELED: "cancelled",
    OrderStatus.EXPIRED: "cancelled",
}
REFUND_STATUS = {
    RefundStatus.REQUESTED: "pending",
    RefundStatus.COMPLETED: "completed",
    RefundStatus.FAILED: "failed",
}
DONE = {"delivered", "pickedUp"}
STATUS_TEXTS = {f"status_{status}" for status in OrderStatus.values}
SHOP_TEXTS = STATUS_TEXTS | {"summary_price", "summary_points", "summary_refunded"}


def order_source(order: Order) -> Source:
    """The source of an order's package."""
    brand = order.brand
    items = list(order.items.select_related("issued_pass__coupon").order_by("pk"))
    fulfillments = list(order.fulfillments.prefetch_related("items__item__issued_pass__coupon"))
    returns = list(order.returns.prefetch_related("items__item__issued_pass__coupon"))
    images = _images(brand, items)
    content = common(order, fulfillments) | {
        "lineItems": line_items(order, items, with_price=True),
        "payment": _payment(order),
    }
    if fulfillments:
        content["fulfillments"] = [_of_items(order, one) for one in fulfillments]
    if returns:
        content["returns"] = [_return(order, one) for one in returns]
    content |= _return_info(order)
    return Source(content, in_languages(SHOP_TEXTS & set(texts_in(content))), images)


def common(order: Order, fulfillments: list[Fulfillment]) -> Part:
    """What all orders show, wherever they come from."""
    brand = order.brand
    return {
        "orderType": "ecommerce",
        "orderNumber": order.shown_number,
        "createdAt": rfc3339(order.created_at),
        "status": _status(order, fulfillments),
        "statusDescription": f"status_{order.status}",
        "orderManagementURL": f"{settings.PUBLIC_URL}/s/{brand.slug}/orders/{order.uuid}",
        "merchant": _merchant(brand, design_of(brand)),
        "customer": filled(givenName=order.member.name, emailAddress=order.member.email),
    }


def filled(**values: Any) -> Part:
    """The values that say something."""
    return {key: value for key, value in values.items() if value not in {None, ""}} if values else {}


def texts_in(value: object) -> Iterable[str]:
    """Every text in a content, to find those that are keys of translations."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
    elif isinstance(value, str):
        yield value


def money(amount: Decimal, currency: str) -> Part:
    """An amount as Apple writes it."""
    return {"amount": str(amount), "currency": currency}


def _status(order: Order, fulfillments: list[Fulfillment]) -> str:
    """Apple's three words: open, completed when everything has arrived, cancelled."""
    if order.status == OrderStatus.OPEN:
        return "open"
    if order.status != OrderStatus.PAID:
        return "cancelled"
    under_way = [one for one in fulfillments if one.status != "cancelled"]
    arrived = bool(under_way) and all(one.status in DONE for one in under_way)
    processed = order.processing_status in {ProcessingStatus.PROCESSED, ProcessingStatus.ARCHIVED}
    return "completed" if arrived or (processed and not under_way) else "open"


def _merchant(brand: Brand, design: Design) -> Part:
    contact = filled(emailAddress=design.email, phoneNumber=design.phone_number)
    shop = f"{settings.PUBLIC_URL}/s/{brand.slug}/"
    return {
        "displayName": brand.name,
        "url": design.website or shop,
        "logo": "logo.png",
        **filled(merchantIdentifier=design.merchant_identifier),  # without it the package is refused, with the reason
        **(contact or {"contactURL": design.website or shop}),
    }


def _images(brand: Brand, items: Iterable[OrderItem]) -> dict[str, int]:
    images = product_image(brand, "logo.png", brand.logo)
    for coupon in {item.issued_pass.coupon for item in items}:
        if coupon.image:
            images |= product_image(brand, f"coupon-{coupon.pk}.png", coupon.image)
    return images


def line_items(order: Order, items: Iterable[OrderItem], *, with_price: bool = False) -> list[Part]:
    """One line for each coupon and price, in the order in which they were bought."""
    lines: dict[tuple[int, int], Part] = {}
    for item in items:
        coupon = item.issued_pass.coupon
        line = lines.setdefault((coupon.pk, item.points), {"title": coupon.title, "quantity": 0})
        line["quantity"] += 1
        if with_price:
            line["price"] = money(order.worth(item.points), order.currency)
        line |= filled(sku=coupon.external_reference, image=f"coupon-{coupon.pk}.png" if coupon.image else "")
    return list(lines.values())


def _payment(order: Order) -> Part:
    currency = order.currency
    refunds = list(order.refunds.exclude(status=RefundStatus.FAILED))
    price = order.worth(order.total_order_points_price)
    summary = [{"label": "summary_price", "value": money(price, currency)}]
    if order.points_used:
        summary.append({"label": "summary_points", "value": money(order.total - price, currency)})
    refunded = sum((refund.amount for refund in refunds), Decimal(0))
    if refunded:
        summary.append({"label": "summary_refunded", "value": money(-refunded, currency)})
    return {
        "total": money(order.total, currency),
        "status": _payment_status(order, refunded),
        "summaryItems": summary,
        "transactions": _transactions(order, refunds),
    }


def _payment_status(order: Order, refunded: Decimal) -> str:
    if order.total and refunded == order.total:
        return "refunded"
    return PAYMENT_STATUS[OrderStatus(order.status)]


def _transactions(order: Order, refunds: Iterable[Refund]) -> list[Part]:
    payment = getattr(order, "payment", None)  # none when nothing was due in money
    if payment is None:
        return []
    method = {"displayName": payment.provider.title()}
    purchase = {
        "transactionType": "purchase",
        "amount": money(payment.amount, payment.currency),
        "createdAt": rfc3339(payment.created_at),
        "paymentMethod": method,
        "status": TRANSACTION_STATUS[OrderStatus(order.status)],
    }
    given_back = [
        {
            "transactionType": "refund",
            "amount": money(refund.amount, refund.currency),
            "createdAt": rfc3339(refund.created_at),
            "paymentMethod": method,
            "status": REFUND_STATUS[RefundStatus(refund.status)],
        }
        for refund in refunds
        if refund.amount
    ]
    return [purchase, *given_back]


def _of_items(order: Order, one: Fulfillment) -> Part:
    return fulfillment(order, one, line_items(order, [held.item for held in one.items.all()]))


def fulfillment(order: Order, one: Fulfillment, lines: list[Part]) -> Part:
    """A fulfilment, with what is in it."""
    own = _shipping(one) if one.kind == "shipping" else _pickup(order, one)
    return {
        "fulfillmentType": one.kind,
        "fulfillmentIdentifier": str(one.uuid),
        "status": one.status,
        "lineItems": lines,
        **filled(notes=one.notes, statusDescription=one.status_description),
        **own,
    }


def _shipping(one: Fulfillment) -> Part:
    person = filled(givenName=one.given_name, familyName=one.family_name, organizationName=one.organization_name)
    recipient = person | ({"address": _address(one)} if _address(one) else {})
    return filled(
        carrier=one.carrier,
        trackingNumber=one.tracking_number,
        trackingURL=one.tracking_url,
        shippedAt=_moment(one.shipped_at),
        deliveredAt=_moment(one.delivered_at),
        estimatedDeliveryAt=_moment(one.estimated_delivery_at),
        estimatedDeliveryWindowDuration=_duration(one.estimated_delivery_window),
        shippingType=one.shipping_type,
    ) | ({"recipient": recipient} if recipient else {})


def _pickup(order: Order, one: Fulfillment) -> Part:
    place: Part = {"displayName": one.display_name}
    if _address(one):
        place["address"] = _address(one)
    if one.latitude is not None:
        place["location"] = {"latitude": one.latitude, "longitude": one.longitude}
    barcode = {
        "format": "qr",
        "message": str(order.uuid),
        "messageEncoding": "iso-8859-1",
        "altText": order.shown_number,
    }
    return (
        place
        | {"barcode": barcode}
        | filled(
            pickupAt=_moment(one.pickup_at),
            pickupWindowDuration=_duration(one.pickup_window),
            pickedUpAt=_moment(one.picked_up_at),
        )
    )


def _address(one: Fulfillment) -> Part:
    lines = {"addressLines": one.address_lines} if one.address_lines else {}
    return lines | filled(
        locality=one.locality,
        subLocality=one.sub_locality,
        administrativeArea=one.administrative_area,
        subAdministrativeArea=one.sub_administrative_area,
        postalCode=one.postal_code,
        countryCode=one.country_code,
    )


def _moment(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def _duration(minutes: int | None) -> str | None:
    return f"PT{minutes}M" if minutes else None


def _return(order: Order, one: Return) -> Part:
    return {
        "returnIdentifier": str(one.uuid),
        "returnNumber": one.return_number,
        "status": one.status,
        "initiatedAt": rfc3339(one.initiated_at),
        "lineItems": line_items(order, [held.item for held in one.items.all()]),
        **filled(
            carrier=one.carrier,
            dropOffBy=_moment(one.drop_off_by),
            returnedAt=_moment(one.returned_at),
            notes=one.notes,
            statusDescription=one.status_description,
        ),
    }


def _return_info(order: Order) -> Part:
    brand = order.brand
    if not brand.return_policy_url:
        return {}
    info = {"returnPolicyURL": brand.return_policy_url} | filled(
        returnPolicyDescription=brand.return_policy_description
    )
    if brand.return_days is not None:
        info["returnDeadline"] = rfc3339(order.created_at + timedelta(days=brand.return_days))
    return {"returnInfo": info}
