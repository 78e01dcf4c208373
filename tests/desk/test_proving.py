"""Every night points and money are proved, and what does not agree waits for staff."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from desk.models import PointsFault
from desk.tasks import prove_points
from orders.models import Order
from shops.models import Member, Staff
from tests.admin.helping import Admin, text_of
from tests.making import make_member, make_order, make_paid_order


def kept():
    return [(one.order_id, one.member_id, one.part, one.says, one.must_be) for one in PointsFault.objects.all()]


@pytest.fixture
def wrong(brand, other):
    """An order and a balance of `brand` that do not agree, among some that do."""
    make_paid_order(brand, points=100)
    make_order(other, points=50)
    order, member = make_paid_order(brand), make_member(brand, points=20)
    Order.objects.filter(pk=order.pk).update(points_earned=7)
    Member.objects.filter(pk=member.pk).update(points=21)
    return order, member


def test_what_does_not_agree_is_kept_until_it_is_mended(wrong):
    order, member = wrong
    assert prove_points() == 2
    found = [
        (order.pk, None, "earned", Decimal(7), Decimal(0)),
        (None, member.pk, "balance", Decimal(21), Decimal(20)),
    ]
    assert kept() == found
    assert prove_points() == 2
    assert kept() == found
    Order.objects.filter(pk=order.pk).update(points_earned=0)
    Member.objects.filter(pk=member.pk).update(points=20)
    assert prove_points() == 0
    assert kept() == []


def test_the_command_names_it(wrong, brand, capsys):
    order, member = wrong
    with pytest.raises(CommandError, match="2 sums do not agree"):
        call_command("check_points")
    assert capsys.readouterr().err.splitlines() == [
        f"{brand.slug} order {order.pk}: earned is 7, must be 0",
        f"{brand.slug} member {member.pk}: balance is 21, must be 20",
    ]


def test_the_command_is_content_when_all_agrees(brand, capsys):
    make_paid_order(brand, points=100)
    call_command("check_points")
    assert capsys.readouterr().out == "All points and money agree.\n"


def test_staff_see_it_in_three_places(wrong, brand, staff):
    order, _member = wrong
    prove_points()
    viewer = staff("viewer")
    assert "Sums of points and money that do not agree" in text_of(viewer.get("index"))
    rows = text_of(viewer.get("desk_pointsfault_changelist"))
    assert "Points earned: the rate times what was paid and kept" in rows
    assert "Balance: the sum of the ledger" in rows
    page = text_of(viewer.get("orders_order_change", order.pk))
    assert "Do points and money agree?" in page
    section = page.partition('id="equations"')[2].partition("</section>")[0].split()
    assert (section.count("yes"), section.count("<strong>no</strong>")) == (8, 1)


def test_another_brands_staff_see_nothing_of_it(wrong, other, staff):
    prove_points()
    user = User.objects.create_user("else@team.example", "secret", is_staff=True)
    Staff.objects.create(brand=other, user=user, role="owner")
    assert "that do not agree" not in text_of(Admin(user).get("index"))
    assert "Points earned" not in text_of(Admin(user).get("desk_pointsfault_changelist"))


def test_the_database_keeps_a_fault_in_its_brand(wrong, other):
    order, _member = wrong
    facts = {"brand": other, "order": order, "part": "total", "says": 1, "must_be": 2}
    with pytest.raises(IntegrityError), transaction.atomic():
        PointsFault.objects.create(**facts)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert kept() == []
