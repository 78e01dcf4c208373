"""Prometheus metrics: requests as this process saw them, webhooks and orders as PostgreSQL knows them."""

import time
from collections.abc import Callable, Iterator

from django.db import connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

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


DUE = """
SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'sending'),
    count(*) FILTER (WHERE state = 'sending' AND lease_until < now()),
    coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE state = 'pending' AND due_at <= now())), 0)::float8
FROM webhooks_delivery WHERE state IN ('pending', 'sending')
"""


class FromDatabase(Collector):
    """Figures that belong to the whole installation, read when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        """The state of the webhook queue."""
        with connection.cursor() as cursor:
            cursor.execute(DUE)
            pending, sending, expired, age = cursor.fetchone()
        yield GaugeMetricFamily("walletapp_webhook_pending", "Deliveries waiting, due or not.", pending)
        yield GaugeMetricFamily("walletapp_webhook_sending", "Deliveries in flight.", sending)
        yield GaugeMetricFamily("walletapp_webhook_expired_leases", "Deliveries whose worker was lost.", expired)
        yield GaugeMetricFamily("walletapp_webhook_oldest_due_seconds", "How late the oldest due delivery is.", age)

    def describe(self) -> list[Metric]:
        """Nothing in advance: registering must not ask the database."""
        return []


REGISTRY.register(FromDatabase())


def page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """What Prometheus scrapes."""
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
