"""What happened to an order, why a member has these points, and who may see it."""

import re
from datetime import UTC, datetime

import pytest

from orders.fulfillments import add_fulfillment
from orders.refunds import ask_provider, request_refund
from orders.returns import open_return
from orders.services import payment_said
from passes.services import redeem
from shops.models import PointsReason
from shops.services import book_points
from tests.making import codes_of, make_coupon, make_member, make_order
from tests.storefront.shopping import signed_in


@pytest.fixture
def member(brand):
    return make_member(brand, points=5000, email="emma@example.com")


@pytest.fixture
def paid(brand, member):
    order = make_order(brand, member=member, quantity=2, points=200)
    payment_said(order.payment, "paid")
    order.refresh_from_db()
    return order


def page_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def steps_of(client, order):
    """The timeline's texts, as the member reads them."""
    text = page_of(client, f"/s/{order.brand.slug}/orders/{order.uuid}")
    timeline = text.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    return re.findall(r"<strong>(.*?)</strong>", timeline)


class TestSums:
    """What was paid, and what came back."""

    def test_points_of_an_order_that_came_to_nothing(self, client, brand, member):
        order = make_order(brand, member=member, points=200)
        payment_said(order.payment, "failed")
        signed_in(client, member)
        text = page_of(client, f"/s/{brand.slug}/orders/{order.uuid}")
        assert "<dt>Given back</dt> <dd> 200 points </dd>" in text
        assert "Blocked" not in text  # there never were passes

    def test_a_refund_is_on_its_way_until_it_has_arrived(self, client, member, paid):
        refund = request_refund(paid, by="x", passes=[codes_of(paid)[1]])
        signed_in(client, member)
        path = f"/s/{paid.brand.slug}/orders/{paid.uuid}"
        assert "<dt> Given back, or on its way </dt>" in page_of(client, path)
        assert ask_provider(refund).status == "completed"
        assert "<dt> Given back </dt>" in page_of(client, path)


class TestTimeline:
    """Everything, the oldest first."""

    def test_from_placed_to_refunded(self, client, brand, member, paid):
        add_fulfillment(paid, "shipping", status="shipped", carrier="PostNL", tracking_url="https://post.example/3S1")
        redeem(brand.passes.get(qr_code=codes_of(paid)[0]), by="Till 2")
        refund = request_refund(paid, by="x", passes=[codes_of(paid)[1]])
        open_return(paid, passes=[codes_of(paid)[1]], refund=refund)
        assert ask_provider(refund).status == "completed"
        signed_in(client, member)
        assert steps_of(client, paid) == [
            "Order placed",
            "Paid",
            "Shipped",
            "“Cappuccino” redeemed",
            "Refund requested",
            "Return announced",
            "Refunded",
        ]
        text = page_of(client, f"/s/{brand.slug}/orders/{paid.uuid}")
        assert '<a href="https://post.example/3S1" rel="noreferrer">PostNL</a>' in text
        assert "€2.50 + 100 points" in text
        assert "Till 2" in text

    @pytest.mark.parametrize(
        ("end", "said"), [("failed", "The payment failed"), ("canceled", "Canceled"), ("expired", "Not paid in time")]
    )
    def test_how_else_it_ends(self, client, brand, member, end, said):
        order = make_order(brand, member=member)
        assert "Pay €3.50" in page_of(signed_in(client, member), f"/s/{brand.slug}/orders/{order.uuid}")
        payment_said(order.payment, end)
        assert steps_of(client, order) == ["Order placed", said]
        assert "Pay €3.50" not in page_of(client, f"/s/{brand.slug}/orders/{order.uuid}")

    def test_what_events_forgot_is_told_without_a_time(self, client, brand, member, paid):
        brand.deliveries.all().delete()
        brand.events.all().delete()
        assert steps_of(signed_in(client, member), paid) == ["Order placed", "Paid"]
        assert page_of(client, f"/s/{brand.slug}/orders/{paid.uuid}").count("<time") == 1

    def test_times_are_the_brands(self, client, brand, member, paid):
        brand.orders.update(created_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
        path = f"/s/{brand.slug}/orders/{paid.uuid}"
        assert "2 Jul 2026, 00:30" in page_of(signed_in(client, member), path)
        brand.time_zone, brand.language = "America/New_York", "nl"
        brand.save()
        assert "1 jul 2026, 18:30" in page_of(client, path)

    @pytest.mark.parametrize("count", [1, 7])
    def test_it_costs_the_same_however_many_passes(self, client, brand, member, statements, count):
        order = make_order(brand, member=member, quantity=count)
        payment_said(order.payment, "paid")
        signed_in(client, member)
        statements.clear()
        assert client.get(f"/s/{brand.slug}/orders/{order.uuid}").status_code == 200
        assert len(statements) == 12


class TestLedger:
    """Why do I have these points?"""

    def test_each_entry_in_words_with_its_order(self, client, brand, member, paid):
        lost = make_order(brand, member=member, points=100)
        payment_said(lost.payment, "canceled")
        ask_provider(request_refund(paid, by="x", passes=[codes_of(paid)[1]]))
        book_points(member, 12, PointsReason.EARNED, reference=f"order {paid.uuid} accrual")
        book_points(member, -5, PointsReason.TAKEN_BACK, reference=f"order {paid.uuid} v9")
        book_points(member, -7, PointsReason.CORRECTION, reference="Counted twice #abc123")
        text = page_of(signed_in(client, member), f"/s/{brand.slug}/me/points")
        rows = [re.sub(r"<[^>]*>", " ", row).split() for row in text.split("<li>")[1:]]
        said = [" ".join(row[: row.index("2026,") - 2]) for row in rows]
        assert said == [
            "Correction: Counted twice",
            "Taken back: what earned them was given back Order 1",
            "Earned with an order Order 1",
            "Given back with a refund Order 1",
            "Given back: the order came to nothing Order 2",
            "Spent on an order Order 2",
            "Spent on an order Order 1",
            "Earned: welcome",
        ]
        for seen in ("−7", "+100", "−200", "+5,000", "balance 4,900"):
            assert seen in text

    def test_it_comes_in_pages(self, client, brand, member):
        for number in range(30):
            book_points(member, 1, PointsReason.EARNED, reference=f"day {number}")
        signed_in(client, member)
        first, second = (page_of(client, f"/s/{brand.slug}/me/points?page={page}") for page in (1, 2))
        assert ("day 29" in first, "day 4<" in first, "day 4<" in second, "welcome" in second) == (
            True,
            False,
            True,
            True,
        )

    @pytest.mark.parametrize("count", [1, 9])
    def test_it_costs_the_same_however_long(self, client, brand, member, statements, count):
        for _ in range(count):
            make_order(brand, member=member, points=10)
        signed_in(client, member)
        statements.clear()
        assert client.get(f"/s/{brand.slug}/me/points").status_code == 200
        assert len(statements) == 7


@pytest.mark.parametrize("count", [1, 9])
def test_the_wallet_costs_the_same_however_full(client, brand, member, statements, count):
    for _ in range(count):
        payment_said(make_order(brand, member=member).payment, "paid")
    signed_in(client, member)
    statements.clear()
    assert client.get(f"/s/{brand.slug}/me").status_code == 200
    assert len(statements) == 7


def test_the_wallet_begins_with_the_newest_that_can_be_used(client, brand, member):
    for _ in range(4):
        payment_said(make_order(brand, member=member).payment, "paid")
    first, second, third, fourth = brand.passes.filter(member=member).order_by("pk")
    for used in (second, fourth):
        redeem(used, by="till 1")
    signed_in(client, member)
    page = page_of(client, f"/s/{brand.slug}/me")
    places = [page.index(str(one.uuid)) for one in (third, first, fourth, second)]
    assert places == sorted(places)


def test_all_orders_come_in_pages(client, brand, member):
    for _ in range(26):
        make_order(brand, member=member)
    signed_in(client, member)
    first, second = (page_of(client, f"/s/{brand.slug}/me/orders?page={page}") for page in (1, 2))
    assert (first.count(">Order "), second.count(">Order ")) == (25, 1)


@pytest.mark.parametrize("page", ["me", "me/points", "me/orders"])
def test_another_brands_member_and_a_stranger_see_nothing(client, brand, other, member, paid, page):
    path = f"/s/{brand.slug}/{page}"
    assert client.get(path).headers["Location"] == f"/s/{brand.slug}/sign-in"
    signed_in(client, make_member(other, email="emma@example.com"))
    assert client.get(path).headers["Location"] == f"/s/{brand.slug}/sign-in"
    assert client.get(f"/s/{brand.slug}/orders/{paid.uuid}").headers["Location"] == f"/s/{brand.slug}/sign-in"
    own = page_of(client, f"/s/{other.slug}/{page}")
    assert "Order 1" not in own
    assert "Cappuccino" not in own


def test_a_member_sees_only_their_own(client, brand, paid):
    somebody = make_member(brand, points=70)
    signed_in(client, somebody)
    assert client.get(f"/s/{brand.slug}/orders/{paid.uuid}").status_code == 302
    for page in ("me", "me/points", "me/orders"):
        text = page_of(client, f"/s/{brand.slug}/{page}")
        assert "Order 1" not in text
        assert "5,000" not in text


def test_an_expired_pass_is_said_to_be_expired(client, brand, member):
    order = make_order(brand, member=member, coupon=make_coupon(brand, valid_days=1))
    payment_said(order.payment, "paid")
    brand.passes.update(expiration_date=datetime(2026, 1, 1, tzinfo=UTC))
    text = page_of(signed_in(client, member), f"/s/{brand.slug}/me")
    assert '<span class="badge expired">Expired</span>' in text
