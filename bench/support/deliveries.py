"""What bench/webhooks.py measures, in a process in which Django is set up. Prints the figures as JSON."""

import json
import statistics
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402 -- models need the set-up
from django.db import connection  # noqa: E402

from orders import bulk, services  # noqa: E402
from shops.models import Brand, Member  # noqa: E402
from webhooks import delivery, transport  # noqa: E402
from webhooks.services import add_endpoint  # noqa: E402
from webhooks.signing import headers_of  # noqa: E402

ENDPOINTS = 32
EACH_ROUND = 1_000  # deliveries
ORDERS_PLACED = 50

PUBLISH = """
WITH orders AS (
    SELECT id, uuid, row_number() OVER (ORDER BY id) AS n FROM orders_order WHERE brand_id = %(brand)s
), events AS (
    INSERT INTO webhooks_event (brand_id, uuid, order_uuid, order_status, version, body)
    SELECT %(brand)s, gen_random_uuid(), uuid, 'paid', %(version)s,
        convert_to(json_build_object('order_id', uuid, 'order_status', 'paid')::text, 'UTF8') FROM orders
    RETURNING id, order_uuid
), endpoints AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM webhooks_endpoint WHERE brand_id = %(brand)s AND is_active
)
INSERT INTO webhooks_delivery
    (brand_id, uuid, event_id, endpoint_id, order_uuid, version, state, attempts, interval)
SELECT %(brand)s, gen_random_uuid(), events.id, endpoints.id, events.order_uuid, %(version)s, 'pending', 0, 0
FROM events JOIN orders ON orders.uuid = events.order_uuid
JOIN endpoints ON endpoints.n = orders.n %% (SELECT count(*) FROM endpoints)
"""


def make_brand(receiver: str) -> tuple[Brand, str]:
    """A brand with orders and with endpoints that may all be called at once; returns a key too."""
    brand = Brand.objects.create(slug="bench-webhooks", name="Bench")
    bulk.seed_orders(brand, EACH_ROUND, seed=1)
    for at in range(ENDPOINTS):
        endpoint, key = add_endpoint(brand, url=f"{receiver}/{at}", is_validated=True)
        endpoint.concurrency = settings.WEBHOOK_CONCURRENCY
        endpoint.save(update_fields=["concurrency"])
    return brand, key


def drained(brand: Brand, version: int) -> float:
    """Deliveries a second of the product: claimed, signed, sent and written down."""
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH, {"brand": brand.pk, "version": version})
    started = time.perf_counter()
    calls = delivery.drain(600)
    seconds = time.perf_counter() - started
    if calls != EACH_ROUND or brand.deliveries.exclude(state="delivered").exists():
        raise RuntimeError(f"{calls} calls were made of {EACH_ROUND}")
    return calls / seconds


def bare(receiver: str, key: str) -> float:
    """Calls a second of the same client in as many threads, signed beforehand and written down nowhere."""
    body = json.dumps({"order_id": str(uuid4()), "order_status": "paid"}).encode()
    headers = headers_of([key], str(uuid4()), int(time.time()), body)
    started = time.perf_counter()
    with ThreadPoolExecutor(settings.WEBHOOK_CONCURRENCY) as pool:
        addresses = [f"{receiver}/{at % ENDPOINTS}" for at in range(EACH_ROUND)]
        answers = list(pool.map(lambda url: transport.post(url, body, headers), addresses))
    if any(answer.status != 200 for answer in answers):  # noqa: PLR2004 -- HTTP's success
        raise RuntimeError("the receiver refused a call")
    return EACH_ROUND / (time.perf_counter() - started)


def throughput(brand: Brand, receiver: str, key: str, rounds: int) -> dict[str, float]:
    """The product beside the bare client, in turns."""
    pairs = [(drained(brand, 100 + turn), bare(receiver, key)) for turn in range(rounds + 1)][1:]
    return {
        "delivery_ratio": round(statistics.median(ours / limit for ours, limit in pairs), 3),
        "deliveries_per_s": round(statistics.median(ours for ours, _limit in pairs)),
        "bare_per_s": round(statistics.median(limit for _ours, limit in pairs)),
    }


def latency(brand: Brand, receiver: str) -> dict[str, float]:
    """Milliseconds from asking for an order until the receiver has its `open`, through Redis and a Celery worker."""
    brand.endpoints.exclude(pk=brand.endpoints.filter(is_active=True).first().pk).update(is_active=False)
    coupon = brand.coupons.select_related("brand").first()
    member = Member.objects.select_related("brand").filter(brand=brand).first()
    placed = {}
    for _ in range(ORDERS_PLACED + 5):
        started = time.time()
        placed[str(services.place_order(member, [(coupon, 1)]).uuid)] = started
        time.sleep(0.15)
    time.sleep(5)
    with urllib.request.urlopen(f"{receiver}/times") as answer:  # noqa: S310 -- our own receiver
        arrived = json.loads(answer.read())
    took = [1000 * (arrived[order] - started) for order, started in placed.items() if order in arrived][5:]
    cuts = statistics.quantiles(took, n=20, method="inclusive")
    return {
        "publish_to_receive_p50_ms": round(cuts[9], 1),
        "publish_to_receive_p95_ms": round(cuts[18], 1),
        "received": len(took),
    }


def main() -> None:
    """Measure and print."""
    receiver, rounds = sys.argv[1], int(sys.argv[2])
    brand, key = make_brand(receiver)
    print(json.dumps(throughput(brand, receiver, key, rounds)), flush=True)
    sys.stdin.readline()  # until the worker is up; before, it would have taken its share
    print(json.dumps(latency(brand, receiver)), flush=True)


if __name__ == "__main__":
    main()
