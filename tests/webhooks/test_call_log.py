"""GET /shops/:brand_id/orders/:order_id/webhooks."""

import pytest

from orders.services import set_status
from tests.making import make_endpoint, make_order
from webhooks.models import Call, Delivery

KEYS = [
    "delivered",
    "webhook_call_id",
    "webhook_url",
    "http_status_code",
    "order_status",
    "truncate_response",
    "failed",
    "interval",
    "created_at",
]


@pytest.fixture
def order(brand):
    make_endpoint(brand, url="https://partner.example/hook")
    return set_status(make_order(brand), "paid")


def log(delivery, attempt=1, **columns):
    return Call.objects.create(
        brand=delivery.brand,
        delivery=delivery,
        attempt=attempt,
        url="https://partner.example/hook",
        **({"interval": 0} | columns),
    )


def test_rows_are_calls_the_newest_last(api, order):
    first = Delivery.objects.get(version=1)
    log(first, outcome="failed", http_status_code=500, response="Oops")
    call = log(first, attempt=2, interval=5, outcome="ok", http_status_code=204)
    answer = api.get(f"/orders/{order.uuid}/webhooks")
    assert answer.status_code == 200
    assert list(answer.json()) == ["success", "data"]
    rows = answer.json()["data"]
    assert [list(row) for row in rows] == [KEYS, KEYS]
    assert {row["webhook_call_id"] for row in rows} == {str(first.uuid)}
    assert (rows[0]["delivered"], rows[0]["failed"], rows[0]["http_status_code"], rows[0]["truncate_response"]) == (
        0,
        1,
        500,
        "Oops",
    )
    assert rows[1] == {
        "delivered": 1,
        "webhook_call_id": str(first.uuid),
        "webhook_url": "https://partner.example/hook",
        "http_status_code": 204,
        "order_status": "open",
        "truncate_response": None,
        "failed": 0,
        "interval": 5,
        "created_at": call.started_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


@pytest.mark.parametrize(
    ("outcome", "delivered", "failed"),
    [("started", 0, 0), ("ok", 1, 0), ("failed", 0, 1), ("blocked", 0, 1), ("unknown", 0, 1)],
)
def test_three_states_in_two_flags(api, order, outcome, delivered, failed):
    log(Delivery.objects.get(version=1), outcome=outcome)
    [row] = api.get(f"/orders/{order.uuid}/webhooks").json()["data"]
    assert (row["delivered"], row["failed"]) == (delivered, failed)


def test_calls_of_other_orders_and_brands_are_not_shown(api, brand, other, order):
    make_endpoint(other)
    for stranger in (make_order(brand), make_order(other)):
        log(Delivery.objects.get(order_uuid=stranger.uuid))
    assert api.get(f"/orders/{order.uuid}/webhooks").json() == {"success": True, "data": []}


@pytest.mark.parametrize("count", [1, 9])
def test_the_log_costs_the_same_statements(api, order, count, statements):
    for attempt in range(1, count + 1):
        log(Delivery.objects.get(version=1), attempt=attempt)
    statements.clear()
    assert len(api.get(f"/orders/{order.uuid}/webhooks").json()["data"]) == count
    assert len(statements) == 3
