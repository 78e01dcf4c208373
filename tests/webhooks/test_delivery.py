"""From claim to log, against a real receiver."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from orders.services import set_status
from tests.making import make_brand, make_endpoint, make_order
from webhooks import delivery
from webhooks.models import Call, Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(receiver):
    """A brand whose endpoint is the receiver."""
    brand = make_brand()
    _endpoint, key = make_endpoint(brand, url=f"{receiver.url}/hook")
    receiver.knows(key)
    return brand


@pytest.fixture
def due_now(settings):
    """A schedule of three attempts that waits for nobody."""
    settings.WEBHOOK_RETRY_INTERVALS = [0.0, 0.0]


def test_a_status_arrives_signed_both_ways_and_is_logged(shop, receiver):
    order = make_order(shop)
    assert delivery.drain() == 1
    [call] = receiver.calls()
    sent = Delivery.objects.get()
    headers = {name.lower(): value for name, value in call["headers"].items()}
    assert call["body"] == f'{{"order_id":"{order.uuid}","brand_id":"{shop.uuid}","order_status":"open"}}'
    assert call["verified"] == {"wllt-signature": True, "webhook-signature": True}
    assert headers["wllt-message-id"] == headers["webhook-id"] == str(sent.uuid)
    assert headers["content-type"] == "application/json"
    assert "cookie" not in headers
    logged = Call.objects.get()
    assert (sent.state, sent.attempts, sent.lease_token, logged.outcome, logged.http_status_code) == (
        "delivered",
        1,
        None,
        "ok",
        200,
    )
    assert (logged.attempt, logged.interval, logged.remote_ip, logged.trigger) == (1, 0, "127.0.0.1", "auto")
    assert logged.finished_at >= logged.started_at
    assert "Content-Type: " in logged.response_headers


def test_events_of_an_order_arrive_in_order(shop, receiver):
    for _ in range(5):
        set_status(make_order(shop), "paid")
    assert delivery.drain() == 10
    seen = {}
    for call in receiver.calls():
        seen.setdefault(call["body"][13:49], []).append(call["body"].split('"')[-2])
    assert list(seen.values()) == [["open", "paid"]] * 5


def test_a_retry_keeps_its_message_id(shop, receiver, due_now):
    Endpoint.objects.update(url=f"{receiver.url}/hook?status=500&times=1")
    make_order(shop)
    delivery.drain()
    assert Delivery.objects.get().state == "delivered"
    assert list(Call.objects.order_by("attempt").values_list("attempt", "http_status_code", "outcome")) == [
        (1, 500, "failed"),
        (2, 200, "ok"),
    ]
    ids = [call["headers"] for call in receiver.calls()]
    assert len({next(v for k, v in headers.items() if k.lower() == "wllt-message-id") for headers in ids}) == 1


def test_the_schedule_is_kept_and_ends(shop, receiver, settings):
    settings.WEBHOOK_RETRY_INTERVALS = [60.0, 600.0]
    Endpoint.objects.update(url=f"{receiver.url}/hook?status=503")
    make_order(shop)
    for wait in (60, 600, None):
        before = timezone.now()
        assert delivery.drain() == 1
        sent = Delivery.objects.get()
        if wait:
            assert (sent.state, sent.interval) == ("pending", wait)
            assert wait <= (sent.due_at - before).total_seconds() <= wait * 1.1 + 5
            assert delivery.drain() == 0
            Delivery.objects.update(due_at=timezone.now())
    assert (sent.state, sent.attempts) == ("exhausted", 3)
    assert sent.done_at is not None
    assert list(Call.objects.order_by("attempt").values_list("interval", flat=True)) == [0, 60, 600]


def test_news_waits_for_older_news_of_the_same_order(shop, receiver, settings):
    settings.WEBHOOK_RETRY_INTERVALS = [60.0] * 5
    Endpoint.objects.update(url=f"{receiver.url}/hook?status=500&times=4")
    set_status(make_order(shop), "paid")
    assert delivery.drain() == 1
    assert delivery.drain() == 0
    for _ in range(2):
        Delivery.objects.filter(version=1).update(due_at=timezone.now())
        delivery.drain()
    assert Delivery.objects.get(version=2).attempts == 1


def test_an_endpoint_that_is_down_holds_up_nobody_else(shop, receiver):
    make_endpoint(shop, url="http://127.0.0.1:9/nobody")
    make_order(shop)
    delivery.drain()
    assert len(receiver.calls()) == 1
    failed = Call.objects.get(outcome="failed")
    assert (failed.http_status_code, failed.response) == (None, "No connection, or it broke off.")


def test_a_lost_worker_is_noticed_and_its_work_done_again(shop, receiver):
    make_order(shop)
    [lost] = delivery.claim(10)
    assert delivery.claim(10) == []
    delivery.give_back()
    assert Delivery.objects.get().state == "sending"
    Delivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert delivery.drain() == 1
    assert Delivery.objects.get().state == "delivered"
    assert list(Call.objects.order_by("attempt").values_list("outcome", flat=True)) == ["unknown", "ok"]

    delivery.finish([delivery.attempt(lost)])  # the lost worker comes back, late
    assert Delivery.objects.get().state == "delivered"
    assert list(Call.objects.order_by("attempt").values_list("outcome", flat=True)) == ["ok", "ok"]
    assert {
        call["headers"].get("wllt-message-id") or call["headers"].get("Wllt-Message-Id") for call in receiver.calls()
    } == {str(lost.uuid)}


def test_finishing_twice_changes_nothing_more(shop):
    make_order(shop)
    [claimed] = delivery.claim(10)
    result = delivery.attempt(claimed)
    delivery.finish([result])
    before = list(Delivery.objects.values()), list(Call.objects.values())
    delivery.finish([result])
    assert (list(Delivery.objects.values()), list(Call.objects.values())) == before


def test_no_transaction_is_open_while_sending(shop, monkeypatch):
    make_order(shop)
    seen = []
    real = delivery.attempt
    monkeypatch.setattr(delivery, "attempt", lambda claimed: seen.append(in_transaction()) or real(claimed))

    def in_transaction():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE state LIKE 'idle in transaction%%' AND datname = current_database()"
            )
            found = cursor.fetchone()[0]
        connection.close()
        return found

    delivery.drain()
    assert seen == [0]


def test_an_endpoint_has_so_many_calls_at_once(shop):
    Endpoint.objects.update(concurrency=2)
    for _ in range(5):
        make_order(shop)
    assert len(delivery.claim(10)) == 2
    assert delivery.claim(10) == []


def test_an_inactive_endpoint_is_left_alone(shop):
    make_order(shop)
    Endpoint.objects.update(is_active=False)
    assert delivery.drain() == 0
    assert Delivery.objects.get().state == "pending"


def test_two_drains_send_each_once(shop, receiver):
    for _ in range(20):
        make_order(shop)
    with transaction.atomic():
        held = delivery.claim(3)
        assert len(held) == 3
        transaction.set_rollback(True)
    assert delivery.drain() == 20
    assert len(receiver.calls()) == 20


def test_the_pump_needs_no_broker(shop, receiver):
    make_order(shop)
    call_command("webhook_pump", "--once")
    assert len(receiver.calls()) == 1


@pytest.mark.parametrize(
    ("networks", "url"),
    [
        ([], "http://127.0.0.1:1/"),
        ([], "http://localhost:1/"),
        ([], "http://[::1]:1/"),
        ([], "http://2130706433:1/"),
        ([], "http://169.254.169.254/latest/meta-data/"),
        ([], "http://[::ffff:127.0.0.1]:1/"),
        ([], "ftp://example.com/"),
        ([], "http://user:pass@8.8.8.8/"),
    ],
)
def test_a_forbidden_address_is_not_called(settings, networks, url):
    brand = make_brand()
    make_endpoint(brand)
    make_order(brand)
    Endpoint.objects.update(url=url)  # as if the name had changed its mind since
    settings.WEBHOOK_ALLOWED_NETWORKS = networks
    delivery.drain()
    call = Call.objects.get()
    assert (call.outcome, call.http_status_code) == ("blocked", None)
    assert "127.0.0.1" not in call.response


def test_only_the_ports_of_the_setting(settings, receiver):
    brand = make_brand()
    make_endpoint(brand, url=receiver.url)
    make_order(brand)
    settings.WEBHOOK_ALLOWED_PORTS = ["80", "443"]
    delivery.drain()
    assert Call.objects.get().outcome == "blocked"
    assert receiver.calls() == []


def test_an_answer_is_cut_and_cleaned(shop, receiver):
    make_order(shop)
    delivery.drain()
    assert len(Call.objects.get().response) <= 1000
