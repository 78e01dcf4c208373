"""Returns over the API: what comes back, the table of states, and what the database refuses."""

import itertools
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.models import Order, Return, ReturnItem
from orders.refunds import request_refund
from orders.returns import change_return, open_return
from orders.services import IllegalTransition
from tests.making import codes_of, make_order, make_paid_order

STATES = ["open", "onTheWay", "processing", "completed", "issue", "cancelled"]
STEPS = {  # written out once more: apple-wallet.md §A.3 has the words, docs/decisions.md the steps
    *itertools.combinations(STATES[:4], 2),
    *((was, "issue") for was in STATES[:3]),
    *(("issue", to) for to in (*STATES[:4], "cancelled")),
    ("open", "cancelled"),
}
FAR = "This is not a time of these two centuries."
KEYS = [
    "identifier",
    "return_number",
    "status",
    "status_description",
    "notes",
    "carrier",
    "initiated_at",
    "drop_off_by",
    "returned_at",
    "refund",
    "passes",
    "created_at",
    "updated_at",
]


@pytest.fixture
def order(brand):
    return make_paid_order(brand, quantity=3)


@pytest.mark.parametrize("was", STATES)
@pytest.mark.parametrize("to", STATES)
def test_only_the_steps_of_the_table_exist(order, was, to):
    opened = open_return(order, passes="all")
    Return.objects.update(status=was)
    version = Order.objects.get().version
    if (was, to) in STEPS:
        assert change_return(opened, status=to, notes="new").status == to
        assert Order.objects.get().version == version + 1
    elif was == to:
        assert change_return(opened, status=to).status == was
        assert Order.objects.get().version == version
    else:
        with pytest.raises(IllegalTransition, match=f"^A return that is {was} cannot become {to}.$"):
            change_return(opened, status=to, notes="new")
        opened = Return.objects.get()
        assert (opened.status, opened.notes, Order.objects.get().version) == (was, "", version)


def test_a_return_with_all_that_can_be_said_of_it(api, order):
    path, first = f"/orders/{order.uuid}/returns", codes_of(order)[0]
    refund = request_refund(order, by="x", passes=[first])
    asked = {
        "status": "onTheWay",
        "status_description": "Handed in.",
        "notes": "In its box.",
        "carrier": "PostNL",
        "initiated_at": "2026-11-20T08:00:00.000000Z",
        "drop_off_by": "2026-12-07T00:00:00.000000Z",
        "refund": str(refund.uuid),
    }
    answer = api.post(path, {"passes": [first]} | asked)
    assert (answer.status_code, answer.json()["success"]) == (201, True)
    found = answer.json()["data"]
    assert list(found) == KEYS
    assert {name: found[name] for name in asked} == asked
    assert (found["return_number"], found["returned_at"]) == (f"{order.number}-1", None)
    assert [(one["qr_code"], one["status"]) for one in found["passes"]] == [(first, "blocked")]
    assert api.get(path).json() == {"success": True, "data": [found]}

    ended = api.patch(f"{path}/{found['identifier']}", {"status": "completed", "refund": None}).json()["data"]
    assert (ended["status"], ended["refund"], ended["updated_at"] > found["updated_at"]) == ("completed", None, True)
    assert ended["returned_at"] > ended["created_at"]


def test_numbers_run_per_order(api, brand, order):
    other = make_paid_order(brand, quantity=2)
    numbers = [
        api.post(f"/orders/{one.uuid}/returns", {"passes": [code]}).json()["data"]["return_number"]
        for one in (order, other)
        for code in codes_of(one)[:2]
    ]
    assert numbers == [f"{order.number}-1", f"{order.number}-2", f"{other.number}-1", f"{other.number}-2"]


def test_a_pass_is_in_one_return_until_that_is_cancelled(api, order):
    path, (first, second, third) = f"/orders/{order.uuid}/returns", codes_of(order)
    made = api.post(path, {"passes": [first]}).json()["data"]
    again = api.post(path, {"passes": [second, first]})
    assert again.json()["errors"] == {"passes.1": [f"The pass {first} is taken already."]}
    rest = api.post(path, {"passes": "all"}).json()["data"]
    assert [one["qr_code"] for one in rest["passes"]] == [second, third]
    assert api.post(path, {"passes": "all"}).status_code == 422
    api.patch(f"{path}/{made['identifier']}", {"status": "cancelled"})
    assert api.post(path, {"passes": [first]}).status_code == 201


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "passes", "The passes field is required."),
        ({"passes": []}, "passes", "A return has at least one pass."),
        ({"passes": ["X"]}, "passes.0", "The selected passes.0 is invalid."),
        ({"passes": "all", "status": "lost"}, "status", "The selected status is invalid."),
        ({"passes": "all", "refund": "x"}, "refund", "The refund field must be a valid UUID."),
        (
            {"passes": "all", "refund": "00000000-0000-4000-8000-000000000000"},
            "refund",
            "The selected refund is invalid.",
        ),
        ({"passes": "all", "returned_at": "0098-02-03T11:48:08Z"}, "returned_at", FAR),
        ({"passes": "all", "returned_at": "2200-01-01T00:00:00Z"}, "returned_at", FAR),
        ({"passes": "all", "returned_at": "9999-12-31T23:59:59-14:00"}, "returned_at", "Datetime value out of range."),
        ({"passes": "all", "initiated_at": None}, "initiated_at", "The initiated at field is required."),
    ],
)
def test_bad_input_is_422_and_opens_nothing(api, order, body, field, message):
    answer = api.post(f"/orders/{order.uuid}/returns", body)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "errors": {field: [message]}})
    assert not Return.objects.exists()
    assert Order.objects.get().version == 2


def test_another_orders_refund_is_no_answer(api, brand, order):
    theirs = request_refund(make_paid_order(brand), by="x", passes="all")
    opened = open_return(order, passes="all")
    for answer in (
        api.post(f"/orders/{order.uuid}/returns", {"passes": "all", "refund": str(theirs.uuid)}),
        api.patch(f"/orders/{order.uuid}/returns/{opened.uuid}", {"refund": str(theirs.uuid), "notes": "x"}),
    ):
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["refund"])
    opened.refresh_from_db()
    assert (opened.refund, opened.notes, Return.objects.count()) == (None, "", 1)


def test_only_a_paid_order_is_returned(api, brand):
    order = make_order(brand)
    answer = api.post(f"/orders/{order.uuid}/returns", {"passes": "all"})
    message = "Only an order that is paid can be fulfilled, refunded or returned."
    assert (answer.status_code, answer.json()) == (409, {"message": message})
    assert not Return.objects.exists()


def test_a_return_moves_no_money_and_tells_no_webhook(api, brand, order):
    api.post(f"/orders/{order.uuid}/returns", {"passes": "all", "status": "completed"})
    order.refresh_from_db()
    assert (order.refunded, order.points_refunded, order.status, order.version) == (0, 0, "paid", 3)
    assert set(order.items.values_list("issued_pass__status", flat=True)) == {"active"}
    assert brand.events.count() == 2  # open and paid


def test_the_same_key_opens_one(api, order):
    path, body = f"/orders/{order.uuid}/returns", {"passes": "all"}
    first, again = (api.post(path, body, Idempotency_Key="k") for _ in range(2))
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first.json(), "true")
    assert Return.objects.count() == 1


def test_reading_and_writing_have_their_abilities(api_with, order):
    opened = open_return(order, passes="all")
    path = f"/orders/{order.uuid}/returns"
    reader, writer = api_with("shops.orders.get"), api_with("shops.orders.update")
    assert reader.get(path).status_code == writer.patch(f"{path}/{opened.uuid}", {"notes": "x"}).status_code == 200
    for answer in (
        reader.post(path, {"passes": "all"}),
        reader.patch(f"{path}/{opened.uuid}", {"status": "completed"}),
        writer.get(path),
    ):
        assert (answer.status_code, answer.json()) == (403, {"message": "Invalid ability provided."})
    assert [one.status for one in Return.objects.all()] == ["open"]


def test_another_orders_return_is_not_there(api, brand, order):
    opened = open_return(make_paid_order(brand), passes="all")
    for identifier in (opened.uuid, "7"):
        answer = api.patch(f"/orders/{order.uuid}/returns/{identifier}", {"status": "completed"})
        assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})
    opened.refresh_from_db()
    assert opened.status == "open"


@pytest.mark.parametrize("count", [1, 4])
def test_a_list_costs_the_same_however_long_it_is(api, brand, statements, count):
    order = make_paid_order(brand, quantity=8)
    refund = request_refund(order, by="x", passes=[], amount=Decimal(1))
    for code in codes_of(order)[:count]:
        open_return(order, passes=[code], refund=refund)
    statements.clear()
    assert len(api.get(f"/orders/{order.uuid}/returns").json()["data"]) == count
    assert len(statements) == 7


def test_the_database_knows_the_states_and_holds_an_item_once(brand, order):
    opened = open_return(order, passes="all")
    with pytest.raises(IntegrityError, match="return_status_known"), transaction.atomic():
        Return.objects.update(status="lost")
    second = Return.objects.create(brand=brand, order=order, return_number="x")
    with pytest.raises(IntegrityError, match="return_item_held_once"), transaction.atomic():
        ReturnItem.objects.create(brand=brand, of_return=second, item=opened.items.first().item)
    with pytest.raises(IntegrityError, match="return_number_once"), transaction.atomic():
        Return.objects.filter(pk=second.pk).update(return_number=opened.return_number)
