"""Deliveries a second of the real engine, for bench/webhooks.py: each a process in which Django is set up.

    python -m bench.support.rates kept URL ROUNDS              kept connections, in turns with the bare HTTP client
    python -m bench.support.rates fresh ROUNDS STRANGER URL…   a new TLS connection for each delivery

Prints the figures as JSON.
"""

import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402 -- models need the set-up
from django.db import connection  # noqa: E402

from bench.support.machine import cpu_seconds  # noqa: E402
from bench.support.rows import make_brand, publish_all  # noqa: E402
from shops.models import Brand  # noqa: E402
from webhooks import delivery, transport  # noqa: E402
from webhooks.signing import headers_of  # noqa: E402

ENDPOINTS = 32
EACH_ROUND = 1_000  # deliveries


class Spent(NamedTuple):
    """What so many deliveries took: seconds, of which this process and its PostgreSQL backend were at work."""

    count: int
    seconds: float
    own: float
    postgres: float | None  # None where PostgreSQL does not run on this machine

    @property
    def rate(self) -> float:
        """Deliveries a second."""
        return self.count / self.seconds


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def drained(brand: Brand, count: int) -> Spent:
    """The product: claimed, signed, sent and written down by `delivery.drain`, until nothing is left."""
    publish_all(brand)
    backend = _backend()
    before, own, started = cpu_seconds(backend), time.process_time(), time.perf_counter()
    calls = delivery.drain()
    seconds, own, after = time.perf_counter() - started, time.process_time() - own, cpu_seconds(backend)
    if calls != count or brand.deliveries.exclude(state="delivered").exists():
        raise RuntimeError(f"{calls} calls were made of {count}, or not all arrived")
    postgres = None if before is None or after is None else after - before
    return Spent(count, seconds, own, postgres)


def bare(urls: list[str], key: str) -> Spent:
    """The limit: the same client in as many threads, signed beforehand and written down nowhere."""
    body = json.dumps({"order_id": str(uuid4()), "brand_id": str(uuid4()), "order_status": "paid"}).encode()
    headers = headers_of([key], str(uuid4()), int(time.time()), body)
    own, started = time.process_time(), time.perf_counter()
    with ThreadPoolExecutor(settings.WEBHOOK_CONCURRENCY) as pool:
        addresses = [urls[at % len(urls)] for at in range(EACH_ROUND)]
        answers = list(pool.map(lambda url: transport.post(url, body, headers), addresses))
    seconds, own = time.perf_counter() - started, time.process_time() - own
    if any(answer.status != 200 for answer in answers):  # noqa: PLR2004 -- HTTP's success
        raise RuntimeError("the receiver refused a call")
    return Spent(EACH_ROUND, seconds, own, None)


def kept(receiver: str, rounds: int) -> dict[str, float]:
    """The product beside the bare client, in turns; the first turn only warms up."""
    urls = [f"{receiver}/{at}" for at in range(ENDPOINTS)]
    brand, key = make_brand(urls, orders=EACH_ROUND, calls_at_once=settings.WEBHOOK_CONCURRENCY)
    pairs = [(drained(brand, EACH_ROUND), bare(urls, key)) for _turn in range(rounds + 1)][1:]
    return {
        "delivery_ratio": round(statistics.median(ours.rate / limit.rate for ours, limit in pairs), 3),
        "delivery_ratio_cpu": round(statistics.median(limit.own / ours.own for ours, limit in pairs), 3),
        "deliveries_per_s": round(statistics.median(ours.rate for ours, _limit in pairs)),
        "bare_per_s": round(statistics.median(limit.rate for _ours, limit in pairs)),
    }


def fresh(urls: list[str], rounds: int) -> dict[str, float | None]:
    """Each host once in a round, so that no connection can be used twice."""
    brand, _key = make_brand(urls, orders=len(urls))
    spent = [drained(brand, len(urls)) for _turn in range(rounds + 1)][1:]
    own = statistics.median(one.own / one.count for one in spent)
    postgres = [one.postgres / one.count for one in spent if one.postgres is not None]
    database = statistics.median(postgres) if postgres else None
    return {
        "fresh_tls_per_core": round(1 / own),
        "fresh_tls_per_core_with_postgres": None if database is None else round(1 / (own + database)),
        "fresh_tls_per_s": round(statistics.median(one.rate for one in spent)),
        "fresh_tls_ms_own": round(1000 * own, 2),
        "fresh_tls_ms_postgres": None if database is None else round(1000 * database, 2),
    }


def assert_verified(stranger: str) -> None:
    """Certificates are verified: one of an authority that nobody trusts is refused."""
    try:
        transport.post(stranger, b"{}", {})
    except transport.NoAnswer as error:
        words = transport.in_words(error)
    else:
        words = "an answer"
    if words != "The receiver's certificate could not be verified.":
        raise RuntimeError(f"a certificate that nobody trusts should be refused, and there was: {words}")


def main() -> None:
    """Measure and print."""
    what, *rest = sys.argv[1:]
    if what == "kept":
        receiver, rounds = rest
        figures: dict[str, float | None] = {**kept(receiver, int(rounds))}
    else:
        rounds, stranger, *urls = rest
        assert_verified(stranger)
        figures = fresh(urls, int(rounds))
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
