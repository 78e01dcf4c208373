"""How long news takes to its receiver, through Redis and Celery's worker, for bench/webhooks.py.

python -m bench.support.waits URL, with a worker beside it. Prints the figures as JSON.
"""

import json
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import django

django.setup()

from celery import current_app  # noqa: E402 -- after Django's set-up
from django.db import transaction  # noqa: E402
from django.db.models import Q  # noqa: E402

from bench.support.rows import make_brand, publish_all  # noqa: E402
from orders import services  # noqa: E402
from shops.models import Brand  # noqa: E402
from webhooks.services import cancel_pending, publish  # noqa: E402
from webhooks.tasks import hint  # noqa: E402

ORDERS_PLACED = 50
FAST, SECONDS = 100, 20  # endpoints that get a message each second; of a run
FAST_MS = 5  # until they answer
PUBLISHERS = 4  # threads: each waits for the disk
SLOW_PER_S, SLOW_MS = 5, 5_000
QUEUED, QUEUED_ENDPOINTS, QUEUED_MS = 50_000, 8, 100
OTHERS = 10  # brands that publish their first while the queue is there
PATIENCE = 60.0  # seconds
LATE = 1.0  # seconds behind its plan within which a run counts, at the 95th percentile

SENT = Q(state="delivered", endpoint__is_active=True)  # not what was made up with the orders
Times = dict[str, float]


class Inbox:
    """What has arrived at the receiver, and when."""

    def __init__(self, receiver: str) -> None:
        self.address = f"{receiver}/times"
        self.times: Times = {}

    def look(self) -> Times:
        """Everything so far."""
        with urllib.request.urlopen(self.address) as answer:  # noqa: S310 -- our own receiver
            self.times |= json.loads(answer.read())
        return self.times

    def wait(self, orders: set[str], pause: float = 0.2) -> Times:
        """Wait until the news of all these orders are there. Raises RuntimeError when they never are."""
        wait_until(lambda: orders <= self.look().keys(), "not all messages arrived", pause)
        return self.times


class Teller:
    """Publishes news of a brand's orders, each time of another one."""

    def __init__(self, url: str, *, orders: int) -> None:
        self.brand, _key = make_brand([url], orders=orders)
        self.orders = list(self.brand.orders.values_list("uuid", flat=True))

    def tell(self) -> str:
        """Publish, as the product does; the order's identifier."""
        order = self.orders.pop()
        with transaction.atomic():
            publish(self.brand, order_uuid=order, order_status="paid", version=100)
        return str(order)


def percentile(values: list[float], percent: int) -> float:
    """So many percent of the values are no greater."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def latency(inbox: Inbox, receiver: str) -> dict[str, float]:
    """Milliseconds from asking for an order until the receiver has its `open`."""
    brand, _key = make_brand([f"{receiver}/latency"], orders=1)
    coupon = brand.coupons.select_related("brand").first()
    member = brand.members.select_related("brand").first()
    placed = {}
    for _ in range(ORDERS_PLACED + 5):
        started = time.time()
        placed[str(services.place_order(member, [(coupon, 1)]).uuid)] = started
        time.sleep(0.15)
    arrived = inbox.wait(set(placed))
    took = [1000 * (arrived[order] - started) for order, started in placed.items()][5:]
    return {
        "publish_to_receive_p50_ms": round(percentile(took, 50), 1),
        "publish_to_receive_p95_ms": round(percentile(took, 95), 1),
    }


class Run(NamedTuple):
    """What became of a plan."""

    took: list[float]  # milliseconds from publishing each message until it was there
    late: list[float]  # seconds from when each was to be published until it was


class Told(NamedTuple):
    """A message that was published."""

    order: str
    at: float  # the moment before it was published
    late: float


def tell_late(teller: Teller, due: float) -> Told:
    """Publish now what was due then."""
    at = time.time()
    return Told(teller.tell(), at, at - due)


def open_loop(inbox: Inbox, fast: list[Teller], slow: Teller | None) -> Run:
    """A message to each fast endpoint every second, whatever becomes of those before, and more to a slow one."""
    plan = [(second + at / len(fast), teller) for second in range(SECONDS) for at, teller in enumerate(fast)]
    if slow:
        plan += [(at / SLOW_PER_S, slow) for at in range(SECONDS * SLOW_PER_S)]
    began, published = time.time() + 0.5, []
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        for after, teller in sorted(plan, key=lambda step: step[0]):
            time.sleep(max(0.0, began + after - time.time()))
            future = pool.submit(tell_late, teller, began + after)
            if teller is not slow:
                published.append(future)
    told = [future.result() for future in published]
    arrived = inbox.wait({one.order for one in told})
    return Run([1000 * (arrived[one.order] - one.at) for one in told], [one.late for one in told])


def beside_slow(inbox: Inbox, receiver: str) -> dict[str, float | None]:
    """The fast ones alone, beside an endpoint that answers after five seconds, and alone again."""
    fast = [Teller(f"{receiver}/after/{FAST_MS}/{at}", orders=3 * SECONDS) for at in range(FAST)]
    slow = Teller(f"{receiver}/after/{SLOW_MS}/slow", orders=SLOW_PER_S * SECONDS)
    before = open_loop(inbox, fast, None)
    beside = open_loop(inbox, fast, slow)
    answered = slow.brand.deliveries.filter(SENT).count()
    if answered < 2 * SECONDS * 1000 // SLOW_MS:  # two at a time; there are places for four
        raise RuntimeError("the slow endpoint was not kept busy")
    quiet(slow.brand)
    after = open_loop(inbox, fast, None)
    alone, loaded = percentile(before.took + after.took, 95), percentile(beside.took, 95)
    late = max(percentile(run.late, 95) for run in (before, beside, after))
    return {
        # A machine that cannot even publish by the plan does not measure what was meant.
        "fast_p95_added_ms": round(loaded - alone, 1) if late < LATE else None,
        "fast_p95_alone_ms": round(alone, 1),
        "fast_p95_beside_ms": round(loaded, 1),
        "fast_plan_late_s": round(late, 2),
        "slow_answered": answered,
    }


def beside_queue(inbox: Inbox, receiver: str) -> dict[str, float]:
    """Seconds until the first message of another brand is there, while one brand has 50,000 queued: the slowest."""
    others = [Teller(f"{receiver}/other/{at}", orders=1) for at in range(OTHERS)]
    queued, _key = make_brand([f"{receiver}/after/{QUEUED_MS}/{at}" for at in range(QUEUED_ENDPOINTS)], orders=QUEUED)
    publish_all(queued)
    hint()
    wait_until(queued.deliveries.filter(SENT).exists, "nobody sends the queue")
    began, sent = time.monotonic(), queued.deliveries.filter(SENT).count()
    time.sleep(3)  # until the worker is in the midst of it
    took = [_first(inbox, other) for other in others]
    sent = queued.deliveries.filter(SENT).count() - sent
    rate = sent / (time.monotonic() - began)
    left = queued.deliveries.filter(state="pending").count()
    quiet(queued)
    if left < QUEUED // 2:
        raise RuntimeError("the queue was half empty before the other brands were served")
    return {
        "other_brand_first_s": round(max(took), 3),
        "other_brand_first_p50_s": round(statistics.median(took), 3),
        "queued_left": left,
        "queue_per_s": round(rate),
    }


def _first(inbox: Inbox, other: Teller) -> float:
    started = time.time()
    order = other.tell()
    took = inbox.wait({order}, pause=0.05)[order] - started
    time.sleep(0.5)
    return took


def quiet(brand: Brand) -> None:
    """Give up what still waits of a brand, and wait until what is in flight has landed."""
    cancel_pending(brand.deliveries.all())
    wait_until(lambda: not brand.deliveries.filter(state="sending").exists(), "the calls in flight never land")


def wait_until(what: Callable[[], object], otherwise: str, pause: float = 0.2) -> None:
    """Wait until `what()` is true. Raises RuntimeError when it never is."""
    until = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > until:
            raise RuntimeError(otherwise)
        time.sleep(pause)


def main() -> None:
    """Measure and print."""
    receiver = sys.argv[1]
    inbox = Inbox(receiver)
    wait_until(lambda: current_app.control.ping(timeout=0.5), "the worker does not answer")
    figures = latency(inbox, receiver) | beside_slow(inbox, receiver) | beside_queue(inbox, receiver)
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
