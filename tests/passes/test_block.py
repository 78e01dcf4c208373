"""PATCH /shops/:brand_id/passes/:code: blocked, with a reason, and unblocked; and passes that are taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from passes.models import Pass
from passes.services import IllegalStep, TakenBack, block, redeem, restore_passes, unblock, void_passes
from tests.making import make_order, make_pass
from tests.passes.test_redeem import moment, rows

STOLEN = {"blocked": True, "blocked_reason": "Reported stolen."}


@pytest.fixture
def issued(brand):
    return make_pass(brand)


def test_a_pass_is_blocked_with_a_reason_and_unblocked(api, issued):
    path = f"/passes/{issued.qr_code}"
    answer = api.patch(path, STOLEN)
    issued.refresh_from_db()
    assert (issued.status, issued.blocked_reason) == ("blocked", "Reported stolen.")
    found = api.get(f"/search/pass?pass_code={issued.qr_code}").json()["data"]
    assert (found["blocked"], found["active"]) == (1, 0)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "success": True,
            "data": found,
            "redeemed_at": None,
            "redeemed_by": None,
            "blocked_at": moment(issued.blocked_at),
            "blocked_reason": "Reported stolen.",
        },
    )

    freed = api.patch(path, {"blocked": False}).json()
    issued.refresh_from_db()
    assert (issued.status, issued.blocked_at, issued.blocked_reason) == ("active", None, "")
    assert (freed["data"]["active"], freed["blocked_at"], freed["blocked_reason"]) == (1, None, None)
    assert issued.item.order.version == 4
    assert api.post(f"{path}/redeem", {"redeemed_by": "Till 2"}).status_code == 200


def test_the_state_it_has_already_is_no_change(api, issued):
    before = rows()
    assert api.patch(f"/passes/{issued.qr_code}", {"blocked": False}).status_code == 200
    assert rows() == before
    block(issued, reason="Stolen")
    before = rows()
    answer = api.patch(f"/passes/{issued.qr_code}", {"blocked": True, "blocked_reason": "Lost"})
    assert (answer.status_code, answer.json()["blocked_reason"]) == (200, "Stolen")
    assert rows() == before


@pytest.mark.parametrize("body", [STOLEN, {"blocked": False}])
def test_redeemed_and_expired_are_final(api, brand, issued, body):
    redeemed = redeem(issued, by="Till 2")
    over, swept = make_pass(brand), make_pass(brand)
    yesterday = timezone.now() - timedelta(days=1)
    brand.passes.filter(pk__in=[over.pk, swept.pk]).update(expiration_date=yesterday)
    brand.passes.filter(pk=swept.pk).update(status="expired")
    before = rows()
    to = "blocked" if body["blocked"] else "active"
    for one, was in ((redeemed, "redeemed"), (swept, "expired")):
        answer = api.patch(f"/passes/{one.qr_code}", body)
        assert (answer.status_code, answer.json()) == (409, {"message": f"A pass that is {was} cannot become {to}."})
    assert api.patch(f"/passes/{over.qr_code}", body).status_code == (409 if body["blocked"] else 200)
    assert rows() == before


def test_an_unblocked_pass_whose_date_has_passed_is_expired(api, brand, issued):
    block(issued, reason="Stolen")
    brand.passes.update(expiration_date=timezone.now() - timedelta(days=1))
    found = api.patch(f"/passes/{issued.qr_code}", {"blocked": False}).json()["data"]
    assert (found["active"], found["expired"]) == (0, 1)


def test_a_pass_that_was_taken_back_stays_blocked(api, brand, issued):
    void_passes([issued])
    before = rows()
    answer = api.patch(f"/passes/{issued.qr_code}", {"blocked": False})
    message = "This pass stays blocked: its order came to nothing, or it was refunded."
    assert (answer.status_code, answer.json()) == (409, {"message": message})
    assert api.patch(f"/passes/{issued.qr_code}", STOLEN).json()["blocked_reason"] is None
    assert rows() == before


def test_a_pass_blocked_before_it_was_told_why_stays_blocked(brand, issued):
    brand.passes.update(status="blocked")  # as rows from before these columns
    with pytest.raises(TakenBack):
        unblock(issued)
    assert Pass.objects.get().status == "blocked"


def test_taking_back_and_giving_back_leaves_a_block_as_it_was(brand):
    active, stolen, used, over = (make_pass(brand) for _ in range(4))
    stolen = block(stolen, reason="Stolen")
    used = redeem(used, by="Till 2")
    brand.passes.filter(pk=over.pk).update(status="expired")
    over.refresh_from_db()
    passes = [active, stolen, used, over]
    were = {one: one.status for one in passes}

    void_passes(passes)
    found = {one.pk: (one.status, one.voided_at is not None) for one in brand.passes.all()}
    assert [found[one.pk] for one in passes] == [
        ("blocked", True),
        ("blocked", True),
        ("redeemed", False),
        ("expired", False),
    ]
    with pytest.raises(TakenBack):
        unblock(stolen)

    restore_passes(dict(zip(brand.passes.order_by("pk"), were.values(), strict=True)))
    assert list(brand.passes.order_by("pk").values_list("status", "voided_at", "blocked_reason", "redeemed_by")) == [
        ("active", None, "", ""),
        ("blocked", None, "Stolen", ""),
        ("redeemed", None, "", "Till 2"),
        ("expired", None, "", ""),
    ]
    assert unblock(stolen).status == "active"


def test_a_pass_that_is_not_paid_for_is_not_blocked(brand):
    waiting = make_order(brand).items.get().issued_pass
    before = rows()
    with pytest.raises(IllegalStep, match=r"A pass that is not paid cannot become blocked\."):
        block(waiting, reason="x")
    assert rows() == before


NO_REASON = "The blocked reason field is required when blocked is true."


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "blocked", "The blocked field is required."),
        ({"blocked": None}, "blocked", "The blocked field is required."),
        ({"blocked": 1, "blocked_reason": "x"}, "blocked", "Must be a valid boolean."),
        ({"blocked": True}, "blocked_reason", NO_REASON),
        ({"blocked": True, "blocked_reason": " "}, "blocked_reason", "The blocked reason field is required."),
        (
            {"blocked": True, "blocked_reason": "x" * 201},
            "blocked_reason",
            "Ensure this field has no more than 200 characters.",
        ),
    ],
)
def test_bad_input_is_422_and_changes_nothing(api, issued, body, field, message):
    before = rows()
    answer = api.patch(f"/passes/{issued.qr_code}", body)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "errors": {field: [message]}})
    assert rows() == before
