"""What an order that a partner states shows in Apple Wallet: order.json from its lines, sums, fulfilments and refunds.

(buyer-wallet.md §E.2.) No picture: the partner's are somewhere on the internet, and nothing of ours fetches them.
"""

from typing import Any

from applewallet.looks import product_image
from applewallet.services import Source, rfc3339
from orders.models import Fulfillment, Order, OrderLine, OrderStatus, ProcessingStatus, Refund
from orders.source import PAYMENT_STATUS, STATUS_TEXTS, TRANSACTION_STATUS, Part, common, filled, fulfillment, money
from orders.source import texts_in as all_texts
from orders.texts import in_languages

TEXTS = STATUS_TEXTS | {"summary_subtotal", "summary_shipping", "summary_tax", "summary_refunded"}
# Where the partner's word says more than the order's status.
STATED_PAYMENT = {"AUTHORIZED": "authorized", "REFUNDED": "refunded"}


def stated_source(order: Order) -> Source:
    """The source of the package of an order that a partner states."""
    fulfillments = list(order.fulfillments.prefetch_related("lines__line"))
    content = common(order, fulfillments) | {
        "status": _status(order),
        "lineItems": [_line(line, with_price=True) for line in order.lines.all()],
        "payment": _payment(order),
    }
    if fulfillments:
        content["fulfillments"] = [_fulfillment(order, one) for one in fulfillments]
    refunds = order.refunds.filter(lines__isnull=False).distinct().prefetch_related("lines__line")
    if returns := [_return(refund) for refund in refunds]:
        content["returns"] = returns
    images = product_image(order.brand, "logo.png", order.brand.logo)
    return Source(content, in_languages(TEXTS & set(all_texts(content))), images)


def _status(order: Order) -> str:
    """Completed when the partner says that all of it has arrived, whatever staff have filed away since."""
    if order.status == OrderStatus.OPEN:
        return "open"
    if order.status != OrderStatus.PAID:
        return "cancelled"
    is_archived = order.processing_status == ProcessingStatus.ARCHIVED
    has_arrived = order.processing_status == ProcessingStatus.PROCESSED or (is_archived and order.processed_at)
    return "completed" if has_arrived else "open"


def _line(line: OrderLine, *, with_price: bool = False) -> Part:
    price: dict[str, Any] = {"price": money(line.unit_price, line.currency)} if with_price else {}
    texts = filled(subtitle=line.variant_title, gtin=line.gtin)
    return {"title": line.title, "quantity": line.quantity, **texts, **price}


def _fulfillment(order: Order, one: Fulfillment) -> Part:
    shown = fulfillment(order, one, [_line(held.line) for held in one.lines.all()])
    shown.pop("barcode", None)  # the partner's counter does not know ours
    return shown


def _return(refund: Refund) -> Part:
    """What a refund takes back (buyer-wallet.md §E.2). When things came back the partner does not say."""
    return {
        "returnIdentifier": str(refund.uuid),
        "status": "completed",
        "initiatedAt": rfc3339(refund.created_at),
        "lineItems": [_line(held.line) | {"quantity": held.shown_quantity} for held in refund.lines.all()],
        **filled(notes=refund.reason),
    }


def _payment(order: Order) -> Part:
    refunds = list(order.refunds.all())
    summary = [
        {"label": one.label or f"summary_{one.kind}", "value": money(one.amount, one.currency)}
        for one in order.sums.all()
    ]
    if order.refunded:
        summary.append({"label": "summary_refunded", "value": money(-order.refunded, order.currency)})
    status = PAYMENT_STATUS[OrderStatus(order.status)]
    return {
        "total": money(order.total, order.currency),
        "status": STATED_PAYMENT.get(order.stated_payment, status),
        "summaryItems": summary,
        "transactions": _transactions(order, refunds),
    }


def _transactions(order: Order, refunds: list[Refund]) -> list[Part]:
    """What was paid and what went back, as far as the partner says so."""
    method = {"displayName": order.stated_by}
    status = TRANSACTION_STATUS[OrderStatus(order.status)]
    purchase = {
        "transactionType": "purchase",
        "amount": money(order.total, order.currency),
        "createdAt": rfc3339(order.created_at),
        "paymentMethod": method,
        "status": "completed" if refunds else status,  # what went back was paid before
    }
    given_back = [
        {
            "transactionType": "refund",
            "amount": money(refund.amount, refund.currency),
            "createdAt": rfc3339(refund.created_at),
            "paymentMethod": method,
            "status": "completed",
        }
        for refund in refunds
        if refund.amount
    ]
    return [*([purchase] if order.total else []), *given_back]
