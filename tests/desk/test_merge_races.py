"""Members become one while others write to the same rows: real threads, real PostgreSQL, and the ledger adds up."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import timezone

from desk import merging
from orders.models import Order
from orders.services import cancel, place_order
from orders.stated import restate_order, state_order
from orders.statements import Statement
from shops.errors import NotEnoughPoints, ShopError
from shops.models import PointsEntry
from shops.services import earn_points
from tests.making import make_brand, make_coupon, make_member, make_order
from tests.racing import at_once, in_turn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two():
    """Who goes has 700 points and an unpaid order, on which 300 more are spent; who stays has 50."""
    brand = make_brand(earn_rate=10)
    goes = make_member(brand, points=1000, email="old@example.com")
    stays = make_member(brand, points=50, email="new@example.com")
    make_order(brand, member=goes, coupon=make_coupon(brand, points=1000, stock=5), points=300)
    goes.refresh_from_db()
    return goes, stays


def balances(*members):
    """What each has, which the ledger proves."""
    call_command("check_points")
    found = []
    for member in members:
        member.refresh_from_db()
        lines = [line.points for line in PointsEntry.objects.filter(member=member)]
        assert sum(lines) == member.points
        found.append(member.points)
    return found


def while_merging(goes, stays, verb):
    """Merge, and commit only when `verb` waits for it; gives what it returns or raises."""
    agreed = merging.preview(goes, stays).agreed
    return in_turn(lambda: merging.merge(goes, stays, agreed=agreed), verb)


def test_an_order_that_ends_while_it_moves_gives_its_points_to_who_stays(two):
    goes, stays = two
    order = goes.orders.get()
    found = while_merging(goes, stays, lambda: cancel(order))
    assert (found.status, found.member) == ("canceled", stays)
    assert balances(goes, stays) == [0, 1050]


def statement(total):
    """A partner's paid order."""
    facts = {"number": "1", "created_at": timezone.now(), "currency": "EUR", "status": "paid", "payment_status": "PAID"}
    return Statement(by="Partner", external_id="1", total=Decimal(total), processing_status="open", **facts)


def test_what_a_partner_states_while_it_moves_is_earned_by_who_stays(two):
    goes, stays = two
    order = state_order(goes.brand, goes, statement(20))
    goes.refresh_from_db()
    assert goes.points == 900
    found = while_merging(goes, stays, lambda: restate_order(Order.objects.get(pk=order.pk), statement(50)))
    assert (found.member, found.points_earned) == (stays, 500)
    assert balances(goes, stays) == [0, 50 + 700 + 500]


def test_a_purchase_that_comes_second_finds_no_points(two):
    goes, stays = two
    coupon = make_coupon(goes.brand, points=700)
    found = while_merging(goes, stays, lambda: place_order(goes, [(coupon, 1)], points=700))
    assert isinstance(found, NotEnoughPoints)
    assert (balances(goes, stays), stays.orders.count()) == ([0, 750], 1)


@pytest.mark.parametrize("second", ["the same", "elsewhere", "back", "earning", "buying"])
def test_at_once_either_all_moves_or_nothing(two, second):
    goes, stays = two
    third, coupon = make_member(goes.brand, email="third@example.com"), make_coupon(goes.brand, points=200)
    agreed = merging.preview(goes, stays).agreed
    others = {
        "the same": lambda: merging.merge(goes, stays, agreed=agreed),
        "elsewhere": lambda: merging.merge(goes, third, agreed=merging.preview(goes, third).agreed),
        "back": lambda: merging.merge(stays, goes, agreed=merging.preview(stays, goes).agreed),
        "earning": lambda: earn_points(goes, 5, reference="meanwhile"),
        "buying": lambda: place_order(goes, [(coupon, 1)], points=200),
    }
    found = at_once(lambda: merging.merge(goes, stays, agreed=agreed), others[second])
    refused = [isinstance(one, ShopError) for one in found]
    assert not all(refused)
    assert refused[0] or isinstance(found[0], merging.Merge)
    spent = 200 if second == "buying" and not refused[1] else 0
    assert sum(balances(goes, stays, third)) == 750 + (5 if second == "earning" else 0) - spent
    assert sum(member.orders.count() for member in (goes, stays, third)) == 1 + (spent > 0)
    if second in {"the same", "elsewhere"}:
        assert sum(refused) == 1
