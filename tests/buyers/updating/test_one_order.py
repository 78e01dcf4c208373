"""PUT /pay/wallet/orders/:id: one order, whoever looks at it (buyer-wallet.md §A.9, §E.2)."""

import json
import socket
from urllib.parse import quote

import pytest

from buyers.models import WalletOrder, WalletOrderRevision
from buyers.tasks import map_waiting_orders
from orders.models import Order
from orders.serializers import OrderSerializer
from tests.buyers.making import make_client
from tests.buyers.ordering import (
    MERCHANT,
    PATH,
    confirm,
    full_sample,
    introduce,
    sample,
)
from tests.buyers.updating.putting import events, everything, put
from tests.making import make_member, make_order

LATER = "2021-08-11T13:51:05Z"


def test_an_order_that_nobody_confirmed_is_404(partner, wallet_order):
    for path in (
        "/pay/wallet/orders/12345",
        "/pay/wallet/orders/12",
        "/pay/wallet/orders/1234/",
        "/pay/wallet/orders/%00",
    ):
        answer = partner.put(path, sample())
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert Order.objects.count() == 0


def test_another_clients_order_is_404_and_stays_as_it_is(partner, rival, wallet_order):
    put(partner, sample())
    before = everything()
    assert rival.put(PATH, sample(paymentStatus="VOIDED")).status_code == 404
    assert everything() == before


def test_the_same_id_may_be_two_clients(partner, rival, buyer, brand, wallet_order):
    confirm(rival.client, buyer)
    put(partner, sample())
    assert rival.put(PATH, sample(orderNumber="R-7")).status_code == 204
    mine, theirs = WalletOrder.objects.order_by("pk")
    assert (mine.state["orderNumber"], theirs.state["orderNumber"]) == ("#1001", "R-7")
    assert theirs.order is None  # whom the rival means by this merchant, nobody said


@pytest.mark.parametrize("external_id", ["a/b/c", "#1001 ü", "x" * 128, "1234::5678", "..%2F", "a+b?c"])
def test_ids_are_the_clients_own(partner, buyer, brand, wallet_order, external_id):
    confirm(partner.client, buyer, external_id)
    order = put(partner, sample(), "/pay/wallet/orders/" + quote(external_id))
    assert order.stated_id == external_id


def test_an_id_that_is_too_long_is_404(partner, wallet_order):
    assert partner.put("/pay/wallet/orders/" + "x" * 129, sample()).status_code == 404


def test_without_credentials_nothing_happens(partner, wallet_order):
    before = everything()
    assert partner.put(PATH, sample(), auth="Bearer nobody").status_code == 401
    assert partner.put(PATH, sample(), agent=None).status_code == 403
    assert partner.call("PATCH", PATH, sample()).status_code == 405
    assert everything() == before


def test_an_update_becomes_an_order_of_the_brand(partner, buyer, brand, wallet_order):
    order = put(partner, full_sample())
    wallet_order.refresh_from_db()
    assert wallet_order.order == order
    assert wallet_order.state == full_sample()
    assert wallet_order.findings == []
    assert (order.brand, order.number, order.source) == (brand, 1, "wallet")
    assert (order.stated_by, order.stated_id, order.stated_number) == ("Shop Partner", "1234", "#1001")
    assert (order.status, order.processing_status, order.stated_payment) == (
        "paid",
        "being_processed",
        "PARTIALLY_REFUNDED",
    )
    assert (order.currency, str(order.total), str(order.refunded)) == ("USD", "2.20", "1.10")
    assert (order.points_used, order.total_order_points_price, order.expires_at) == (0, 0, None)
    assert order.created_at.isoformat() == "2021-08-10T13:51:05+00:00"
    assert (order.member.email, order.member.brand) == (buyer.email, brand)
    line = order.lines.get()
    assert (line.title, line.variant_title, line.quantity, str(line.unit_price)) == (
        "Snowboard",
        "Size: Medium",
        1,
        "1.00",
    )
    sent = order.fulfillments.get()
    assert (sent.kind, sent.status, sent.carrier) == ("shipping", "onTheWay", "USPS")
    assert sent.tracking_url == "https://example.com/tracking"
    assert sent.notes == "Shipment: A large parcel"
    assert [held.line for held in sent.lines.all()] == [line]
    back = order.refunds.get()
    assert (back.status, str(back.amount), back.reason, back.by) == ("completed", "1.10", "Scratched", "Shop Partner")
    assert [(held.line, held.quantity) for held in back.lines.all()] == [(line, 1)]
    assert [(one.kind, one.label, str(one.amount)) for one in order.sums.all()] == [
        ("subtotal", "", "1.00"),
        ("shipping", "", "1.00"),
        ("tax", "Line item sales tax", "0.10"),
        ("tax", "Shipment sales tax", "0.10"),
    ]


def test_the_shop_api_prints_it_as_any_order(partner, brand, wallet_order, api):
    mine = put(partner, sample())
    ours = make_order(brand)
    page = api.get("/orders").json()["data"]
    printed = {one["uuid"]: one for one in page}
    assert printed[str(mine.uuid)] | {"updated_at": "", "member": ""} == {
        "created_at": "2021-08-10T13:51:05.000000Z",
        "processing_status": "being_processed",
        "processed_at": None,
        "number": "1",
        "currency": "USD",
        "total": "2.20",
        "updated_at": "",
        "uuid": str(mine.uuid),
        "payment_id": "1234",
        "payment_status": "PAID",
        "points_used": 0,
        "total_order_points_price": 0,
        "mail_delivered_in_inbox": 0,
        "passes": [],
        "member": "",
        "member_partner_id": None,
        "brand": {"name": brand.name, "identifier": str(brand.uuid)},
    }
    for order in (mine, ours):
        order.refresh_from_db()
        reference = json.loads(json.dumps(OrderSerializer(order).data, default=str))
        assert printed[str(order.uuid)] == reference
        assert api.get(f"/orders/{order.number}").json()["data"] == reference


def test_the_member_is_found_in_any_case_and_made_once(partner, buyer, brand, wallet_order):
    known = make_member(brand, email=buyer.email.upper())
    assert put(partner, sample()).member == known
    confirm(partner.client, buyer, "second")
    put(partner, sample(), "/pay/wallet/orders/second")
    assert brand.members.count() == 1
    assert list(brand.orders.order_by("pk").values_list("number", flat=True)) == [1, 2]


def test_a_partner_keeps_its_own_id_of_the_member(partner, brand, wallet_order, api):
    order = put(partner, sample())
    assert api.patch(f"/orders/{order.uuid}", {"member_partner_id": "crm-1"}).status_code == 200
    put(partner, sample(updatedAt=LATER, shipmentStatus="DELIVERED"))
    assert api.get(f"/orders/{order.uuid}").json()["data"]["member_partner_id"] == "crm-1"


def test_without_a_brand_the_order_is_the_buyers_alone_until_there_is_one(partner, buyer, brand):
    found = confirm(partner.client, buyer)
    put(partner, sample(paymentStatus="PENDING"))
    put(partner, sample())
    found.refresh_from_db()
    assert (found.order, found.state["paymentStatus"], Order.objects.count()) == (None, "PAID", 0)
    assert map_waiting_orders() == 0
    introduce(partner.client, brand)
    introduce(make_client("Other")[0], brand, MERCHANT)
    assert map_waiting_orders() == 1
    assert map_waiting_orders() == 0
    found.refresh_from_db()
    assert (found.order.status, found.order.points_earned) == ("paid", 22)
    assert [name for name, _version in events()] == ["open", "paid"]
    assert found.revisions.count() == 2


def test_the_next_update_maps_it_too_even_the_same(partner, buyer, brand):
    confirm(partner.client, buyer)
    put(partner, sample())
    introduce(partner.client, brand)
    order = put(partner, sample())
    assert (order.status, order.brand) == ("paid", brand)
    assert WalletOrderRevision.objects.count() == 1


def test_a_buyer_who_is_gone_becomes_nobodys_member(partner, buyer, brand, wallet_order):
    buyer.is_active = False
    buyer.save()
    put(partner, sample())
    assert (Order.objects.count(), brand.members.count(), map_waiting_orders()) == (0, 0, 0)


def test_nothing_that_a_partner_names_is_fetched(partner, brand, wallet_order, monkeypatch):
    called = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_kwargs: called.append(args))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **_kwargs: called.append(args))
    body = full_sample()
    body["lineItems"][0]["imageUrl"] = "http://169.254.169.254/latest/meta-data"
    body["merchant"]["logoUrl"] = "http://localhost:6379/"
    body["fulfillments"][0]["trackingInfo"]["trackingUrl"] = "http://10.0.0.1/"
    put(partner, body)
    assert called == []
