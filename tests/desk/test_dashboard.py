"""The admin's first page: what it counts, of whose brands, and what it costs."""

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from desk.figures import figures_of
from desk.hands import HANDS
from orders.models import OrderMail, RefundStatus
from orders.payments import ProviderRefund
from orders.refunds import provider_said, request_refund
from orders.returns import open_return
from orders.services import cancel
from passes.services import redeem
from tests.admin.helping import text_of
from tests.making import make_coupon, make_endpoint, make_member, make_order, make_paid_order
from webhooks.models import DeliveryState


def placed_days_ago(order, days):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_order SET created_at = now() - %s * interval '1 day' WHERE id = %s", [days, order.pk]
        )


def values_of(chart):
    return {bar.day: bar.values for bar in chart.bars if bar.parts}


def test_it_counts_by_day_to_the_cent(staff, brand, other):
    member = make_member(brand, points=1000)
    coupon = make_coupon(brand, points=350)
    make_paid_order(brand, member=member, coupon=coupon, points=100)  # 2.50 and 100 points
    make_paid_order(brand, member=member, coupon=coupon, quantity=2)  # 7.00
    cancel(make_order(brand, member=member, coupon=coupon))
    old = make_paid_order(brand, member=member, coupon=coupon)  # 3.50
    placed_days_ago(old, 3)
    placed_days_ago(make_paid_order(brand, member=member, coupon=coupon), 31)
    make_paid_order(other)
    redeem(old.items.get().issued_pass, by="Till")
    page = staff("viewer").get("index")
    states, money, points, redeemed = page.context["charts"]
    today = page.context["scope"].today
    two, one = ["0", "2", "0", "1", "0"], ["0", "1", "0", "0", "0"]
    assert values_of(states) == {today: two, today - timedelta(days=3): one}
    assert values_of(money) == {today: ["€9.50"], today - timedelta(days=3): ["€3.50"]}
    assert values_of(points) == {today: ["100"]}
    assert values_of(redeemed) == {today: ["1"]}
    tiles = {str(tile.label): str(tile.value) for tile in page.context["tiles"]}
    assert tiles == {
        "Orders today": "3",
        "Unpaid orders": "0",
        "Orders to fulfil": "4",
        "Revenue of 30 days": "€13.00",
        "Owed to members in points": "€9.00",
    }
    assert "900 points" in text_of(page)
    assert "Velo" not in text_of(page)


def test_what_goes_back_is_not_revenue(staff, brand):
    order = make_paid_order(brand)
    refund = request_refund(order, by="x", passes="all")
    provider_said(refund, ProviderRefund("re_1", "refunded", RefundStatus.COMPLETED))
    page = staff("viewer").get("index")
    money = page.context["charts"][1]
    assert values_of(money) == {}
    assert money.sum == "€0.00"


def test_what_a_bank_took_back_is_not_revenue_until_it_is_given_again(staff, brand):
    order = make_paid_order(brand, quantity=2)  # 7.00
    facts = {"currency": "EUR", "charged_at": timezone.now()}
    for at, amount in enumerate(("1.50", "2.00")):
        order.chargebacks.create(brand=brand, provider_id=f"chb_{at}", amount=amount, **facts)
    order.chargebacks.create(brand=brand, provider_id="chb_2", amount="3.50", reversed_at=timezone.now(), **facts)
    viewer = staff("viewer")
    money = viewer.get("index").context["charts"][1]
    assert values_of(money) == {viewer.get("index").context["scope"].today: ["€3.50"]}
    page = " ".join(re.sub(r"<[^>]*>", " ", text_of(viewer.get("orders_order_change", order.pk))).split())
    assert "Charged back €3.50 Kept €3.50" in page


def test_a_day_is_one_of_the_brands_own_time_zone(brand):
    brand.time_zone = "Pacific/Auckland"
    brand.save()
    order = make_paid_order(brand)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET created_at = '2026-03-01 11:30+00' WHERE id = %s", [order.pk])
    day = timezone.datetime(2026, 3, 2).date()
    assert [row.day for row in figures_of([brand.pk], day).orders] == [day]


def test_without_redis_it_counts_anew(staff, brand, monkeypatch):
    def dead(*_args, **_kwargs):
        raise redis.ConnectionError

    monkeypatch.setattr("desk.caching.cache.get", dead)
    monkeypatch.setattr("desk.caching.cache.set", dead)
    placed_days_ago(make_paid_order(brand), 2)
    assert staff("viewer").get("index").context["charts"][0].sum == "1"


def test_everything_that_needs_a_hand_is_counted_and_leads_to_its_list(staff, brand, other):
    endpoint, _key = make_endpoint(brand)
    order = make_paid_order(brand, quantity=2)
    open_return(order, passes="all")
    refund = request_refund(order, by="x", passes=[], amount=Decimal(1))
    provider_said(refund, ProviderRefund("re_1", "failed", RefundStatus.FAILED))
    mailed = make_paid_order(brand)
    OrderMail.objects.create(brand=brand, order=mailed, state="failed")
    unpaid = make_order(brand)
    brand.orders.filter(pk=unpaid.pk).update(expires_at=timezone.now() + timedelta(minutes=5))
    brand.payments.filter(order=unpaid).update(due_at=timezone.now(), last_error="Silent")
    late = request_refund(mailed, by="x", passes="all")
    brand.refunds.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(hours=2))
    brand.deliveries.filter(order_uuid=order.uuid).update(state=DeliveryState.EXHAUSTED)
    brand.endpoints.filter(pk=endpoint.pk).update(is_active=False)
    viewer = staff("viewer")
    hands = viewer.get("index").context["hands"]
    counts = {str(hand.label): hand.count for hand in hands}
    assert counts == {
        "Refunds that failed": 1,
        "Refunds that the payment provider has not decided for an hour": 1,
        "Payments that the provider does not tell of": 1,
        "Unpaid orders that expire within half an hour": 1,
        "Returns to deal with": 1,
        "Mails that were given up": 1,
        "Webhooks that were given up": 2,
        "Webhook endpoints that are switched off": 1,
    }
    assert [hand.color for hand in hands] == sorted(hand.color for hand in hands)
    for hand in hands:
        page = viewer.client.get(hand.url)
        assert page.context["cl"].result_count == hand.count, (hand.label, urlsplit(hand.url).query)


def test_a_refund_that_was_repeated_needs_no_hand(staff, brand):
    order = make_paid_order(brand)
    refund = request_refund(order, by="x", passes=[], amount=Decimal(1))
    provider_said(refund, ProviderRefund("re_1", "failed", RefundStatus.FAILED))
    assert [hand.count for hand in staff("viewer").get("index").context["hands"]] == [1]
    request_refund(order, by="x", passes=[], amount=Decimal(1))
    assert staff("support").get("index").context["hands"] == []


def test_nothing_of_another_brand_is_counted(staff, brand, other):
    make_endpoint(other, is_active=False)
    open_return(make_paid_order(other), passes="all")
    page = staff("owner").get("index", brand=other.pk)
    assert page.context["hands"] == []
    assert page.context["scope"].brands == [brand]
    assert page.context["charts"][0].sum == "0"
    assert page.context["webhooks"]["disabled"] == 0


def test_who_sees_several_chooses_one_and_it_is_remembered(staff, superuser, brand, other):
    make_paid_order(brand)
    make_paid_order(other)
    both = staff("viewer", velo=(other, "viewer"))
    assert both.get("index").context["scope"].chosen == brand
    assert both.get("index", brand="all").context["scope"].chosen == brand
    assert both.get("index", brand=other.pk).context["scope"].chosen == other
    page = both.get("index")
    assert page.context["scope"].chosen == other
    assert page.context["charts"][0].sum == "1"
    assert superuser.get("index").context["charts"][0].sum == "2"
    assert superuser.get("index", brand=brand.pk).context["charts"][0].sum == "1"
    assert superuser.get("index").context["scope"].chosen == brand
    assert superuser.get("index", brand="all").context["scope"].chosen is None


def test_without_a_brand_there_is_a_word_for_it(superuser):
    assert "There is no brand yet" in text_of(superuser.get("index"))


@pytest.mark.parametrize("who", ["viewer", "superuser"])
def test_it_costs_the_same_with_one_order_and_with_many(request, staff, brand, other, who):
    somebody = request.getfixturevalue("superuser") if who == "superuser" else staff("viewer")
    costs = []
    for quantity in (1, 8):
        for _ in range(quantity):
            make_endpoint(brand)
            order = make_paid_order(brand)
            open_return(order, passes="all")
            request_refund(order, by="x", passes="all")
            make_paid_order(other)
        somebody.get("index")
        with CaptureQueriesContext(connection) as queries:
            assert somebody.get("index").status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert costs[1] <= len(HANDS) + 28
