"""manage.py seed_orders: many orders at once, as true as if they had been placed one by one."""

from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F

from orders import bulk
from orders.models import Order, OrderCount
from orders.reading import page_of_orders
from orders.serializers import OrderSerializer
from passes.models import Pass
from shops.models import Brand, PointsEntry
from tests.making import make_coupon, make_member
from webhooks.models import Call, Delivery

STATES = ("status", "processing_status")


def seed(brand, count, **options):
    said = StringIO()
    call_command("seed_orders", brand.slug, count=count, stdout=said, **options)
    brand.refresh_from_db()
    return said.getvalue()


def counted(brand):
    return {tuple(row) for row in brand.order_counts.exclude(count=0).values_list(*STATES, "count")}


def check_everything(brand):
    assert list(brand.orders.order_by("number").values_list("number", flat=True)) == [*range(1, brand.order_count + 1)]
    assert counted(brand) == set(brand.orders.order_by().values_list(*STATES).annotate(n=Count("id")))
    call_command("check_points", stdout=StringIO())
    assert not PointsEntry.objects.filter(balance__lt=0).exists()
    assert not brand.order_items.exclude(order__brand=brand, issued_pass__brand=brand).exists()
    assert not brand.order_items.exclude(issued_pass__member=F("order__member")).exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # composite keys included


def test_says_how_many_and_leaves_everything_true(brand):
    assert seed(brand, 300).startswith("300 orders in ")
    assert brand.order_count == 300
    assert brand.members.count() == 30
    check_everything(brand)


def test_orders_look_like_placed_ones(brand):
    seed(brand, 300)
    paid = brand.orders.filter(status="paid")
    assert 200 < paid.count() < 280
    assert set(brand.orders.filter(number__gt=294).values_list("status", flat=True)) == {"open"}
    assert not paid.filter(items__issued_pass__qr_code="").exists()
    assert not Pass.objects.exclude(item__order__status="paid").exclude(qr_code="").exists()
    assert not brand.orders.filter(total=0, payment__isnull=False).exists()
    assert not brand.orders.filter(total__gt=0, payment__isnull=True).exists()
    assert not brand.orders.exclude(status="paid").filter(total=0).exists()
    assert brand.orders.filter(points_used__gt=0).exists()
    assert set(Order.objects.annotate(n=Count("items")).values_list("n", flat=True)) == {1, 2, 3}


def test_the_list_prints_them_as_the_serializer_does(brand):
    seed(brand, 50)
    printed = orjson.loads(orjson.dumps(page_of_orders(brand, {}, 2).orders))
    reference = OrderSerializer(brand.orders.order_by("-number")[10:20], many=True).data
    assert printed == orjson.loads(orjson.dumps(reference))


def test_goes_on_where_a_brand_stands(brand, other):
    seed(other, 40)
    make_coupon(brand)
    mine = make_member(brand)
    seed(brand, 60)
    seed(brand, 25)
    assert brand.order_count == 85
    assert brand.coupons.count() == 1
    assert mine.orders.count() == 0
    check_everything(brand)
    check_everything(other)


def test_the_same_seed_makes_the_same_data(brand):
    def made(chosen):
        with transaction.atomic():
            seed(brand, 30, seed=chosen)
            rows = list(brand.orders.values_list("number", "uuid", "status", "total", "created_at", "member__email"))
            transaction.set_rollback(True)
        return rows

    assert made(1) == made(1) != made(2)


def test_the_newest_have_calls_that_nobody_will_repeat(brand):
    seed(brand, 100)
    assert Call.objects.filter(brand=brand, outcome="ok").count() == Delivery.objects.filter(brand=brand).count() > 0
    assert set(Delivery.objects.filter(brand=brand).values_list("state", flat=True)) == {"delivered"}
    assert not brand.endpoints.filter(is_active=True).exists()


def test_new_rows_come_after_the_seeded_ones(brand):
    seed(brand, 30)
    last = brand.orders.order_by("-id").values_list("id", flat=True)[0]
    member = make_member(brand)
    assert make_coupon(brand).pk
    made = brand.orders.create(
        member=member, number=31, currency="EUR", total=1, total_order_points_price=1, points_used=0, point_value=100
    )
    assert made.pk > last


def test_indexes_and_constraints_are_all_back(brand):
    def laws():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " UNION ALL SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            )
            return sorted(cursor.fetchall())

    before = laws()
    seed(brand, 30)
    assert laws() == before


def test_a_failure_leaves_nothing(brand, monkeypatch):
    monkeypatch.setattr(bulk, "_settle", lambda _inventor: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seed(brand, 30)
    assert not Order.objects.exists()
    assert not OrderCount.objects.exists()
    assert Brand.objects.get(pk=brand.pk).order_count == 0


def test_refuses_what_cannot_be(brand):
    with pytest.raises(CommandError, match="no brand"):
        call_command("seed_orders", "nobody", count=1)
    with pytest.raises(CommandError, match="at least 1"):
        call_command("seed_orders", brand.slug, count=0)
