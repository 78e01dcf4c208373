"""How an endpoint is doing, and what the webhook pages cost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.admin.helping import order_of, text_of
from tests.admin.webhooks.helping import called
from webhooks.admin_health import health_of
from webhooks.models import Delivery, Endpoint
from webhooks.services import add_endpoint


def cost(admin, *page, **query):
    with CaptureQueriesContext(connection) as queries:
        text_of(admin.get(*page, **query))
    return len(queries)


def test_health_counts_the_last_day_and_what_waits(endpoint, delivery, member, their_delivery):
    for ms in range(1, 20):
        called(delivery, "ok", ms=ms)
    called(delivery, "failed", ms=5000)
    called(delivery, "unknown", ms=None, ago=timedelta(hours=3))
    called(delivery, "started", ms=None)
    called(delivery, "ok", ago=timedelta(days=2))
    called(their_delivery, "ok")
    Delivery.objects.filter(pk=delivery.pk).update(state="exhausted")
    waiting = [endpoint.deliveries.get(order_uuid=order_of(member).uuid) for _ in range(2)]
    health = health_of(endpoint)
    assert (health.ok, health.failed, health.p95) == (19, 2, 19)
    assert round(health.success_rate, 3) == 0.905
    assert (health.pending, health.given_up) == (2, 1)
    assert health.oldest_pending == min(one.created_at for one in waiting)
    assert len(health.hours) == 24
    assert (health.hours[-4].ok, health.hours[-4].failed) == (0, 1)


def test_health_of_an_endpoint_that_was_sent_nothing(staff, endpoint):
    health = health_of(endpoint)
    assert (health.calls, health.success_rate, health.p95, health.oldest_pending) == (0, None, None, None)
    page = text_of(staff("viewer").get("webhooks_endpoint_change", endpoint.pk))
    assert "nothing was sent" in page
    assert "<svg role" not in page


def test_the_panel_tells_of_the_breaker_and_why_it_is_disabled(staff, endpoint, delivery):
    called(delivery, "failed")
    until = timezone.now() + timedelta(minutes=5)
    Endpoint.objects.update(failures_in_a_row=7, failing_since=timezone.now(), open_until=until)
    viewer = staff("viewer")
    page = text_of(viewer.get("webhooks_endpoint_change", endpoint.pk))
    assert "Failing" in page
    assert "Not called until" in page
    assert "0 calls arrived, 1 failed" in page  # the chart, in words
    Endpoint.objects.update(is_active=False, disabled_reason="The receiver answered 410 Gone.")
    page = text_of(viewer.get("webhooks_endpoint_change", endpoint.pk))
    assert "Disabled" in page
    assert "The receiver answered 410 Gone." in page
    assert "Disabled" in text_of(viewer.get("webhooks_endpoint_changelist"))


@pytest.mark.parametrize("who", ["viewer", "manager"])
def test_pages_cost_the_same_with_one_row_and_with_twelve(staff, endpoint, order, member, who):
    somebody = staff(who)
    brand = endpoint.brand
    cost(somebody, "webhooks_endpoint_change", endpoint.pk)  # what the process asks once, it has asked
    cost(somebody, "orders_order_change", order.pk)
    costs = []
    for count in (1, 11):
        for number in range(count):
            add_endpoint(brand, url=f"http://127.0.0.1:9/{count}-{number}")
            order_of(member)
            called(endpoint.deliveries.first())
        delivery = endpoint.deliveries.first()
        costs.append(
            [
                cost(somebody, "webhooks_endpoint_change", endpoint.pk),
                cost(somebody, "webhooks_delivery_change", delivery.pk),
                cost(somebody, "webhooks_delivery_changelist", status="open"),
                cost(somebody, "orders_order_change", order.pk),
                cost(somebody, "orders_order_changelist", partner="disagrees"),
            ]
        )
    assert costs[0] == costs[1]
