"""The ledger, the balance, and the proof that they agree."""

import pytest
from django.db import IntegrityError, transaction

from shops.errors import NotEnoughPoints
from shops.models import Member, PointsEntry
from shops.services import earn_points, give_back_points, spend_points
from tests.making import make_member


def test_every_booking_moves_the_balance_with_it(brand):
    member = make_member(brand)
    earn_points(member, 500, reference="visit 1")
    spend_points(member, 200, reference="order 1")
    entry = give_back_points(member, 200, reference="order 1")
    assert (entry.points, entry.balance, str(entry)) == (200, 500, "+200 Given back")
    member.refresh_from_db()
    assert member.points == 500
    assert list(member.points_entries.order_by("id").values_list("points", "balance")) == [
        (500, 500),
        (-200, 300),
        (200, 500),
    ]


def test_more_than_there_is_cannot_be_spent(brand):
    member = make_member(brand, points=10)
    with pytest.raises(NotEnoughPoints, match="11 points were asked for, but the member has 10"):
        spend_points(member, 11, reference="order 1")
    member.refresh_from_db()
    assert (member.points, member.points_entries.count()) == (10, 1)


def test_the_database_refuses_a_negative_balance(brand):
    member = make_member(brand, points=10)
    with pytest.raises(IntegrityError, match="member_points_not_negative"), transaction.atomic():
        Member.objects.filter(pk=member.pk).update(points=-1)


def test_one_reference_is_booked_once(brand):
    member = make_member(brand, points=10)
    spend_points(member, 1, reference="order 1")
    with pytest.raises(IntegrityError, match="points_entry_once"), transaction.atomic():
        spend_points(member, 1, reference="order 1")
    member.refresh_from_db()
    assert member.points == 9


def test_the_ledger_is_append_only(brand):
    make_member(brand, points=10)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PointsEntry.objects.update(points=99)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        PointsEntry.objects.all().delete()
    assert PointsEntry.objects.get().points == 10
