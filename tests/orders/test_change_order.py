"""Changing orders: processing, facts, cancel, payment, expiry."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Order, OrderStatus, ProcessingStatus
from orders.services import IllegalTransition, payment_said, set_processing_status, set_status
from orders.tasks import expire_unpaid
from passes.tasks import expire_passes
from shops.models import PointsEntry
from tests.making import make_coupon, make_endpoint, make_member, make_order
from webhooks.models import Event


def test_processing_goes_step_by_step(api, brand):
    order = make_order(brand)
    for step in ("being_processed", "open", "being_processed", "processed", "archived"):
        answer = api.patch(f"/orders/{order.uuid}", {"processing_status": step})
        assert answer.status_code == 200
        assert answer.json()["data"]["processing_status"] == step
    order.refresh_from_db()
    assert order.processed_at is not None
    assert api.get(f"/orders/{order.uuid}").json()["data"]["processed_at"] == order.processed_at.strftime(
        "%Y-%m-%dT%H:%M:%S.%fZ"
    )


STEPS = {
    ("open", "being_processed"),
    ("open", "archived"),
    ("being_processed", "open"),
    ("being_processed", "processed"),
    ("processed", "archived"),
}


@pytest.mark.parametrize("was", ProcessingStatus.values)
@pytest.mark.parametrize("to", ProcessingStatus.values)
def test_only_the_steps_of_the_table_exist(api, brand, was, to):
    order = make_order(brand)
    Order.objects.update(processing_status=was)
    answer = api.patch(f"/orders/{order.uuid}", {"processing_status": to, "member_partner_id": "new"})
    order.refresh_from_db()
    if was == to or (was, to) in STEPS:
        assert (answer.status_code, order.processing_status, order.member_partner_id) == (200, to, "new")
    else:
        words = f"An order that is {was.replace('_', ' ')} cannot become {to.replace('_', ' ')}."
        assert (answer.status_code, answer.json()) == (409, {"message": words})
        assert (order.processing_status, order.member_partner_id) == (was, "")


def test_a_partner_notes_facts(api, brand):
    order = make_order(brand)
    before = order.updated_at
    found = api.patch(
        f"/orders/{order.number}", {"member_partner_id": "crm-7", "mail_delivered_in_inbox": True}
    ).json()["data"]
    assert (found["member_partner_id"], found["mail_delivered_in_inbox"]) == ("crm-7", 1)
    cleared = api.patch(f"/orders/{order.uuid}", {"member_partner_id": None, "mail_delivered_in_inbox": 0}).json()[
        "data"
    ]
    assert (cleared["member_partner_id"], cleared["mail_delivered_in_inbox"]) == (None, 0)
    order.refresh_from_db()
    assert order.updated_at > before


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"processing_status": "done"}, "processing_status", "The selected processing status is invalid."),
        ({"mail_delivered_in_inbox": "perhaps"}, "mail_delivered_in_inbox", "Must be a valid boolean."),
        ({"member_partner_id": ["x"]}, "member_partner_id", "Not a valid string."),
    ],
)
def test_a_bad_change_is_422_and_changes_nothing(api, brand, body, field, message):
    order = make_order(brand)
    answer = api.patch(f"/orders/{order.uuid}", {"member_partner_id": "x", **body})
    assert answer.status_code == 422
    assert answer.json() == {"message": message, "errors": {field: [message]}}
    order.refresh_from_db()
    assert (order.processing_status, order.member_partner_id, order.mail_delivered_in_inbox) == ("open", "", False)


def test_the_table_of_states(brand):
    for to in ("paid", "failed", "canceled", "expired"):
        order = set_status(make_order(brand), to)
        assert order.status == to
        for other in set(OrderStatus.values) - {to}:
            with pytest.raises(IllegalTransition):
                set_status(order, other)
        assert set_status(order, to).version == 2


@pytest.mark.parametrize("to", ["canceled", "failed", "expired"])
def test_points_and_stock_come_back_once(brand, to):
    make_endpoint(brand, statuses=list(OrderStatus.values))
    coupon = make_coupon(brand, points=400, stock=5)
    member = make_member(brand, points=300)
    order = make_order(brand, member=member, coupon=coupon, quantity=2, points="max")

    for _ in range(3):
        set_status(order, to)

    member.refresh_from_db()
    coupon.refresh_from_db()
    assert (member.points, coupon.stock) == (300, 5)
    assert list(PointsEntry.objects.filter(reason="given_back").values_list("points", "balance")) == [(300, 300)]
    assert {item.issued_pass.status for item in order.items.all()} == {"blocked"}
    assert {item.issued_pass.qr_code for item in order.items.all()} == {""}
    assert list(Event.objects.order_by("version").values_list("order_status", flat=True)) == ["open", to]


def test_a_paid_order_has_passes_with_codes_and_dates(brand):
    soon = timezone.now() + timedelta(days=2)
    order = make_order(brand, coupon=make_coupon(brand, valid_days=30, valid_until=soon), quantity=2)
    set_status(order, "paid")
    issued = [item.issued_pass for item in order.items.all()]
    assert {len(one.qr_code) for one in issued} == {20}
    assert [one.expiration_date for one in issued] == [soon, soon]


def test_cancel_over_the_api(api, brand):
    order = make_order(brand)
    answer = api.post(f"/orders/{order.uuid}/cancel")
    assert answer.status_code == 200
    order.refresh_from_db()
    assert order.status == "canceled"
    again = api.post(f"/orders/{order.uuid}/cancel")
    assert (again.status_code, again.json()) == (409, {"message": "An order that is canceled cannot become canceled."})


def test_a_paid_order_cannot_be_canceled(api, brand):
    order = set_status(make_order(brand), "paid")
    answer = api.post(f"/orders/{order.uuid}/cancel")
    assert (answer.status_code, answer.json()) == (409, {"message": "An order that is paid cannot become canceled."})
    order.refresh_from_db()
    assert order.status == "paid"


def test_another_brands_order_cannot_be_changed(api, other):
    order = make_order(other)
    for answer in (
        api.patch(f"/orders/{order.uuid}", {"processing_status": "archived"}),
        api.post(f"/orders/{order.uuid}/cancel"),
        api.patch(f"/shops/{other.uuid}/orders/{order.uuid}", {"processing_status": "archived"}),
        api.post(f"/shops/{other.uuid}/orders/{order.uuid}/cancel"),
    ):
        assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})
    order.refresh_from_db()
    assert (order.status, order.processing_status, order.version) == ("open", "open", 1)


def test_what_the_provider_says_moves_the_order_once(brand):
    order = make_order(brand)
    payment_said(order.payment, "paid")
    late = payment_said(order.payment, "canceled")
    order.payment.refresh_from_db()
    assert (late.status, order.payment.status) == ("paid", "paid")
    assert payment_said(make_order(brand).payment, "authorized").status == "open"


def test_the_clock_expires_unpaid_orders(brand):
    make_endpoint(brand, statuses=["expired"])
    late, _in_time, paid = make_order(brand), make_order(brand), make_order(brand)
    set_status(paid, "paid")
    Order.objects.filter(pk__in=[late.pk, paid.pk]).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert expire_unpaid() == 1
    assert expire_unpaid() == 0

    assert list(brand.orders.order_by("number").values_list("status", flat=True)) == ["expired", "open", "paid"]
    assert list(brand.deliveries.values_list("event__order_status", flat=True)) == ["expired"]


def test_the_clock_expires_passes(brand):
    order = set_status(make_order(brand, coupon=make_coupon(brand, valid_days=1)), "paid")
    issued = order.items.get().issued_pass
    assert expire_passes() == 0
    brand.passes.update(expiration_date=timezone.now())
    assert (expire_passes(), expire_passes()) == (1, 0)
    issued.refresh_from_db()
    assert issued.status == "expired"


def test_changing_needs_its_ability(api_with, brand):
    order = make_order(brand)
    reader = api_with("shops.orders.get")
    for answer in (
        reader.patch(f"/orders/{order.uuid}", {"processing_status": "archived"}),
        reader.post(f"/orders/{order.uuid}/cancel"),
        reader.post("/orders", {}),
    ):
        assert (answer.status_code, answer.json()) == (403, {"message": "Invalid ability provided."})
    order.refresh_from_db()
    assert (order.status, order.processing_status) == ("open", "open")
    assert set_processing_status(order, "open").processing_status == "open"
