"""Tills, the clock and orders at once: real threads, real transactions, real PostgreSQL."""

import threading

import pytest
from django.db import transaction
from django.utils import timezone

from orders.services import lock_order, save_order, set_status
from passes.services import void_passes
from passes.tasks import expire_passes
from tests.client import Api
from tests.making import make_brand, make_order, make_pass, token_for
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TILL = {"redeemed_by": "Till 2"}


def test_of_twelve_who_redeem_at_once_one_succeeds():
    brand = make_brand()
    token, issued = token_for(brand), make_pass(brand)
    path = f"/passes/{issued.qr_code}/redeem"
    names = [f"Till {n}" for n in range(12)]
    answers = at_once(*(lambda n=n: Api(brand, token).post(path, {"redeemed_by": n}) for n in names))
    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    lost = [answer.json()["message"] for answer in answers if answer.status_code == 409]
    at = winner["redeemed_at"][:19]
    assert lost == [f"This pass was redeemed on {at}Z by “{winner['redeemed_by']}”."] * 11
    issued.refresh_from_db()
    assert (issued.redeemed_by, issued.item.order.version) == (winner["redeemed_by"], 3)


def test_who_redeems_waits_for_who_changes_the_order():
    brand = make_brand()
    token, issued = token_for(brand), make_pass(brand)
    has_locked, tries = threading.Event(), threading.Event()

    def take_back():
        with transaction.atomic():
            order = lock_order(issued.item.order)
            has_locked.set()
            tries.wait(5)
            void_passes([order.items.get().issued_pass])
            save_order(order)

    def use():
        has_locked.wait(5)
        threading.Timer(0.3, tries.set).start()
        return Api(brand, token).post(f"/passes/{issued.qr_code}/redeem", TILL)

    _nothing, answer = at_once(take_back, use)
    assert (answer.status_code, answer.json()["message"][:25]) == (409, "This pass was taken back:")
    issued.refresh_from_db()
    assert (issued.status, issued.redeemed_by, issued.item.order.version) == ("blocked", "", 3)


def test_the_clock_and_the_tills_do_not_get_stuck():
    brand = make_brand()
    token = token_for(brand)
    order = set_status(make_order(brand, quantity=6), "paid")
    codes = list(brand.passes.order_by("pk").values_list("qr_code", flat=True))
    over = brand.passes.filter(qr_code__in=codes[:3])
    over.update(expiration_date=timezone.now())
    redeeming = [
        lambda code=code: Api(brand, token).post(f"/passes/{code}/redeem", TILL).status_code for code in reversed(codes)
    ]
    found = at_once(expire_passes, *redeeming, expire_passes)
    assert found[0] + found[-1] == 3
    assert found[1:-1] == [200] * 3 + [409] * 3
    order.refresh_from_db()
    assert {one.status for one in over} == {"expired"}
    assert order.version in {6, 7, 8}  # three redeemed, and the clock once, or as often as it came between
