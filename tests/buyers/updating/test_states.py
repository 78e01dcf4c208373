"""PUT /pay/wallet/orders/:id: what the partner calls a state, and what it is here (buyer-wallet.md §E.2)."""

import pytest

from buyers.mapping import CANCELED, FULFILLMENT, PAYMENT, SHIPMENT
from buyers.order_tables import ENUMS
from desk import erasing
from orders.models import Fulfillment, Order, Refund
from orders.services import set_processing_status
from orders.tasks import expire_unpaid
from shops.models import Member
from tests.buyers.ordering import (
    PATH,
    refund,
    sample,
)
from tests.buyers.updating.putting import events, put
from tests.making import make_endpoint
from webhooks.models import Delivery

LATER = "2021-08-11T13:51:05Z"


@pytest.mark.parametrize("shipment", ENUMS["ShipmentStatus"])
@pytest.mark.parametrize("payment", ENUMS["PaymentStatus"])
def test_every_state(partner, brand, wallet_order, payment, shipment):
    order = put(partner, sample(paymentStatus=payment, shipmentStatus=shipment))
    status = {"PAID": "paid", "PARTIALLY_REFUNDED": "paid", "EXPIRED": "expired"}.get(payment)
    status = status or ("canceled" if payment in {"VOIDED", "REFUNDED"} else "open")
    processing = {"UNSHIPPED": "open", "DELIVERED": "processed"}.get(shipment, "being_processed")
    assert (order.status, order.processing_status, order.stated_payment) == (status, processing, payment)
    assert (order.processed_at is not None) == (processing == "processed")
    assert [name for name, _version in events()] == (["open"] if status == "open" else ["open", status])
    wallet_order.refresh_from_db()
    assert wallet_order.order == order


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("CUSTOMER", "canceled"),
        ("DECLINED", "failed"),
        ("FRAUD", "canceled"),
        ("INVENTORY", "canceled"),
        ("OTHER", "canceled"),
        ("PARTIALLY_CANCELLED", "paid"),
        (None, "paid"),
    ],
)
def test_a_reason_to_cancel_goes_before_the_payment(partner, wallet_order, reason, status):
    order = put(partner, sample(cancelReason=reason, cancelledAt=reason and LATER))
    assert order.status == status


def test_the_tables_know_every_word():
    assert PAYMENT.keys() == set(ENUMS["PaymentStatus"])
    assert SHIPMENT.keys() == set(ENUMS["ShipmentStatus"])
    assert FULFILLMENT.keys() == set(ENUMS["FulfillmentStatus"])
    assert CANCELED.keys() == set(ENUMS["CancelReason"]) - {"PARTIALLY_CANCELLED"}


FULFILLED = {
    "SUBMITTED": "open",
    "CONFIRMED": "open",
    "LABEL_VOIDED": "open",
    "LABEL_PRINTED": "processing",
    "LABEL_PURCHASED": "processing",
    "PICKED_UP": "shipped",
    "IN_TRANSIT": "onTheWay",
    "OUT_FOR_DELIVERY": "outForDelivery",
    "DELIVERED": "delivered",
    "ATTEMPTED_DELIVERY": "issue",
    "FAILURE": "issue",
    "CANCELLED": "cancelled",
    "READY_FOR_PICKUP": "readyForPickup",
}


def test_a_fulfilment_may_go_from_any_state_to_any(partner, wallet_order):
    body, keys = sample(), set()
    for word, status in FULFILLED.items():
        body["fulfillments"][0]["status"] = word
        order = put(partner, body)
        one = order.fulfillments.get()
        assert one.status == status
        if word == "READY_FOR_PICKUP":
            assert (one.kind, one.display_name, one.carrier) == ("pickup", "Shipment", "")
        else:
            assert (one.kind, one.carrier) == ("shipping", "USPS")
        keys.add(one.uuid)
    body["fulfillments"][0]["status"] = "DELIVERED"
    assert put(partner, body).fulfillments.get().uuid in keys
    assert len(keys) == 1


def test_any_state_may_follow_any_other_and_each_change_is_told_once(partner, brand, wallet_order):
    make_endpoint(brand)
    for payment in ("PENDING", "PAID", "VOIDED", "PAID", "EXPIRED", "AUTHORIZED"):
        put(partner, sample(paymentStatus=payment))
        put(partner, sample(paymentStatus=payment))
        put(partner, sample(paymentStatus=payment, updatedAt=LATER))
    assert [name for name, _version in events()] == ["open", "paid", "canceled", "paid", "expired", "open"]
    versions = [version for _name, version in events()]
    assert versions == sorted(set(versions))
    assert Delivery.objects.count() == 5  # `expired` is off by default


def test_an_order_that_is_open_never_expires_here(partner, wallet_order):
    order = put(partner, sample(paymentStatus="PENDING"))
    assert expire_unpaid() == 0
    order.refresh_from_db()
    assert order.status == "open"


def test_what_staff_archived_stays_archived(partner, wallet_order):
    order = put(partner, sample())
    set_processing_status(set_processing_status(order, "open"), "archived")
    put(partner, sample(shipmentStatus="DELIVERED"))
    order.refresh_from_db()
    assert order.processing_status == "archived"


def test_of_a_member_whom_the_brand_forgot_nothing_is_written_that_names_them(partner, wallet_order):
    assert partner.put(PATH, sample()).status_code == 204
    member = Member.objects.get()
    erasing.erase(member, agreed=erasing.preview(member).agreed)
    body = sample(shipmentStatus="SHIPPED", paymentStatus="PARTIALLY_REFUNDED")
    body["fulfillments"][0] |= {"description": "For Emma", "status": "IN_TRANSIT"}
    body["refunds"] = [refund("r1", "1.10") | {"description": "Emma was ill"}]
    for _ in range(2):
        assert partner.put(PATH, body).status_code == 204
    sent, back = Fulfillment.objects.get(), Refund.objects.get()
    assert (sent.status, sent.notes, sent.tracking_number, sent.tracking_url) == ("onTheWay", "", "", "")
    assert (str(back.amount), back.reason, Order.objects.get().member) == ("1.10", "", member)
