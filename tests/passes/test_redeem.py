"""POST /shops/:brand_id/passes/:code/redeem, and what a redeemed pass is to everybody else."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.models import Order
from passes.models import Pass, PassStatus
from passes.services import NotRedeemable, block, redeem, void_passes
from passes.tasks import expire_passes
from shops.models import IdempotencyKey
from tests.making import make_coupon, make_order, make_paid_order, make_pass

TILL = {"redeemed_by": "Till 2"}


@pytest.fixture
def issued(brand):
    return make_pass(brand)


def moment(value):
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def rows():
    """All passes and orders, to see that a refusal changes nothing."""
    return [list(model.objects.order_by("pk").values()) for model in (Pass, Order)]


def test_a_pass_is_redeemed_in_a_name(api, issued):
    answer = api.post(f"/passes/{issued.qr_code}/redeem", {"redeemed_by": " Till 2 "})
    issued.refresh_from_db()
    assert answer.status_code == 200
    assert (issued.status, issued.redeemed_by) == ("redeemed", "Till 2")
    assert timezone.now() - issued.redeemed_at < timedelta(minutes=1)
    found = api.get(f"/search/pass?pass_code={issued.qr_code}").json()["data"]
    assert (found["redeemed"], found["active"], found["updated_at"]) == (1, 0, moment(issued.updated_at))
    assert answer.json() == {
        "success": True,
        "data": found,
        "redeemed_at": moment(issued.redeemed_at),
        "redeemed_by": "Till 2",
        "blocked_at": None,
        "blocked_reason": None,
    }


def test_a_second_redeem_says_when_and_by_which_name(api, issued):
    first = api.post(f"/passes/{issued.qr_code}/redeem", TILL).json()
    again = api.post(f"/passes/{issued.qr_code.lower()}/redeem", {"redeemed_by": "Till 3"})
    at = first["redeemed_at"][:19]
    assert (again.status_code, again.json()) == (409, {"message": f"This pass was redeemed on {at}Z by “Till 2”."})
    issued.refresh_from_db()
    assert (issued.redeemed_by, moment(issued.redeemed_at)) == ("Till 2", first["redeemed_at"])


def test_the_same_key_gets_the_first_answer_again(api, brand, issued):
    path = f"/passes/{issued.qr_code}/redeem"
    first = api.post(path, TILL, Idempotency_Key="k")
    again = api.post(path, TILL, Idempotency_Key="k")
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (200, first.json(), "true")
    assert api.post(path, {"redeemed_by": "Till 3"}, Idempotency_Key="k").status_code == 422
    assert api.post(path, TILL, Idempotency_Key="other").status_code == 409
    assert api.post(path, TILL).status_code == 409
    assert list(IdempotencyKey.objects.values_list("key", "answer_status")) == [("k", 200)]
    assert api.post(f"/passes/{make_pass(brand).qr_code}/redeem", TILL, Idempotency_Key="k").status_code == 422


@pytest.mark.parametrize("is_swept", [True, False])
def test_an_expired_pass_is_not_redeemed(api, issued, is_swept):
    brand = issued.brand
    at = timezone.now() - timedelta(seconds=1)
    brand.passes.update(expiration_date=at)
    if is_swept:
        assert expire_passes() == 1
    before = rows()
    answer = api.post(f"/passes/{issued.qr_code}/redeem", TILL)
    assert (answer.status_code, answer.json()) == (409, {"message": f"This pass expired on {at:%Y-%m-%dT%H:%M:%SZ}."})
    assert rows() == before


def test_a_blocked_pass_is_not_redeemed(api, issued):
    block(issued, reason="Reported stolen.")
    before = rows()
    answer = api.post(f"/passes/{issued.qr_code}/redeem", TILL)
    assert (answer.status_code, answer.json()) == (409, {"message": "This pass is blocked: Reported stolen."})
    assert rows() == before


def test_a_pass_that_was_taken_back_is_not_redeemed(api, issued):
    void_passes([issued])
    before = rows()
    answer = api.post(f"/passes/{issued.qr_code}/redeem", TILL)
    message = "This pass was taken back: its order came to nothing, or it was refunded."
    assert (answer.status_code, answer.json()) == (409, {"message": message})
    assert rows() == before


def test_a_pass_that_is_not_paid_for_is_not_redeemed(api, brand):
    waiting = make_order(brand).items.get().issued_pass
    before = rows()
    assert api.post(f"/passes/{waiting.uuid}/redeem", TILL).status_code == 404
    with pytest.raises(NotRedeemable, match=r"This pass is not paid for yet\."):
        redeem(waiting, by="Till 2")
    assert rows() == before


def test_a_pass_without_end_is_redeemed(api, issued):
    assert issued.expiration_date is None
    assert api.post(f"/passes/{issued.uuid}/redeem", TILL).status_code == 200


REQUIRED = "The redeemed by field is required."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, REQUIRED),
        ({"redeemed_by": "  "}, REQUIRED),
        ({"redeemed_by": None}, REQUIRED),
        ({"redeemed_by": 7}, "Not a valid string."),
        ({"redeemed_by": "x" * 101}, "Ensure this field has no more than 100 characters."),
        ({"redeemed_by": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_bad_input_is_422_and_changes_nothing(api, issued, body, message):
    before = rows()
    answer = api.post(f"/passes/{issued.qr_code}/redeem", body)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "errors": {"redeemed_by": [message]}})
    assert rows() == before


@pytest.mark.parametrize("code", ["0" * 20, "x", "%00", "..", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_code_is_404(api, issued, code):
    answer = api.post(f"/passes/{code}/redeem", {})
    assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})


def test_another_brands_pass_is_not_there(api, brand, other):
    theirs = make_pass(other)
    before = rows()
    for path in (f"/passes/{theirs.qr_code}", f"/shops/{other.uuid}/passes/{theirs.qr_code}"):
        for answer in (api.post(f"{path}/redeem", TILL), api.patch(path, {"blocked": True, "blocked_reason": "x"})):
            assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})
    assert rows() == before


def test_it_needs_its_ability(api_with, issued):
    reader = api_with("passes.get", "search.pass", "shops.orders.update")
    before = rows()
    path = f"/passes/{issued.qr_code}"
    for answer in (reader.post(f"{path}/redeem", TILL), reader.patch(path, {"blocked": True, "blocked_reason": "x"})):
        assert (answer.status_code, answer.json()) == (403, {"message": "Invalid ability provided."})
    assert rows() == before
    assert api_with("passes.update").post(f"{path}/redeem", TILL).status_code == 200


def test_a_partner_who_polls_the_orders_hears_of_it(api, brand):
    orders = [make_paid_order(brand) for _ in range(2)]
    Order.objects.update(updated_at="2024-01-01T00:00:00Z")
    issued = orders[0].items.get().issued_pass
    before = api.get(f"/orders/{orders[0].uuid}")
    since = "/orders?modified_since=2024-06-01T00:00:00Z"
    assert api.get(since).json()["data"] == []

    api.post(f"/passes/{issued.qr_code}/redeem", TILL)

    [found] = api.get(since).json()["data"]
    after = api.get(f"/orders/{orders[0].uuid}")
    assert (found["uuid"], found["passes"][0]["status"]) == (str(orders[0].uuid), "redeemed")
    assert after.json()["data"] == found
    assert (before["ETag"], after["ETag"]) == ('"2"', '"3"')
    assert brand.events.filter(order_uuid=orders[0].uuid).count() == 2  # its status is what it was


def test_the_clock_counts_as_a_change_of_the_order(brand):
    soon = make_coupon(brand, valid_days=1)
    order = make_paid_order(brand, coupon=soon, quantity=3)
    other_order = make_paid_order(brand, coupon=soon)
    block(order.items.first().issued_pass, reason="Stolen")
    brand.passes.filter(item__order=order).update(expiration_date=timezone.now())
    assert (expire_passes(), expire_passes()) == (2, 0)
    statuses = [item.issued_pass.status for item in order.items.order_by("pk")]
    assert statuses == ["blocked", "expired", "expired"]
    order.refresh_from_db()
    other_order.refresh_from_db()
    assert (order.version, other_order.version) == (4, 2)


def test_the_clock_serves_every_brand_and_more_than_one_batch(brand, other, monkeypatch):
    monkeypatch.setattr("passes.tasks.BATCH", 2)
    for _ in range(3):
        make_pass(brand)
        make_pass(other)
    left = make_pass(other)
    Pass.objects.exclude(pk=left.pk).update(expiration_date=timezone.now())
    assert expire_passes() == 6
    assert list(Pass.objects.exclude(status="expired")) == [left]


def test_the_table_of_states():
    steps = {(was.value, to.value) for was in PassStatus for to in PassStatus if was.may_become(to)}
    assert steps == {("active", "redeemed"), ("active", "expired"), ("active", "blocked"), ("blocked", "active")}


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "redeemed"},
        {"redeemed_at": "2026-01-01T00:00:00Z"},
        {"redeemed_by": "Till 2"},
        {"status": "blocked", "blocked_at": "2026-01-01T00:00:00Z"},
        {"status": "blocked", "blocked_reason": "x"},
        {"blocked_at": "2026-01-01T00:00:00Z", "blocked_reason": "x"},
        {"voided_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_the_database_refuses_what_cannot_be(brand, issued, columns):
    with pytest.raises(IntegrityError, match="violates check constraint"), transaction.atomic():
        brand.passes.update(**columns)
