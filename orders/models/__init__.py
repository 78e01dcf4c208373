"""Orders, and the parts that a paid order may get: fulfilments, refunds, returns."""

from orders.models.fulfillments import (
    Fulfillment,
    FulfillmentItem,
    FulfillmentKind,
    FulfillmentStatus,
    ShippingType,
)
from orders.models.mails import MailState, OrderMail
from orders.models.orders import (
    Order,
    OrderCount,
    OrderItem,
    OrderStatus,
    Payment,
    ProcessingStatus,
)
from orders.models.refunds import Refund, RefundItem, RefundStatus
from orders.models.returns import Return, ReturnItem, ReturnStatus

__all__ = [
    "Fulfillment",
    "FulfillmentItem",
    "FulfillmentKind",
    "FulfillmentStatus",
    "MailState",
    "Order",
    "OrderCount",
    "OrderItem",
    "OrderMail",
    "OrderStatus",
    "Payment",
    "ProcessingStatus",
    "Refund",
    "RefundItem",
    "RefundStatus",
    "Return",
    "ReturnItem",
    "ReturnStatus",
    "ShippingType",
]
