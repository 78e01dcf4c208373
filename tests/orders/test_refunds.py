"""Refunds over the API: what goes back, what is taken back, and that no sum ever exceeds what was paid."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.models import Order, OrderItem, Refund, RefundItem
from orders.payments import ProviderRefund
from orders.refunds import provider_said, request_refund
from orders.services import place_order, set_status
from orders.shares import shares_of
from orders.tasks import ask_providers
from passes.models import Pass
from passes.services import redeem
from shops.models import PointsEntry
from tests.making import codes_of, make_brand, make_coupon, make_member, make_order, make_paid_order

KEYS = [
    "identifier",
    "status",
    "amount",
    "currency",
    "points",
    "reason",
    "restock",
    "by",
    "provider_refund_id",
    "provider_status",
    "passes",
    "created_at",
    "lines",
    "ended_at",
]


@pytest.fixture
def order(brand):
    """Three coffees at 350 points: 450 in points, the other 600 in 6.00 euros."""
    return make_paid_order(brand, quantity=3, points=450)


def refund(api, order, **body):
    return api.post(f"/orders/{order.uuid}/refunds", {"passes": "all"} | body)


def sums(order):
    """What was given back, or is on its way."""
    order = Order.objects.get(pk=order.pk)
    return order.refunded, order.points_refunded


def states(order):
    return list(order.items.order_by("pk").values_list("issued_pass__status", flat=True))


def given_back(order):
    entries = PointsEntry.objects.filter(member=order.member, reason="given_back")
    return list(entries.order_by("pk").values_list("points", "reference"))


def test_a_full_refund_gives_everything_back_and_takes_every_pass(api, brand, order):
    answer = refund(api, order, reason="Closed.")
    assert (answer.status_code, answer.json()["success"]) == (201, True)
    found = answer.json()["data"]
    assert list(found) == KEYS
    assert (found["status"], found["amount"], found["currency"], found["points"]) == ("requested", "6.00", "EUR", 450)
    assert (found["reason"], found["by"], found["restock"]) == ("Closed.", "token Test", False)
    assert [(one["qr_code"], one["status"]) for one in found["passes"]] == [(c, "blocked") for c in codes_of(order)]
    assert states(order) == ["blocked"] * 3
    assert (sums(order), given_back(order)) == ((Decimal("6.00"), 450), [])  # points follow the money

    assert ask_providers() == 1

    [ended] = api.get(f"/orders/{order.uuid}/refunds").json()["data"]
    assert (ended["status"], ended["provider_status"]) == ("completed", "refunded")
    assert ended["provider_refund_id"].startswith("re_")
    assert ended["ended_at"] > ended["created_at"]
    assert given_back(order) == [(450, f"refund {ended['identifier']}")]
    order.refresh_from_db()
    assert (order.status, order.member.points, order.version) == ("paid", 450, 4)
    assert api.get(f"/orders/{order.uuid}").json()["data"]["payment_status"] == "open"
    assert brand.events.count() == 2  # open and paid
    call_command("check_points")


def test_a_part_is_the_share_of_its_passes(api, order):
    first, second, third = codes_of(order)
    one = refund(api, order, passes=[second]).json()["data"]
    assert (one["amount"], one["points"], states(order)) == ("2.00", 150, ["active", "blocked", "active"])
    rest = refund(api, order).json()["data"]
    assert (rest["amount"], rest["points"]) == ("4.00", 300)
    assert [found["qr_code"] for found in rest["passes"]] == [first, third]
    assert ask_providers() == 2
    assert sums(order) == (Decimal("6.00"), 450)
    assert sorted(points for points, _reference in given_back(order)) == [150, 300]


def test_a_dry_run_says_what_would_be_and_changes_nothing(api, order):
    code = codes_of(order)[0]
    answer = refund(api, order, passes=[code], dry_run=True)
    assert answer.status_code == 200
    passes = api.get(f"/orders/{order.uuid}").json()["data"]["passes"]
    assert answer.json() == {
        "success": True,
        "data": {
            "amount": "2.00",
            "currency": "EUR",
            "points": 150,
            "passes": passes[:1],
            "amount_left": "4.00",
            "points_left": 300,
        },
    }
    assert refund(api, order, amount="5.00", dry_run=True).json()["data"]["amount_left"] == "1.00"
    assert not Refund.objects.exists()
    assert (sums(order), states(order), Order.objects.get().version) == ((0, 0), ["active"] * 3, 2)


def test_amounts_may_be_chosen_within_what_is_left(api, order):
    kept_a_fee = refund(api, order, passes=codes_of(order)[:1], amount="1.50", points=0).json()["data"]
    assert (kept_a_fee["amount"], kept_a_fee["points"]) == ("1.50", 0)
    goodwill = refund(api, order, passes=[], amount="3.00", points=100).json()["data"]
    assert (goodwill["amount"], goodwill["points"], goodwill["passes"]) == ("3.00", 100, [])
    rest = refund(api, order).json()["data"]  # the share would be 4.00
    assert (rest["amount"], rest["points"]) == ("1.50", 300)
    nothing = refund(api, order, passes=[], amount="0.01")
    message = "EUR 0.01 were asked for, but 0.00 are left to give back."
    assert (nothing.status_code, nothing.json()) == (422, {"message": message, "errors": {"amount": [message]}})
    points = refund(api, order, passes=[], points=51)
    assert points.json()["errors"] == {"points": ["51 points were asked for, but 50 are left to give back."]}
    assert (sums(order), Refund.objects.count()) == ((Decimal("6.00"), 400), 3)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"passes": None}, "passes", "The passes field is required."),
        ({"passes": "some"}, "passes", 'Expected a list of items but got type "str".'),
        ({"passes": []}, "passes", "Name passes, an amount or points to give back."),
        ({"passes": [], "amount": "0.00", "points": 0}, "passes", "Name passes, an amount or points to give back."),
        ({"passes": ["X"]}, "passes.0", "The selected passes.0 is invalid."),
        ({"amount": "6.01"}, "amount", "EUR 6.01 were asked for, but 6.00 are left to give back."),
        ({"amount": "0.005"}, "amount", "EUR has 2 decimals."),
        ({"amount": "-1.00"}, "amount", "A valid number is required."),
        ({"amount": 1.5}, "amount", "A valid number is required."),
        ({"amount": "1e2"}, "amount", "A valid number is required."),
        ({"amount": "NaN"}, "amount", "A valid number is required."),
        ({"points": 451}, "points", "451 points were asked for, but 450 are left to give back."),
        ({"points": -1}, "points", "Ensure this value is greater than or equal to 0."),
        ({"dry_run": "yes"}, "dry_run", "Must be a valid boolean."),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_bad_input_is_422_and_gives_nothing_back(api, order, body, field, message, dry_run):
    answer = refund(api, order, **{"dry_run": dry_run} | body)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "errors": {field: [message]}})
    assert not Refund.objects.exists()
    assert (sums(order), states(order), Order.objects.get().version) == ((0, 0), ["active"] * 3, 2)


def test_a_pass_is_taken_back_once(api, order):
    first, second, _third = codes_of(order)
    refund(api, order, passes=[first])
    for codes in ([first], [second, first], [second, second]):
        answer = refund(api, order, passes=codes)
        assert answer.json()["errors"] == {f"passes.{len(codes) - 1}": [f"The pass {codes[-1]} is taken already."]}
    refund(api, order)
    assert refund(api, order).json()["errors"] == {"passes": ["None of the order's passes is left."]}
    assert (Refund.objects.count(), sums(order)) == (2, (Decimal("6.00"), 450))


def test_a_redeemed_pass_is_taken_back_only_expressly(api, order):
    first = codes_of(order)[0]
    redeem(Pass.objects.get(qr_code=first), by="Till 1")
    message = f"Redeemed already, so say expressly: {first}."
    answer = refund(api, order)
    assert (answer.status_code, answer.json()["errors"]) == (422, {"include_redeemed": [message]})
    assert not Refund.objects.exists()
    found = refund(api, order, include_redeemed=True).json()["data"]
    assert (found["amount"], len(found["passes"])) == ("6.00", 3)
    assert states(order) == ["redeemed", "blocked", "blocked"]  # that it was redeemed stays true


@pytest.mark.parametrize("status", ["open", "failed", "canceled", "expired"])
def test_only_a_paid_order_is_refunded(api, brand, status):
    order = make_order(brand)
    Order.objects.update(status=status)
    for dry_run in (True, False):
        answer = refund(api, order, dry_run=dry_run)
        message = "Only an order that is paid can be fulfilled, refunded or returned."
        assert (answer.status_code, answer.json()) == (409, {"message": message})
    assert not Refund.objects.exists()


def test_a_refunded_order_is_still_paid_and_cannot_be_canceled(api, order):
    refund(api, order)
    ask_providers()
    assert api.post(f"/orders/{order.uuid}/cancel").status_code == 409
    order.refresh_from_db()
    assert order.status == "paid"


def test_points_alone_go_back_at_once(api, brand):
    order = make_paid_order(brand, points=350)
    found = refund(api, order).json()["data"]
    assert (found["status"], found["amount"], found["points"]) == ("completed", "0.00", 350)
    assert given_back(order) == [(350, f"refund {found['identifier']}")]
    assert (ask_providers(), Order.objects.get().version) == (0, 3)


def test_a_free_coupon_is_taken_back_for_nothing(api, brand):
    order = make_paid_order(brand, coupon=make_coupon(brand, points=0))
    found = refund(api, order).json()["data"]
    assert (found["status"], found["amount"], found["points"], states(order)) == ("completed", "0.00", 0, ["blocked"])


@pytest.mark.parametrize(("currency", "amounts"), [("JPY", ["1", "1", "2"]), ("KWD", ["1.333", "1.334", "1.333"])])
def test_amounts_have_the_decimals_of_their_currency(api, brand, currency, amounts):
    brand.currency = currency
    brand.save()
    order = make_paid_order(
        brand, coupon=make_coupon(brand, points=400 // 3 + 1 if currency == "JPY" else 134), quantity=3
    )
    Order.objects.update(total=Decimal("4" if currency == "JPY" else "4.000"))
    found = [refund(api, order, passes=[code]).json()["data"]["amount"] for code in codes_of(order)]
    assert (sorted(found), sum(map(Decimal, found))) == (sorted(amounts), 4)


def test_stock_comes_back_if_asked_for_and_only_what_was_not_redeemed(api, brand):
    coupon = make_coupon(brand, stock=10)
    order = make_paid_order(brand, coupon=coupon, quantity=4)
    codes = codes_of(order)
    redeem(Pass.objects.get(qr_code=codes[0]), by="Till 1")
    refund(api, order, passes=codes[:2], restock=True, include_redeemed=True)
    refund(api, order, passes=codes[2:3])
    coupon.refresh_from_db()
    assert coupon.stock == 6
    ask_providers()
    coupon.refresh_from_db()
    assert coupon.stock == 7


def test_the_same_key_refunds_once(api, order):
    path = f"/orders/{order.uuid}/refunds"
    body = {"passes": codes_of(order)[:1]}
    first = api.post(path, body, Idempotency_Key="k")
    ask_providers()
    again = api.post(path, body, Idempotency_Key="k")
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first.json(), "true")
    assert api.post(path, {"passes": "all"}, Idempotency_Key="k").status_code == 422
    assert (Refund.objects.count(), sums(order)) == (1, (Decimal("2.00"), 150))


def test_reading_and_writing_have_their_abilities(api_with, order):
    path = f"/orders/{order.uuid}/refunds"
    reader, writer = api_with("shops.orders.get"), api_with("shops.orders.update")
    assert reader.get(path).json() == {"success": True, "data": []}
    for answer in (
        reader.post(path, {"passes": "all"}),
        reader.post(path, {"passes": "all", "dry_run": True}),
        writer.get(path),
    ):
        assert (answer.status_code, answer.json()) == (403, {"message": "Invalid ability provided."})
    assert not Refund.objects.exists()
    assert writer.post(path, {"passes": "all"}).status_code == 201


@pytest.mark.parametrize("count", [1, 4])
def test_a_list_costs_the_same_however_long_it_is(api, brand, statements, count):
    order = make_paid_order(brand, quantity=8)
    for code in codes_of(order)[:count]:
        request_refund(order, by="x", passes=[code])
    statements.clear()
    assert len(api.get(f"/orders/{order.uuid}/refunds").json()["data"]) == count
    assert len(statements) == 7


# --- Sums ------------------------------------------------------------------------------------------------------------


@given(
    prices=st.lists(st.integers(0, 10**6), min_size=1, max_size=100),
    used=st.integers(0, 10**8),
    value=st.integers(1, 10**5),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_the_shares_of_all_items_are_exactly_what_was_paid(prices, used, value, currency):
    price = sum(prices)
    used = min(used, price)
    scale = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
    total = (Decimal(price - used) / value).quantize(Decimal(1).scaleb(-scale))
    order = Order(total=total, points_used=used, total_order_points_price=price, currency=currency)
    shares = shares_of(order, [OrderItem(pk=at, points=points) for at, points in enumerate(prices)])
    assert sum(share.amount for share in shares.values()) == total
    assert sum(share.points for share in shares.values()) == used
    unit = Decimal(1).scaleb(-scale)
    for at, points in enumerate(prices):
        assert 0 <= shares[at].amount == shares[at].amount.quantize(unit)
        assert abs(shares[at].amount - total * points / (price or 1)) <= unit
        assert abs(shares[at].points - Decimal(used) * points / (price or 1)) <= 1


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_however_it_is_cut_a_full_refund_is_exact(data):
    """Parts in any order, some of which fail and are asked for again: in the end all is given back, and no more."""
    with transaction.atomic():
        brand = make_brand(point_value=data.draw(st.integers(1, 999), "point value"))
        prices = data.draw(st.lists(st.integers(1, 999), min_size=1, max_size=6), "prices")
        used = data.draw(st.integers(0, sum(prices)), "points")
        member = make_member(brand, points=used)
        basket = [(make_coupon(brand, points=price), 1) for price in prices]
        order = set_status(place_order(member, basket, points=used), "paid")
        waiting = data.draw(st.permutations(codes_of(order)), "order")
        failures = data.draw(st.integers(0, 2), "failures")
        while waiting:
            part, waiting = cut(data, waiting)
            made = request_refund(order, by="x", passes=part)
            if made.amount and failures:
                failures -= 1
                provider_said(made, ProviderRefund(id=f"re_{made.pk}", said="failed", status="failed"))
                waiting += part
            elif made.amount:
                provider_said(made, ProviderRefund(id=f"re_{made.pk}", said="ok", status="completed"))
            order.refresh_from_db()
            assert order.refunded <= order.total
            assert order.points_refunded <= order.points_used
        assert (order.refunded, order.points_refunded) == (order.total, order.points_used)
        assert states(order) == ["blocked"] * len(prices)
        member.refresh_from_db()
        assert (member.points, sum(points for points, _reference in given_back(order))) == (used, used)
        assert sum(member.points_entries.values_list("points", flat=True)) == used
        transaction.set_rollback(True)


def cut(data, waiting):
    at = data.draw(st.integers(1, len(waiting)), "so many")
    return waiting[:at], waiting[at:]


# --- The database ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [{"refunded": "6.01"}, {"refunded": "-0.01"}, {"points_refunded": 451}])
def test_the_database_refuses_sums_beyond_what_was_paid(order, columns):
    with pytest.raises(IntegrityError, match=r"order_(points_)?refunded_within"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**columns)


@pytest.mark.parametrize("columns", [{"status": "completed"}, {"status": "lost"}, {"amount": "-1"}])
def test_the_database_refuses_a_refund_that_makes_no_sense(order, columns):
    made = request_refund(order, by="x", passes="all")
    with pytest.raises(IntegrityError, match="refund_"), transaction.atomic():
        Refund.objects.filter(pk=made.pk).update(**columns)


def test_the_database_keeps_refunds_and_takes_an_item_back_once(brand, order):
    made = request_refund(order, by="x", passes="all")
    with pytest.raises(DatabaseError, match="a refund is never deleted"), transaction.atomic():
        Refund.objects.filter(pk=made.pk)._raw_delete(using="default")
    second = Refund.objects.create(brand=brand, order=order, amount=0, currency="EUR", points=0, by="x")
    with pytest.raises(IntegrityError, match="refund_item_held_once"), transaction.atomic():
        RefundItem.objects.create(brand=brand, refund=second, item=made.items.first().item, pass_was="active")
