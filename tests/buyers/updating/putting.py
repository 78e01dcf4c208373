"""What these tests share: an update that is taken, and what there is afterwards."""

import copy

from buyers.models import WalletOrder, WalletOrderRevision
from orders.models import Fulfillment, FulfillmentLine, Order, OrderLine, OrderSum, Refund, RefundLine
from shops.models import Member
from tests.buyers.ordering import (
    PATH,
)
from webhooks.models import Event

ROWS = (
    WalletOrder,
    WalletOrderRevision,
    Order,
    OrderLine,
    OrderSum,
    Fulfillment,
    FulfillmentLine,
    Refund,
    RefundLine,
    Event,
    Member,
)


def put(partner, body, path=PATH):
    answer = partner.put(path, body)
    assert (answer.status_code, answer.content) == (204, b""), answer.content
    assert not {"Content-Type", "Content-Length"} & set(answer.headers)
    return Order.objects.first()


def everything():
    return copy.deepcopy([list(model.objects.order_by("pk").values()) for model in ROWS])


def events():
    return list(Event.objects.order_by("pk").values_list("order_status", "version"))
