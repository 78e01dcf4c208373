"""What the demo shows: orders of a month and in every state, and pictures of its own."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone
from PIL import Image

from orders.arithmetic import disagreeing
from orders.models import Fulfillment, Order, Refund, Return
from passes.models import Coupon, Pass
from shops.models import Brand, Member, PointsEntry
from walletapp.demo_history import DAYS, placed_at
from walletapp.demo_pictures import shades


@pytest.fixture
def demo(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    call_command("seed_demo", "--receiver-url", "http://127.0.0.1:9001/")


def states(rows, column="status"):
    return set(rows.order_by().values_list(column, flat=True))


def test_it_shows_something_of_everything(demo):
    """One test, as making the demo takes seconds."""
    check_states()
    check_past()
    check_pictures()


def check_states():
    for brand in Brand.objects.all():
        assert states(brand.orders) == {"open", "paid", "failed", "canceled", "expired"}
        assert states(brand.orders, "processing_status") == {"open", "being_processed", "processed", "archived"}
        assert states(brand.passes) >= {"active", "redeemed", "blocked"}
        assert states(Fulfillment.objects.filter(brand=brand)) == {"shipped", "readyForPickup"}
        assert (Refund.objects.filter(brand=brand).count(), Return.objects.filter(brand=brand).count()) == (1, 1)
        assert brand.order_tags.get().order.notes.get().text == "Please put a birthday card in the box."


def check_past():
    now = timezone.now()
    placed = Order.objects.order_by("created_at").values_list("created_at", flat=True)
    assert dt.timedelta(days=DAYS - 2) < now - placed[0] < dt.timedelta(days=DAYS + 1)
    assert not Pass.objects.filter(redeemed_at__gt=now).exists()
    assert not Order.objects.filter(processed_at__gt=now).exists()
    assert not PointsEntry.objects.filter(created_at__gt=now).exists()
    assert not Member.objects.filter(points__lt=0).exists()
    assert [list(disagreeing(brand)) for brand in Brand.objects.all()] == [[], []]
    for brand in Brand.objects.all():
        assert brand.orders.count() == brand.order_count > 250


def test_every_day_of_the_month_has_orders_in_shop_hours():
    now = dt.datetime(2026, 11, 22, 9, tzinfo=ZoneInfo("Europe/Amsterdam"))
    times = placed_at(now, random.Random(1))
    assert times == sorted(times)
    assert {time.date() for time in times} == {now.date() - dt.timedelta(days=ago) for ago in range(1, DAYS + 1)}
    assert {time.hour for time in times} <= set(range(8, 20))


def check_pictures():
    for coupon in Coupon.objects.select_related("brand"):
        with Image.open(coupon.image.path) as image:
            assert image.size == (960, 640)
            seen = {color for _count, color in image.convert("RGB").getcolors(100_000)}
        ground = shades(coupon.brand.primary_color)
        assert any(max(abs(a - b) for a, b in zip(one, color, strict=True)) < 8 for one in seen for color in ground)
    for brand in Brand.objects.all():
        with Image.open(brand.logo.path) as image:
            assert image.size == (384, 384)
