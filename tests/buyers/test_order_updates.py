"""PUT /pay/wallet/orders/:id: one order, whoever looks at it (buyer-wallet.md §A.9, §E.2)."""

import copy
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection

from buyers.mapping import CANCELED, FULFILLMENT, PAYMENT, SHIPMENT
from buyers.models import WalletOrder, WalletOrderRevision
from buyers.order_tables import ENUMS
from buyers.tasks import map_waiting_orders
from desk import erasing
from orders.arithmetic import equations_of
from orders.models import Fulfillment, FulfillmentLine, Order, OrderLine, OrderSum, Refund, RefundLine
from orders.serializers import OrderSerializer
from orders.services import set_processing_status
from orders.tasks import expire_unpaid
from shops.models import Member, PointsEntry
from shops.services import spend_points
from tests.buyers.conftest import Partner
from tests.buyers.making import make_buyer, make_client
from tests.buyers.ordering import (
    MERCHANT,
    PATH,
    confirm,
    full_sample,
    introduce,
    of_total,
    refund,
    sample,
    with_lines,
)
from tests.making import make_brand, make_endpoint, make_member, make_order
from webhooks.models import Delivery, Event

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
LATER = "2021-08-11T13:51:05Z"


@pytest.fixture
def brand(db):
    return make_brand(currency="USD", earn_rate="10")


@pytest.fixture
def wallet_order(partner, buyer, brand):
    introduce(partner.client, brand)
    return confirm(partner.client, buyer)


def put(partner, body, path=PATH):
    answer = partner.put(path, body)
    assert (answer.status_code, answer.content) == (204, b""), answer.content
    assert not {"Content-Type", "Content-Length"} & set(answer.headers)
    return Order.objects.first()


def everything():
    return copy.deepcopy([list(model.objects.order_by("pk").values()) for model in ROWS])


def events():
    return list(Event.objects.order_by("pk").values_list("order_status", "version"))


# --- who, and which -------------------------------------------------------------------------------------------------


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


# --- one order ------------------------------------------------------------------------------------------------------


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


# --- status ---------------------------------------------------------------------------------------------------------


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


# --- repeated -------------------------------------------------------------------------------------------------------


def test_the_same_again_changes_nothing(partner, wallet_order):
    put(partner, full_sample())
    before = everything()
    put(partner, full_sample())
    put(partner, dict(reversed(full_sample().items())))  # says the same
    assert everything() == before


def test_what_is_not_the_orders_own_is_no_news(partner, wallet_order):
    """A change that none of our tables shows is kept with the wallet order; the order's version stays."""
    order = put(partner, sample())
    put(partner, sample(updatedAt=LATER))
    wallet_order.refresh_from_db()
    assert wallet_order.state["updatedAt"] == LATER
    assert Order.objects.get().version == order.version
    assert Order.objects.get().updated_at == order.updated_at


def test_revisions_name_what_changed_and_fifty_are_kept(partner, wallet_order):
    put(partner, sample())
    assert set(wallet_order.revisions.get().changes) == set(sample())
    body = full_sample()
    put(partner, body)
    body["lineItems"][0]["quantity"] = 2
    del body["orderUrl"]
    body["refunds"].append(refund("refund-2", "0.10"))
    put(partner, body)
    assert set(wallet_order.revisions.first().changes) == {"orderUrl", "lineItems[0].quantity", "refunds[1]"}
    for number in range(60):
        put(partner, sample(orderNumber=f"#{number}"))
    changes = list(wallet_order.revisions.values_list("changes", flat=True))
    assert len(changes) == 50
    assert changes[0] == ["orderNumber"]


def test_the_last_update_wins_whatever_its_time(partner, wallet_order):
    put(partner, sample(updatedAt=LATER, orderNumber="new"))
    assert put(partner, sample(orderNumber="old")).stated_number == "old"


def test_rows_keep_their_keys_and_what_is_left_out_is_gone(partner, wallet_order):
    body = with_lines(4) | {"refunds": [refund("a", "1.00"), refund("b", "0.50")]}
    order = put(partner, body)
    keys = dict(order.lines.values_list("external_id", "pk"))
    kept = order.refunds.get(external_id="b").uuid
    line, _gone, *rest = body["lineItems"]
    body["lineItems"] = [*rest, line | {"productTitle": "Snow boots"}, line | {"lineItemId": "new"}]
    body["fulfillments"][0]["lineItemIds"] = ["new", "line-0", "nobody"]
    body["refunds"] = [refund("b", "0.75")]
    put(partner, body)
    lines = list(order.lines.values_list("external_id", "pk", "title", "position"))
    assert [one[0] for one in lines] == ["line-2", "line-3", "line-0", "new"]
    assert {name: pk for name, pk, _title, _at in lines if name != "new"} == {
        name: keys[name] for name in ("line-2", "line-3", "line-0")
    }
    assert lines[2][2] == "Snow boots"
    held = order.fulfillments.get().lines.order_by("line__external_id")
    assert [one.line.external_id for one in held] == ["line-0", "new"]
    assert [(one.uuid, str(one.amount)) for one in order.refunds.all()] == [(kept, "0.75")]
    order.refresh_from_db()
    assert str(order.refunded) == "0.75"
    put(partner, of_total("5.00", lineItems=[]))
    assert not (order.lines.exists() or order.fulfillments.exists() or order.refunds.exists())
    assert FulfillmentLine.objects.count() == 0


def test_rows_of_the_same_id_are_all_kept(partner, wallet_order):
    body = full_sample()
    for key in ("lineItems", "fulfillments", "refunds"):
        body[key] = [*body[key], *copy.deepcopy(body[key])]
    order = put(partner, body)
    assert (order.lines.count(), order.fulfillments.count(), order.refunds.count()) == (2, 2, 2)
    assert str(order.refunded) == "2.20"


def given_back(identifier, **quantities):
    rows = [
        {"lineItemId": name.replace("_", "-")} | ({} if quantity is None else {"quantity": quantity})
        for name, quantity in quantities.items()
    ]
    return refund(identifier, "1.00", rows)


def lines_given_back(order):
    rows = RefundLine.objects.filter(refund__order=order).order_by("refund__external_id", "line__external_id")
    return list(rows.values_list("refund__external_id", "line__external_id", "quantity"))


def test_refunds_name_the_lines_they_are_for(partner, wallet_order):
    body = with_lines(3) | {"refunds": [given_back("a", line_0=1, line_1=None, nobody=1), given_back("b", line_2=1)]}
    body["refunds"][1]["refundLineItems"] *= 2  # said twice is two of them
    order = put(partner, body)
    assert lines_given_back(order) == [("a", "line-0", 1), ("a", "line-1", None), ("b", "line-2", 2)]
    kept = set(RefundLine.objects.values_list("pk", flat=True))
    version = order.version
    put(partner, body | {"updatedAt": LATER})
    order.refresh_from_db()
    assert (set(RefundLine.objects.values_list("pk", flat=True)), order.version) == (kept, version)
    body["refunds"][0] = given_back("a", line_0=2)
    body["lineItems"].pop()
    put(partner, body)
    order.refresh_from_db()
    assert lines_given_back(order) == [("a", "line-0", 2)]
    assert order.version == version + 1
    assert (order.refunds.count(), str(order.refunded)) == (2, "2.00")
    assert [one for one in equations_of(order) if not one.holds] == []


def test_the_shop_api_prints_the_lines_of_a_refund(partner, wallet_order, api):
    order = put(partner, full_sample())
    [back] = api.get(f"/orders/{order.number}/refunds").json()["data"]
    line = full_sample()["lineItems"][0]["lineItemId"]
    assert back["lines"] == [{"line_item_id": line, "title": "Snowboard", "quantity": 1}]
    assert (back["amount"], back["status"], back["passes"]) == ("1.10", "completed", [])


def test_more_given_back_than_was_due_is_noted(partner, wallet_order):
    order = put(partner, of_total("2.00", refunds=[refund("a", "1.50"), refund("b", "1.50")]))
    assert str(order.refunded) == "2.00"
    wallet_order.refresh_from_db()
    assert [one["code"] for one in wallet_order.findings] == ["refund_exceeded"]


# --- points ---------------------------------------------------------------------------------------------------------


def ledger():
    return list(PointsEntry.objects.order_by("pk").values_list("reason", "points"))


def test_points_are_earned_once_it_is_paid(partner, buyer, brand, wallet_order):
    put(partner, of_total("12.39", paymentStatus="PENDING"))
    assert ledger() == []
    order = put(partner, of_total("12.39"))
    put(partner, of_total("12.39", updatedAt=LATER))
    put(partner, of_total("12.39", shipmentStatus="SHIPPED"))
    assert ledger() == [("earned", 123)]  # 123.9, rounded down
    assert PointsEntry.objects.get().reference == f"order {order.uuid} accrual"
    order.refresh_from_db()
    assert (order.points_earned, order.member.points) == (123, 123)


def test_refunds_take_back_exactly_what_was_earned(partner, brand, wallet_order):
    make_member(brand, email=wallet_order.buyer.email, points=1000)
    steps = [("a", "3.33"), ("b", "3.33"), ("c", "3.34")]
    put(partner, of_total("10.00"))
    brand.earn_rate = 99
    brand.save()  # the rate is the one of the day the order was placed
    for number in range(1, 4):
        put(
            partner,
            of_total("10.00", paymentStatus="PARTIALLY_REFUNDED", refunds=[refund(*one) for one in steps[:number]]),
        )
    assert ledger() == [
        ("earned", 1000),
        ("earned", 100),
        ("taken_back", -34),
        ("taken_back", -33),
        ("taken_back", -33),
    ]
    references = [f"refund {one.uuid}" for one in Refund.objects.order_by("pk")]
    assert (
        list(PointsEntry.objects.filter(reason="taken_back").order_by("pk").values_list("reference", flat=True))
        == references
    )
    put(partner, of_total("10.00", paymentStatus="REFUNDED", refunds=[refund(*one) for one in steps]))
    assert len(ledger()) == 5
    call_command("check_points")


def test_an_order_that_is_canceled_takes_back_the_rest(partner, brand, wallet_order):
    put(partner, of_total("10.00", refunds=[refund("a", "2.00")], paymentStatus="PARTIALLY_REFUNDED"))
    assert ledger() == [("earned", 100), ("taken_back", -20)]
    put(partner, of_total("10.00", refunds=[refund("a", "2.00")], paymentStatus="VOIDED"))
    assert ledger()[2:] == [("taken_back", -80)]
    put(partner, of_total("10.00", refunds=[refund("a", "2.00")], paymentStatus="PAID"))
    assert ledger()[3:] == [("earned", 80)]
    put(partner, of_total("10.00", paymentStatus="PAID"))  # the refund was a mistake
    assert ledger()[4:] == [("earned", 20)]
    put(partner, of_total("20.00", paymentStatus="PAID"))
    assert ledger()[5:] == [("earned", 100)]
    assert Member.objects.get().points == Order.objects.get().points_earned == 200
    call_command("check_points")


def test_points_that_are_spent_cannot_be_taken_back(partner, brand, wallet_order):
    order = put(partner, of_total("10.00"))
    spend_points(order.member, 70, reference="elsewhere")
    put(partner, of_total("10.00", paymentStatus="VOIDED"))
    assert ledger() == [("earned", 100), ("spent", -70), ("taken_back", -30)]
    put(partner, of_total("10.00", paymentStatus="VOIDED", updatedAt=LATER))
    assert len(ledger()) == 3
    assert Member.objects.get().points == 0


def test_the_rate_is_for_the_brands_own_currency(partner, brand, wallet_order):
    body = json.loads(json.dumps(of_total("1000.00")).replace("USD", "JPY"))
    order = put(partner, body)
    assert (order.currency, str(order.total), ledger()) == ("JPY", "1000", [])


def test_without_a_rate_nothing_is_earned(partner, buyer, wallet_order, brand):
    brand.earn_rate = 0
    brand.save()
    put(partner, of_total("10.00"))
    assert ledger() == []


# --- merchants ------------------------------------------------------------------------------------------------------


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


# --- hostile --------------------------------------------------------------------------------------------------------


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


# --- how much it costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 100])
def test_the_number_of_statements_does_not_grow_with_the_lines(partner, wallet_order, statements, count):
    put(partner, with_lines(1))
    body = with_lines(count) | {"orderNumber": "#2"}
    for line in body["lineItems"]:
        line["productTitle"] = "Snow boots"
    statements.clear()
    put(partner, body)
    assert len(statements) <= 34, statements  # 31 for both
    statements.clear()
    put(partner, body)
    assert len(statements) <= 6, statements


# --- at once --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_leave_one_whole_state():
    brand = make_brand(currency="USD", earn_rate="10")
    make_endpoint(brand)
    partner = Partner(*make_client())
    introduce(partner.client, brand)
    found = confirm(partner.client, make_buyer())
    bodies = [with_lines(number + 1) for number in range(8)]
    start = Barrier(8)

    def write(body):
        try:
            start.wait()
            return [partner.put(PATH, body).status_code for _time in range(2)]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, bodies)) == [[204, 204]] * 8
    found.refresh_from_db()
    order = found.order
    assert found.state in bodies
    assert Order.objects.count() == 1
    assert order.lines.count() == len(found.state["lineItems"]) == int(order.total)
    assert order.fulfillments.get().lines.count() == order.lines.count()
    assert order.points_earned == order.member.points == int(order.total) * 10
    assert [name for name, _version in events()] == ["open", "paid"]
    assert Delivery.objects.count() == 2
    call_command("check_points")
