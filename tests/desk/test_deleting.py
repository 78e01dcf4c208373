"""Test orders go, with all that hangs on them; real ones never; balances, counts and pages stay right."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from applewallet.services import register
from desk.deleting import NotDeletable, delete_test_order
from desk.notes import add_note, add_tag
from desk.proving import prove
from orders.fulfillments import add_fulfillment
from orders.mails import mail_again
from orders.models import Order, OrderCount
from orders.refunds import OrderChanged, ask_provider, request_refund
from orders.returns import open_return
from orders.services import OrderGone, cancel, set_status
from passes.phones import pass_package
from passes.services import PassGone, redeem
from tests.admin.helping import said, text_of
from tests.applewallet.making import make_credential
from tests.making import codes_of, make_coupon, make_endpoint, make_member, make_order, make_paid_order

TABLES = [
    "orders_order",
    "orders_orderitem",
    "orders_payment",
    "orders_ordermail",
    "orders_fulfillment",
    "orders_refund",
    "orders_return",
    "passes_pass",
    "applewallet_package",
    "webhooks_event",
    "webhooks_delivery",
    "webhooks_call",
    "desk_orderevent",
    "desk_ordernote",
    "desk_ordertag",
]


def rows():
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 -- names of ours
            found[table] = cursor.fetchone()[0]
        return found


def full_order(brand):
    """A paid test order with something in every table."""
    member, coupon = make_member(brand, points=150), make_coupon(brand, points=100, stock=10)
    make_endpoint(brand)
    order = make_paid_order(brand, member=member, coupon=coupon, quantity=3, points=150)
    first, second, _third = codes_of(order)
    ask_provider(request_refund(order, by="x", passes=[first], restocks=True))
    add_fulfillment(order, "shipping", passes=[second], shipping_type="shipping")
    open_return(order, passes=[second], initiated_at=timezone.now())
    mail_again(order, by="x")
    add_note(order, "Test", by="x")
    add_tag(order, "test")
    pass_package(order.items.last().issued_pass)
    delivery = brand.deliveries.first()
    brand.calls.create(delivery=delivery, attempt=1, url="https://x.example", interval=0)
    return brand.orders.select_related("member", "brand").get()


def test_a_test_order_goes_with_everything_and_the_points_come_back(brand):
    make_credential(brand)
    order = full_order(brand)
    assert all(rows().values()), rows()
    member, coupon = order.member, brand.coupons.get()
    assert prove(brand) == []
    delete_test_order(order, version=order.version)
    assert not any(rows().values()), rows()
    member.refresh_from_db()
    coupon.refresh_from_db()
    brand.refresh_from_db()
    assert (member.points, sum(member.points_entries.values_list("points", flat=True))) == (150, 150)
    assert (coupon.stock, brand.order_count, brand.deleted_numbers) == (10, 1, [1])
    assert sum(OrderCount.objects.values_list("count", flat=True)) == 0
    assert prove(brand) == []
    assert make_order(brand).number == 2  # the number is not given out again


def test_pages_of_the_api_know_the_gaps(brand, api):
    orders = [cancel(make_order(brand)) for _number in range(25)]
    for at in (0, 9, 10, 20, 24):
        delete_test_order(orders[at], version=orders[at].version)
    left = [order.number for at, order in reversed(list(enumerate(orders))) if at not in {0, 9, 10, 20, 24}]
    for page, numbers in ((1, left[:10]), (2, left[10:]), (3, [])):
        for query in ({"page": page}, {"page": page, "status": "canceled"}):
            answer = api.get("/orders", query).json()
            assert [int(order["number"]) for order in answer["data"]] == numbers
            assert answer["total"] == 20
    brand.refresh_from_db()
    assert brand.deleted_numbers == [25, 21, 11, 10, 1]


def real(brand):
    order = make_paid_order(brand)
    order.payment.provider = "mollie"
    order.payment.save()
    return order


def paid_with_points(brand):
    return make_order(brand, points=350)


def with_a_refund_underway(brand):
    order = make_paid_order(brand)
    request_refund(order, by="x", passes="all")
    return order


def with_a_redeemed_pass(brand):
    order = make_paid_order(brand)
    redeem(order.items.get().issued_pass, by="Till")
    return order


def on_a_phone(brand):
    make_credential(brand)
    order = make_paid_order(brand)
    register(pass_package(order.items.get().issued_pass), "device", "token")
    return order


def being_told(brand):
    make_endpoint(brand)
    order = make_paid_order(brand)
    lease = {"lease_until": timezone.now(), "lease_token": order.uuid}
    brand.deliveries.filter(version=1).update(state="sending", **lease)
    return order


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (real, "paid as a test"),
        (paid_with_points, "paid as a test"),
        (make_order, "Cancel it first"),
        (with_a_refund_underway, "refund"),
        (with_a_redeemed_pass, "redeemed"),
        (on_a_phone, "Remove it from the phone"),
        (being_told, "in a minute"),
    ],
)
def test_what_cannot_go_stays_whole_and_says_why(staff, brand, make, why):
    order = make(brand)
    order.refresh_from_db()
    was, balance = rows(), brand.members.get().points
    with pytest.raises(NotDeletable, match=why):
        delete_test_order(order, version=order.version)
    owner = staff("owner")
    owner.post("orders_order_delete_test", order.pk, version=order.version)
    assert why in text_of(owner.get("orders_order_delete_test", order.pk))
    assert (rows(), brand.members.get().points) == (was, balance)


@pytest.mark.parametrize("make", [real, paid_with_points, make_order])
def test_the_database_lets_no_real_order_go(brand, make):
    order = make(brand)
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders_order WHERE id = %s", [order.pk])
    assert Order.objects.filter(pk=order.pk).exists()


def test_an_owner_deletes_once_and_the_brands_history_tells(staff, brand):
    order = set_status(make_order(brand), "paid")
    owner = staff("owner")
    assert "Delete this test order" in text_of(owner.get("orders_order_change", order.pk))
    assert staff("manager").post("orders_order_delete_test", order.pk, version=order.version).status_code == 403
    owner.post("orders_order_delete_test", order.pk, version=order.version - 1)  # somebody changed it meanwhile
    with pytest.raises(OrderChanged):
        delete_test_order(order, version=1)
    assert brand.orders.count() == 1
    assert said(owner.post("orders_order_delete_test", order.pk, version=order.version)) == [
        "Test order 1 deleted: €3.50 and 0 points."
    ]
    again = owner.post("orders_order_delete_test", order.pk, version=order.version)
    assert (again.status_code, brand.orders.count()) == (302, 0)
    texts = [entry.get_change_message() for entry in LogEntry.objects.filter(object_id=str(brand.pk))]
    assert "Test order 1 deleted: €3.50 and 0 points." in texts


def test_a_second_click_at_the_same_moment_finds_nothing_left(staff, brand, monkeypatch):
    order, owner = make_paid_order(brand), staff("owner")
    issued, member = order.items.get().issued_pass, order.member

    def twice(order, *, version):
        delete_test_order(order, version=version)
        delete_test_order(order, version=version)

    monkeypatch.setattr("desk.deleting_page.delete_test_order", twice)
    answer = owner.post("orders_order_delete_test", order.pk, version=order.version)
    assert (answer.status_code, said(answer)) == (302, ["There is no such order."])
    with pytest.raises(OrderGone):
        cancel(order)
    with pytest.raises(PassGone):
        redeem(issued, by="Till")
    member.refresh_from_db()
    brand.refresh_from_db()
    assert (member.points, brand.deleted_numbers) == (0, [1])


@pytest.mark.parametrize("version", ["9" * 5000, "-1", "\0", ""])
def test_what_is_no_version_deletes_nothing(staff, brand, version):
    order = make_paid_order(brand)
    answer = staff("owner").post("orders_order_delete_test", order.pk, version=version)
    assert (answer.status_code, brand.orders.count()) == (200, 1)
