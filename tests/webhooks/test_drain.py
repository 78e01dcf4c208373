"""The drain under load: what it reads of a long queue, and whom a slow receiver keeps waiting."""

import json
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from bench.support.rows import make_brand, publish_all
from tests import making
from webhooks import delivery, services, statements
from webhooks.models import Call, Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def blocks_read(limit=32):
    """The blocks that a claim touches, by PostgreSQL's own account; nothing stays claimed."""
    with transaction.atomic(), connection.cursor() as cursor:
        parameters = {"limit": limit, "lease": 45}
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statements.CLAIM}", parameters)
        [[plan]] = cursor.fetchall()
        transaction.set_rollback(True)
    found = json.loads(plan) if isinstance(plan, str) else plan
    assert found[0]["Plan"]["Actual Rows"] == limit
    return found[0]["Plan"]["Shared Hit Blocks"] + found[0]["Plan"]["Shared Read Blocks"]


def wait_for(what):
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_claim_reads_no_more_of_a_long_queue():
    brand, _key = make_brand([f"http://127.0.0.1:9/{at}" for at in range(4)], orders=4_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE webhooks_delivery, webhooks_endpoint")  # when nothing is pending, as usual
    publish_all(brand)
    long = blocks_read(limit=16)
    assert Delivery.objects.filter(state="pending").count() == 4_000
    chosen = Delivery.objects.filter(state="pending").order_by("pk").values_list("pk", flat=True)[200:]
    Delivery.objects.filter(pk__in=list(chosen)).update(state="canceled")
    short = blocks_read(limit=16)
    assert long < 3 * short


@pytest.fixture
def held(receiver, monkeypatch):
    """A drain that waits for an answer of five seconds, and looks for more only when there is word of it."""
    monkeypatch.setattr(delivery, "LOOK_AGAIN", 60.0)
    brand = making.make_brand()
    making.make_endpoint(brand, url=f"{receiver.url}/slow?delay=5")
    order = making.make_order(brand)
    thread = threading.Thread(target=drain_and_close)
    thread.start()
    wait_for(lambda: Call.objects.filter(outcome="started").exists())
    yield order
    thread.join(30)
    assert Delivery.objects.get(order_uuid=order.uuid).state == "delivered"


def drain_and_close():
    delivery.drain()
    connection.close()


def test_word_of_more_is_heard_beside_a_slow_call(held, receiver):
    other = making.make_brand()
    making.make_endpoint(other, url=f"{receiver.url}/quick")
    order = making.make_order(other)
    assert delivery.drain() == 0  # one drain at a time: this one only leaves word
    wait_for(lambda: Delivery.objects.get(order_uuid=order.uuid).state == "delivered")
    assert Delivery.objects.get(order_uuid=held.uuid).state == "sending"


def test_what_a_lost_worker_held_comes_back_beside_a_slow_call(held, receiver):
    other = making.make_brand()
    making.make_endpoint(other, url=f"{receiver.url}/quick")
    order = making.make_order(other)
    lost = {"state": "sending", "attempts": 1, "lease_token": uuid4()}
    told = Delivery.objects.filter(order_uuid=order.uuid)
    told.update(**lost, lease_until=timezone.now() - timedelta(seconds=1))
    delivery.drain()
    wait_for(lambda: told.get().state == "delivered")
    assert told.get().attempts == 2
    assert Delivery.objects.get(order_uuid=held.uuid).state == "sending"


def test_a_healthy_endpoint_is_not_written_when_a_call_ends(receiver):
    brand = making.make_brand()
    endpoint, _key = making.make_endpoint(brand, url=receiver.url)
    making.make_order(brand)
    [claimed] = delivery.claim(10)
    before = row_version(endpoint)
    delivery.finish([delivery.attempt(claimed)])
    assert Delivery.objects.get().state == "delivered"
    assert row_version(endpoint) == before


def test_an_endpoint_that_recovers_has_a_clean_record(receiver):
    brand = making.make_brand()
    endpoint, _key = making.make_endpoint(brand, url=receiver.url)
    making.make_order(brand)
    Endpoint.objects.update(failures_in_a_row=7, times_opened=2, failing_since=timezone.now(), warnings_sent=1)
    delivery.drain()
    endpoint.refresh_from_db()
    record = (endpoint.failures_in_a_row, endpoint.times_opened, endpoint.failing_since, endpoint.warnings_sent)
    assert record == (0, 0, None, 0)


def test_canceling_waits_for_no_worker():
    brand = making.make_brand()
    endpoint, _key = making.make_endpoint(brand)
    for _ in range(3):
        making.make_order(brand)
    taken = Delivery.objects.order_by("pk").first()
    worker = connection.copy()
    try:
        with transaction.atomic(), worker.cursor() as claiming, connection.cursor() as cursor:
            claiming.execute("BEGIN")
            claiming.execute("SELECT id FROM webhooks_delivery WHERE id = %s FOR UPDATE", [taken.pk])
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            assert services.cancel_pending(endpoint.deliveries.all()) == 2
    finally:
        worker.close()
    assert Delivery.objects.get(state="pending") == taken
    assert Delivery.objects.filter(state="canceled").count() == 2


def row_version(endpoint):
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text, ctid::text FROM webhooks_endpoint WHERE id = %s", [endpoint.pk])
        return cursor.fetchone()
