"""Fulfilments over the API: what they hold, their two tables of states, and what the database refuses."""

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from orders.fulfillments import add_fulfillment, change_fulfillment
from orders.models import Fulfillment, FulfillmentItem, Order
from orders.services import IllegalTransition
from tests.making import codes_of, make_member, make_order, make_paid_order

# Written out once more: apple-wallet.md §A.3 has the words, docs/decisions.md the steps.
SHIPPING = ["open", "processing", "shipped", "onTheWay", "outForDelivery", "delivered", "issue", "cancelled"]
PICKUP = ["open", "processing", "readyForPickup", "pickedUp", "issue", "cancelled"]
STEPS = {
    "shipping": {
        *itertools.combinations(SHIPPING[:6], 2),
        ("outForDelivery", "onTheWay"),
        *((was, "issue") for was in SHIPPING[:5]),
        *(("issue", to) for to in (*SHIPPING[:6], "cancelled")),
        ("open", "cancelled"),
        ("processing", "cancelled"),
    },
    "pickup": {
        *itertools.combinations(PICKUP[:4], 2),
        *((was, "issue") for was in PICKUP[:3]),
        *(("issue", to) for to in (*PICKUP[:4], "cancelled")),
        *((was, "cancelled") for was in PICKUP[:3]),
    },
}
CASES = [
    (kind, was, to)
    for kind, states in (("shipping", SHIPPING), ("pickup", PICKUP))
    for was in states
    for to in sorted({*SHIPPING, *PICKUP})
]
KEYS = [
    "identifier",
    "kind",
    "status",
    "status_description",
    "notes",
    "carrier",
    "tracking_number",
    "tracking_url",
    "shipped_at",
    "delivered_at",
    "estimated_delivery_at",
    "estimated_delivery_window",
    "shipping_type",
    "recipient",
    "address",
    "display_name",
    "location",
    "pickup_at",
    "pickup_window",
    "picked_up_at",
    "passes",
    "created_at",
    "updated_at",
]
PLACE = {"shipping": {}, "pickup": {"display_name": "The bar"}}


@pytest.fixture
def order(brand):
    return make_paid_order(brand, quantity=3)


def fulfillment_in(order, kind, status):
    """One that stands in `status`, however it came there."""
    made = add_fulfillment(order, kind, **PLACE[kind])
    order.fulfillments.filter(pk=made.pk).update(status=status)
    made.refresh_from_db()
    return made


@pytest.mark.parametrize(("kind", "was", "to"), CASES)
def test_only_the_steps_of_the_table_exist(brand, kind, was, to):
    order = make_paid_order(brand)
    made = fulfillment_in(order, kind, was)
    version = Order.objects.get().version
    if (was, to) in STEPS[kind]:
        assert change_fulfillment(made, status=to, notes="new").status == to
        assert Order.objects.get().version == version + 1
    elif was == to:
        assert change_fulfillment(made, status=to).status == was
        assert Order.objects.get().version == version
    else:
        with pytest.raises(IllegalTransition, match=f"^A fulfilment that is {was} cannot become {to}.$"):
            change_fulfillment(made, status=to, notes="new")
        made = Fulfillment.objects.get()
        assert (made.status, made.notes, Order.objects.get().version) == (was, "", version)


def test_a_shipment_with_all_that_can_be_said_of_it(api, order):
    asked = {
        "kind": "shipping",
        "status": "processing",
        "status_description": "Packed.",
        "notes": "Fragile.",
        "carrier": "PostNL",
        "tracking_number": "3SABCD",
        "tracking_url": "https://carrier.example/3SABCD",
        "shipped_at": "2026-11-23T10:00:00.000000Z",
        "estimated_delivery_at": "2026-11-24T08:00:00.000000Z",
        "estimated_delivery_window": 120,
        "shipping_type": "delivery",
        "recipient": {"given_name": "Anna", "family_name": "de Vries", "organization_name": "Noord"},
        "address": {
            "address_lines": ["Prinsengracht 7", "2nd floor"],
            "locality": "Amsterdam",
            "sub_locality": "Centrum",
            "administrative_area": "Noord-Holland",
            "sub_administrative_area": "Amsterdam",
            "postal_code": "1015 DL",
            "country_code": "NL",
        },
    }
    answer = api.post(f"/orders/{order.uuid}/fulfillments", asked)
    assert (answer.status_code, answer.json()["success"]) == (201, True)
    found = answer.json()["data"]
    assert list(found) == KEYS
    assert {name: found[name] for name in asked} == asked
    nothing = {"delivered_at", "display_name", "location", "pickup_at", "pickup_window", "picked_up_at"}
    assert {name for name, value in found.items() if value is None} == nothing
    assert found["passes"] == api.get(f"/orders/{order.uuid}").json()["data"]["passes"]
    assert api.get(f"/orders/{order.number}/fulfillments").json() == {"success": True, "data": [found]}


def test_a_pickup_with_all_that_can_be_said_of_it(api, order):
    asked = {
        "kind": "pickup",
        "status": "readyForPickup",
        "display_name": "Café Noord, the bar",
        "address": {"locality": "Amsterdam", "country_code": "NL"},
        "location": {"latitude": 52.37, "longitude": 4.89},
        "pickup_at": "2026-11-24T08:00:00.000000Z",
        "pickup_window": 90,
    }
    found = api.post(f"/orders/{order.uuid}/fulfillments", asked).json()["data"]
    assert {name: found[name] for name in asked if name != "address"} == {
        name: value for name, value in asked.items() if name != "address"
    }
    assert {name: value for name, value in found["address"].items() if value} == asked["address"]
    assert (found["carrier"], found["recipient"], found["shipping_type"]) == (None, None, None)


def test_a_step_keeps_its_time_unless_it_is_told_another(api, order):
    path = f"/orders/{order.uuid}/fulfillments"
    made = api.post(path, {"kind": "shipping"}).json()["data"]
    assert (made["status"], made["shipped_at"], made["shipping_type"]) == ("open", None, "shipping")
    before = timezone.now()
    shipped = api.patch(f"{path}/{made['identifier']}", {"status": "shipped"}).json()["data"]
    assert before <= Fulfillment.objects.get().shipped_at <= timezone.now()
    told = "2026-11-20T08:00:00.000000Z"
    arrived = api.patch(f"{path}/{made['identifier']}", {"status": "delivered", "delivered_at": told}).json()["data"]
    assert (arrived["delivered_at"], arrived["shipped_at"]) == (told, shipped["shipped_at"])
    pickup = add_fulfillment(make_paid_order(order.brand), "pickup", status="pickedUp", display_name="Bar")
    assert timezone.now() - pickup.picked_up_at < timedelta(minutes=1)


def test_an_object_is_replaced_as_a_whole_and_null_empties_it(api, order):
    path = f"/orders/{order.uuid}/fulfillments"
    asked = {"kind": "pickup", "display_name": "Bar", "location": {"latitude": 1.5, "longitude": -2}}
    asked["address"] = {"address_lines": ["Street 1"], "locality": "Amsterdam"}
    one = f"{path}/{api.post(path, asked).json()['data']['identifier']}"
    changed = api.patch(one, {"address": {"postal_code": "1015 DL"}, "notes": "Ring twice."}).json()["data"]
    assert {name: value for name, value in changed["address"].items() if value} == {"postal_code": "1015 DL"}
    assert changed["location"] == {"latitude": 1.5, "longitude": -2.0}
    emptied = api.patch(one, {"address": None, "location": None, "notes": None}).json()["data"]
    assert (emptied["address"], emptied["location"], emptied["notes"]) == (None, None, None)


def test_every_change_counts_and_what_changes_nothing_does_not(api, brand, order):
    path = f"/orders/{order.uuid}"
    tags = [api.get(path).headers["ETag"]]
    one = f"{path}/fulfillments/{api.post(f'{path}/fulfillments', {'kind': 'shipping'}).json()['data']['identifier']}"
    for body in ({"carrier": "DHL"}, {"carrier": "DHL"}, {"status": "shipped"}, {"status": "shipped"}, {}):
        tags.append(api.get(path).headers["ETag"])
        assert api.patch(one, body).status_code == 200
    tags.append(api.get(path).headers["ETag"])
    assert tags == ['"2"', '"3"', '"4"', '"4"', '"5"', '"5"', '"5"']
    assert brand.events.count() == 2  # open and paid: partners hear of the five states only


def test_a_pass_is_in_one_fulfilment_until_that_is_cancelled(api, order):
    path = f"/orders/{order.uuid}/fulfillments"
    first, second, third = codes_of(order)
    made = api.post(path, {"kind": "shipping", "passes": [third, first]}).json()["data"]
    assert [one["qr_code"] for one in made["passes"]] == [first, third]

    again = api.post(path, {"kind": "shipping", "passes": [second, first]})
    message = f"The pass {first} is taken already."
    assert (again.status_code, again.json()["errors"]) == (422, {"passes.1": [message]})

    rest = api.post(path, {"kind": "shipping"}).json()["data"]
    assert [one["qr_code"] for one in rest["passes"]] == [second]
    none_left = api.post(path, {"kind": "shipping"})
    assert (none_left.status_code, list(none_left.json()["errors"])) == (422, ["passes"])

    api.patch(f"{path}/{made['identifier']}", {"status": "cancelled"})
    again = api.post(path, {"kind": "pickup", "display_name": "Bar", "passes": [first]})
    assert again.status_code == 201
    assert len(api.get(path).json()["data"][0]["passes"]) == 2  # what it held is still told


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "kind", "The kind field is required."),
        ({"kind": "drone"}, "kind", "The selected kind is invalid."),
        ({"kind": "shipping", "status": "lost"}, "status", "The selected status is invalid."),
        ({"kind": "shipping", "passes": []}, "passes", "A fulfilment has at least one pass."),
        ({"kind": "shipping", "passes": ["X"]}, "passes.0", "The selected passes.0 is invalid."),
        ({"kind": "shipping", "passes": [7]}, "passes.0", "Not a valid string."),
        ({"kind": "pickup"}, "display_name", "The display name field is required."),
        (
            {"kind": "pickup", "display_name": "Bar", "carrier": "DHL"},
            "carrier",
            "The carrier field does not belong to a pickup fulfilment.",
        ),
        (
            {"kind": "pickup", "display_name": "Bar", "recipient": {"given_name": "Anna"}},
            "recipient",
            "The recipient field does not belong to a pickup fulfilment.",
        ),
        (
            {"kind": "shipping", "location": {"latitude": 1, "longitude": 2}},
            "location",
            "The location field does not belong to a shipping fulfilment.",
        ),
        (
            {"kind": "shipping", "estimated_delivery_window": 30},
            "estimated_delivery_window",
            "A window begins somewhere: estimated_delivery_at is missing.",
        ),
        ({"kind": "shipping", "tracking_url": "javascript:alert(1)"}, "tracking_url", "Enter a valid URL."),
        ({"kind": "shipping", "tracking_url": "ftp://x.example/"}, "tracking_url", "Enter a valid URL."),
        (
            {"kind": "shipping", "address": {"country_code": "nl"}},
            "address.country_code",
            "Write a country as two capital letters, such as NL.",
        ),
        (
            {"kind": "pickup", "display_name": "Bar", "location": {"latitude": 1}},
            "location.longitude",
            "The location.longitude field is required.",
        ),
        (
            {"kind": "pickup", "display_name": "Bar", "location": {"latitude": 90.1, "longitude": 0}},
            "location.latitude",
            "Ensure this value is less than or equal to 90.",
        ),
    ],
)
def test_bad_input_is_422_and_makes_nothing(api, order, body, field, message):
    answer = api.post(f"/orders/{order.uuid}/fulfillments", body)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "errors": {field: [message]}})
    assert not Fulfillment.objects.exists()
    assert Order.objects.get().version == 2


def test_a_bad_change_changes_nothing(api, order):
    made = add_fulfillment(order, "shipping", status="shipped")
    one = f"/orders/{order.uuid}/fulfillments/{made.uuid}"
    for body, status in (
        ({"notes": "new", "status": "processing"}, 409),
        ({"notes": "new", "display_name": "Bar"}, 422),
        ({"notes": "new", "status": "pickedUp"}, 409),
    ):
        assert api.patch(one, body).status_code == status
    made.refresh_from_db()
    assert (made.status, made.notes, made.display_name, Order.objects.get().version) == ("shipped", "", "", 3)


def test_only_a_paid_order_is_fulfilled(api, brand):
    order = make_order(brand)
    answer = api.post(f"/orders/{order.uuid}/fulfillments", {"kind": "shipping"})
    message = "Only an order that is paid can be fulfilled, refunded or returned."
    assert (answer.status_code, answer.json()) == (409, {"message": message})
    assert not Fulfillment.objects.exists()
    assert api.get(f"/orders/{order.uuid}/fulfillments").json() == {"success": True, "data": []}


def test_the_same_key_begins_one(api, order):
    path, body = f"/orders/{order.uuid}/fulfillments", {"kind": "shipping"}
    first = api.post(path, body, Idempotency_Key="k")
    again = api.post(path, body, Idempotency_Key="k")
    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert again.json() == first.json()
    assert api.post(path, body | {"notes": "x"}, Idempotency_Key="k").status_code == 422
    assert Fulfillment.objects.count() == 1


def test_reading_and_writing_have_their_abilities(api_with, order):
    made = add_fulfillment(order, "shipping")
    path = f"/orders/{order.uuid}/fulfillments"
    reader, writer = api_with("shops.orders.get"), api_with("shops.orders.update")
    assert reader.get(path).status_code == writer.patch(f"{path}/{made.uuid}", {"status": "shipped"}).status_code == 200
    for answer in (
        reader.post(path, {"kind": "shipping"}),
        reader.patch(f"{path}/{made.uuid}", {"status": "delivered"}),
        writer.get(path),
    ):
        assert (answer.status_code, answer.json()) == (403, {"message": "Invalid ability provided."})
    assert [one.status for one in Fulfillment.objects.all()] == ["shipped"]


def test_another_orders_fulfilment_is_not_there(api, brand, order):
    made = add_fulfillment(make_paid_order(brand), "shipping")
    for identifier in (made.uuid, "7", "none"):
        answer = api.patch(f"/orders/{order.uuid}/fulfillments/{identifier}", {"status": "shipped"})
        assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})
    made.refresh_from_db()
    assert made.status == "open"
    assert api.get(f"/orders/{order.uuid}/fulfillments").json()["data"] == []


@pytest.mark.parametrize("count", [1, 4])
def test_a_list_costs_the_same_however_long_it_is(api, brand, statements, count):
    order = make_paid_order(brand, quantity=8, member=make_member(brand))
    for code in codes_of(order)[:count]:
        add_fulfillment(order, "shipping", passes=[code])
    statements.clear()
    assert len(api.get(f"/orders/{order.uuid}/fulfillments").json()["data"]) == count
    assert len(statements) == 7


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "pickedUp"},
        {"status": "readyForPickup"},
        {"status": "lost"},
        {"kind": "pickup"},
        {"kind": "drone"},
        {"display_name": "Bar"},
        {"shipping_type": ""},
        {"latitude": 5},
        {"pickup_at": "2026-11-24T08:00:00Z"},
    ],
)
def test_the_database_keeps_the_kinds_apart(order, columns):
    made = add_fulfillment(order, "shipping")
    with pytest.raises(IntegrityError, match="fulfillment_"), transaction.atomic():
        Fulfillment.objects.filter(pk=made.pk).update(**columns)


@pytest.mark.parametrize("columns", [{"latitude": 5}, {"longitude": 5}, {"latitude": 91, "longitude": 5}])
def test_the_database_keeps_a_location_whole(order, columns):
    made = add_fulfillment(order, "pickup", display_name="Bar")
    with pytest.raises(IntegrityError, match="fulfillment_location_whole"), transaction.atomic():
        Fulfillment.objects.filter(pk=made.pk).update(**columns)


def test_the_database_holds_an_item_once(brand, order):
    made = add_fulfillment(order, "shipping")
    item = made.items.first()
    second = Fulfillment.objects.create(brand=brand, order=order, kind="shipping", shipping_type="shipping")
    with pytest.raises(IntegrityError, match="fulfillment_item_held_once"), transaction.atomic():
        FulfillmentItem.objects.create(brand=brand, fulfillment=second, item=item.item)
    with pytest.raises(IntegrityError, match="_holds_follows"), transaction.atomic():
        FulfillmentItem.objects.create(brand=brand, fulfillment=second, item=item.item, holds=False)
        connection.check_constraints()
    change_fulfillment(made, status="cancelled")
    assert not made.items.filter(holds=True).exists()
    FulfillmentItem.objects.create(brand=brand, fulfillment=second, item=item.item)
    with pytest.raises(IntegrityError, match="fulfillment_item_held_once"), transaction.atomic():
        Fulfillment.objects.filter(pk=made.pk).update(status="open")
