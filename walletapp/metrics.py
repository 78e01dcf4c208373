"""Prometheus metrics: requests as this process saw them, webhooks and pushes as PostgreSQL knows them."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from walletapp.health import is_away

SECONDS = Histogram(
    "walletapp_request_seconds",
    "Time to answer a request, by route and class of status.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestMetrics:
    """Middleware: measures every request under its route, never under its address, so that labels stay few."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and note how long it took."""
        started = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        SECONDS.labels(route, method, f"{response.status_code // 100}xx").observe(time.perf_counter() - started)
        return response


QUEUE = """
SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'sending'),
    count(*) FILTER (WHERE state = 'sending' AND lease_until < now()),
    coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE state = 'pending' AND due_at <= now())), 0)::float8,
    count(*) FILTER (WHERE state = 'exhausted')
FROM webhooks_delivery WHERE state <> 'delivered'
"""
QUEUE_METRICS = [
    ("walletapp_webhook_pending", "Deliveries waiting, due or not."),
    ("walletapp_webhook_sending", "Deliveries in flight."),
    ("walletapp_webhook_expired_leases", "Deliveries whose worker was lost."),
    ("walletapp_webhook_oldest_due_seconds", "How late the oldest due delivery is."),
    ("walletapp_webhook_exhausted", "Deliveries given up and not sent again."),
]
BY_ENDPOINT = """
SELECT e.uuid::text, count(*) FROM webhooks_delivery d JOIN webhooks_endpoint e ON e.id = d.endpoint_id
WHERE d.state = 'pending' GROUP BY 1 ORDER BY 2 DESC LIMIT 20
"""
RECENT = """
SELECT outcome, count(*) FROM webhooks_call WHERE started_at > now() - interval '5 minutes' GROUP BY 1
"""
LIMITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)  # seconds
DURATIONS = f"""
SELECT count(*), coalesce(sum(duration_ms), 0) / 1000.0,
    {", ".join(f"count(*) FILTER (WHERE duration_ms <= {limit * 1000:.0f})" for limit in LIMITS)}
FROM webhooks_call WHERE started_at > now() - interval '5 minutes' AND duration_ms IS NOT NULL
"""

PUSHES = """
WITH held AS (
    SELECT t.id FROM applewallet_packagetype t WHERE t.push_paused_at IS NOT NULL OR NOT EXISTS (
        SELECT 1 FROM applewallet_credential c
        WHERE c.type_id = t.id AND c.is_active AND now() >= c.valid_from AND now() < c.valid_until
    )
)
SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'pending' AND attempts > 0),
    count(*) FILTER (WHERE state = 'sending'), count(*) FILTER (WHERE state = 'sending' AND lease_until < now()),
    coalesce(extract(epoch FROM now() - min(due_at) FILTER (
        WHERE state = 'pending' AND due_at <= now() AND type_id NOT IN (SELECT id FROM held)
    )), 0)::float8,
    (SELECT count(*) FROM applewallet_packagetype WHERE push_paused_at IS NOT NULL)
FROM applewallet_push WHERE state IN ('pending', 'sending')
"""
PUSH_METRICS = [
    ("walletapp_push_pending", "Pushes waiting, due or not."),
    ("walletapp_push_retrying", "Pushes waiting for another attempt."),
    ("walletapp_push_sending", "Pushes in flight."),
    ("walletapp_push_expired_leases", "Pushes whose worker was lost."),
    ("walletapp_push_oldest_due_seconds", "How late the oldest due push is that nothing holds back."),
    ("walletapp_push_paused_types", "Package types whose pushes are stopped."),
]
RECENT_PUSHES = """
SELECT state, coalesce(last_status::text, ''), count(*) FROM applewallet_push
WHERE done_at > now() - interval '5 minutes' GROUP BY 1, 2
"""


CERTIFICATES = """
SELECT t.identifier, CASE WHEN c.is_test THEN 'tests' ELSE 'phones' END,
    (extract(epoch FROM c.valid_until - now()) / 86400)::float8
FROM applewallet_credential c JOIN applewallet_packagetype t ON t.id = c.type_id WHERE c.is_active ORDER BY 1
"""


class FromDatabase(Collector):
    """Figures that belong to the whole installation, read when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        """The state of the queues, what came of the last five minutes' calls and pushes, and certificates.

        Without PostgreSQL none of them is known; what this process counted itself is told all the same.
        """
        try:
            known = [*self._webhooks(), *self._pushes(), self._certificates()]
        except Error as error:
            if not is_away(error):
                raise
            known = []
        yield GaugeMetricFamily("walletapp_database_up", "Whether PostgreSQL answered.", int(bool(known)))
        yield from known

    def _certificates(self) -> Metric:
        days = GaugeMetricFamily(
            "walletapp_certificate_days_left", "Days until a certificate in use expires.", labels=["type", "use"]
        )
        for identifier, use, left in _rows(CERTIFICATES):
            days.add_metric([identifier, use], left)
        return days

    def _pushes(self) -> Iterator[Metric]:
        [queue] = _rows(PUSHES)
        for (name, text), value in zip(PUSH_METRICS, queue, strict=True):
            yield GaugeMetricFamily(name, text, value)
        recent = GaugeMetricFamily(
            "walletapp_push_recent", "Pushes done within the last 5 minutes.", labels=["outcome", "status"]
        )
        for outcome, status, count in _rows(RECENT_PUSHES):
            recent.add_metric([outcome, status], count)
        yield recent

    def _webhooks(self) -> Iterator[Metric]:
        [queue] = _rows(QUEUE)
        for (name, text), value in zip(QUEUE_METRICS, queue, strict=True):
            yield GaugeMetricFamily(name, text, value)
        pending = GaugeMetricFamily(
            "walletapp_webhook_pending_of_endpoint", "Deliveries waiting for an endpoint.", labels=["endpoint"]
        )
        for endpoint, count in _rows(BY_ENDPOINT):
            pending.add_metric([endpoint], count)
        calls = GaugeMetricFamily("walletapp_webhook_recent_calls", "Calls of the last 5 minutes.", labels=["outcome"])
        for outcome, count in _rows(RECENT):
            calls.add_metric([outcome], count)
        [(count, seconds, *buckets)] = _rows(DURATIONS)
        pairs = [*zip(map(str, LIMITS), buckets, strict=True), ("+Inf", count)]
        yield pending
        yield calls
        yield HistogramMetricFamily(
            "walletapp_webhook_recent_seconds", "Duration of the calls of the last 5 minutes.", pairs, float(seconds)
        )

    def describe(self) -> list[Metric]:
        """Nothing in advance: registering must not ask the database."""
        return []


def _rows(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


REGISTRY.register(FromDatabase())


def page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """What Prometheus scrapes."""
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
