"""Orders, and the parts that a paid order may get: fulfilments, refunds, returns."""

from accounts.outgoing import MailState
from orders.models.chargebacks import Chargeback
from orders.models.fulfillments import (
    Fulfillment,
    FulfillmentItem,
    FulfillmentKind,
    FulfillmentStatus,
    ShippingType,
)
from orders.models.lines import FulfillmentLine, OrderLine, OrderSum, RefundLine, SumKind
from orders.models.mails import MailKind, OrderMail
from orders.models.orders import (
    Order,
    OrderCount,
    OrderItem,
    OrderSource,
    OrderStatus,
    Payment,
    ProcessingStatus,
)
from orders.models.refunds import Refund, RefundItem, RefundStatus
from orders.models.returns import Return, ReturnItem, ReturnStatus

__all__ = [
    "Chargeback",
    "Fulfillment",
    "FulfillmentItem",
    "FulfillmentKind",
    "FulfillmentLine",
    "FulfillmentStatus",
    "MailKind",
    "MailState",
    "Order",
    "OrderCount",
    "OrderItem",
    "OrderLine",
    "OrderMail",
    "OrderSource",
    "OrderStatus",
    "OrderSum",
    "Payment",
    "ProcessingStatus",
    "Refund",
    "RefundItem",
    "RefundLine",
    "RefundStatus",
    "Return",
    "ReturnItem",
    "ReturnStatus",
    "ShippingType",
    "SumKind",
]
