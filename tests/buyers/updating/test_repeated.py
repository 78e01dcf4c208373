"""PUT /pay/wallet/orders/:id again, and by several at once: nothing happens twice."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connection

from orders.arithmetic import equations_of
from orders.models import FulfillmentLine, Order, RefundLine
from tests.buyers.conftest import Partner
from tests.buyers.making import make_buyer, make_client
from tests.buyers.ordering import (
    PATH,
    confirm,
    full_sample,
    introduce,
    of_total,
    refund,
    sample,
    with_lines,
)
from tests.buyers.updating.putting import events, everything, put
from tests.making import make_brand, make_endpoint
from webhooks.models import Delivery

LATER = "2021-08-11T13:51:05Z"


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
