"""How the engine treats endpoints that fail, wish, leave, or share a worker."""

import threading
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from accounts.encryption import encrypt
from orders.services import set_status
from tests.making import make_brand, make_coupon, make_endpoint, make_member, make_order
from webhooks import delivery
from webhooks.delivery import retry_after, wait_after
from webhooks.models import Call, Delivery, Endpoint
from webhooks.services import new_key
from webhooks.transport import Answer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(receiver):
    brand = make_brand()
    _endpoint, key = make_endpoint(brand, url=f"{receiver.url}/hook")
    receiver.knows(key)
    return brand


def place(brand, count):
    member, coupon = make_member(brand), make_coupon(brand)
    return [make_order(brand, member=member, coupon=coupon) for _ in range(count)]


def due():
    Delivery.objects.filter(state="pending").update(due_at=timezone.now())


def test_a_breaker_opens_after_five_failures_and_consumes_no_attempts(shop, receiver, settings):
    Endpoint.objects.update(url=f"{receiver.url}/hook?status=500", concurrency=1)
    place(shop, 8)
    assert delivery.drain() == 5
    endpoint = Endpoint.objects.get()
    assert (endpoint.failures_in_a_row, endpoint.times_opened) == (5, 1)
    assert 25 < (endpoint.open_until - timezone.now()).total_seconds() <= 30
    due()
    assert delivery.drain() == 0
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1, 1, 1, 1, 1]

    Endpoint.objects.update(open_until=timezone.now())  # half a minute later: one probe
    assert delivery.drain() == 1
    endpoint.refresh_from_db()
    assert endpoint.times_opened == 2
    assert 55 < (endpoint.open_until - timezone.now()).total_seconds() <= 60

    Endpoint.objects.update(open_until=timezone.now(), url=f"{receiver.url}/hook", concurrency=4)
    due()
    assert delivery.drain() == 8
    endpoint.refresh_from_db()
    assert (endpoint.failures_in_a_row, endpoint.times_opened, endpoint.open_until, endpoint.failing_since) == (
        0,
        0,
        None,
        None,
    )
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_only_one_probe_goes_out(shop):
    Endpoint.objects.update(failures_in_a_row=7, concurrency=4)
    place(shop, 3)
    assert len(delivery.claim(10)) == 1
    assert delivery.claim(10) == []


def test_gone_disables_and_keeps_what_is_pending(shop, receiver):
    Endpoint.objects.update(url=f"{receiver.url}/hook?status=410", concurrency=1)
    place(shop, 3)
    assert delivery.drain() == 1
    endpoint = Endpoint.objects.get()
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, "The receiver answered 410 Gone.")
    assert endpoint.disabled_at is not None
    assert Delivery.objects.filter(state="pending").count() == 3


def answer(status, header):
    return Answer(status, b"", None, header)


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        (503, "100", 100.0),
        (429, "100", 100.0),
        (503, "1", 5.0),
        (503, "999999", 21600.0),
        (503, "9" * 400, 21600.0),
        (503, "soon", 5.0),
        (503, "", 5.0),
        (500, "100", 5.0),
        (200, "100", 5.0),
    ],
)
def test_a_busy_receiver_may_ask_for_time(settings, status, header, wait):
    settings.WEBHOOK_RETRY_INTERVALS = [5.0]
    assert wait_after(1, answer(status, header), 0.0) == wait
    assert wait_after(2, answer(status, header), 0.0) is None


def test_retry_after_may_be_a_date():
    now = timezone.now()
    later = format_datetime(now + timedelta(seconds=90), usegmt=False)
    assert 88 < retry_after(later, now.timestamp()) <= 90
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now.timestamp()) == 0.0
    assert retry_after("Wed, 99 Oct 2015 07:28:00 GMT", now.timestamp()) == 0.0


def test_two_keys_sign_while_a_rotation_lasts(shop, receiver):
    old, new = new_key(), new_key()
    until = timezone.now() + timedelta(hours=1)
    Endpoint.objects.update(encrypted_key=encrypt(new), previous_key=encrypt(old), previous_key_until=until)
    make_order(shop)
    delivery.drain()
    call = receiver.calls()[-1]
    assert len(call["headers"]["webhook-signature"].split(" ")) == 2
    for key in (old, new):
        Webhook(key).verify(call["body"], call["headers"])
    Endpoint.objects.update(previous_key_until=timezone.now())
    make_order(shop)
    delivery.drain()
    assert len(receiver.calls()[-1]["headers"]["webhook-signature"].split(" ")) == 1


def test_the_extra_headers(shop, receiver, settings):
    settings.WEBHOOK_RETRY_INTERVALS = [0.0]
    Endpoint.objects.update(url=f"{receiver.url}/hook?status=500&times=1")
    order = make_order(shop)
    delivery.drain()
    set_status(order, "paid")
    delivery.drain()
    seen = [call["headers"] for call in receiver.calls()]
    assert [(h["wllt-order-version"], h["wllt-attempt"]) for h in seen] == [("1", "1"), ("1", "2"), ("2", "1")]
    assert all(h["wllt-sent-at"].endswith("Z") for h in seen)
    assert all(h["webhook-timestamp"].isdecimal() for h in seen)


def test_time_is_the_databases(shop, receiver, monkeypatch):
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 86_400)  # this worker's clock is a day ahead
    make_order(shop)
    delivery.drain()
    assert abs(int(receiver.calls()[0]["headers"]["webhook-timestamp"]) - real()) < 30


def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_sent(shop, receiver, settings, monkeypatch):
    settings.WEBHOOK_CONCURRENCY = 2
    monkeypatch.setattr(delivery, "_stopping", threading.Event())
    Endpoint.objects.update(url=f"{receiver.url}/hook?delay=0.5", concurrency=10)
    place(shop, 10)
    threading.Timer(0.2, delivery.stop).start()
    delivery.drain()
    states = sorted(Delivery.objects.values_list("state", "attempts"))
    assert states == [("delivered", 1)] * 2 + [("pending", 0)] * 8
    assert Call.objects.count() == 2
    assert len(receiver.calls()) == 2
    assert delivery.drain() == 0


def test_brands_take_turns(shop, receiver):
    big, small = shop, make_brand()
    Endpoint.objects.update(concurrency=50)
    place(big, 40)
    make_endpoint(small, url=f"{receiver.url}/small")
    place(small, 1)
    claimed = delivery.claim(8)
    assert len(claimed) == 8
    assert f"{receiver.url}/small" in {one.url for one in claimed}


def test_first_attempts_come_before_retries(shop):
    place(shop, 3)
    Delivery.objects.update(attempts=1)
    fresh, _key = make_endpoint(shop, url="http://127.0.0.1:9/fresh")
    place(shop, 1)
    Delivery.objects.exclude(endpoint=fresh).filter(attempts=0).delete()
    [claimed] = delivery.claim(1)
    assert (claimed.attempt, claimed.url) == (1, fresh.url)


def test_a_slow_endpoint_takes_its_own_places_only(shop, receiver):
    fast = make_brand()
    make_endpoint(fast, url=f"{receiver.url}/fast")
    Endpoint.objects.filter(brand=shop).update(url=f"{receiver.url}/slow?delay=1", concurrency=2)
    place(shop, 6)
    place(fast, 6)
    claimed = delivery.claim(32)
    assert sorted(one.url.rsplit("/", 1)[1] for one in claimed) == ["fast"] * 4 + ["slow?delay=1"] * 2
