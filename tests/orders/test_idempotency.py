"""Idempotency-Key: a write that is sent twice happens once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Order
from orders.tasks import forget_idempotency_keys
from shops.models import IdempotencyKey
from tests.client import Api
from tests.making import make_coupon, token_for


@pytest.fixture
def body(brand):
    return {"member": {"email": "john@example.com"}, "items": [{"coupon": str(make_coupon(brand, stock=5).uuid)}]}


def test_the_same_key_and_body_replay_the_first_answer(api, body):
    first = api.post("/orders", body, Idempotency_Key="k1")
    Order.objects.update(processing_status="archived")
    again = api.post("/orders", dict(reversed(body.items())), Idempotency_Key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"] == '"1"'
    assert "Idempotent-Replayed" not in first.headers
    assert Order.objects.count() == 1


def test_the_same_key_with_another_body_is_422(api, body):
    api.post("/orders", body, Idempotency_Key="k1")
    answer = api.post("/orders", body | {"points": "max"}, Idempotency_Key="k1")
    message = "This Idempotency-Key was used for another request."
    assert (answer.status_code, answer.json()) == (422, {"message": message, "errors": {"Idempotency-Key": [message]}})
    assert Order.objects.count() == 1


def test_another_key_another_token_or_none_place_another_order(api, brand, body):
    assert api.post("/orders", body, Idempotency_Key="k1").status_code == 201
    assert api.post("/orders", body, Idempotency_Key="k2").status_code == 201
    assert Api(brand, token_for(brand)).post("/orders", body, Idempotency_Key="k1").status_code == 201
    assert api.post("/orders", body).status_code == 201
    assert Order.objects.count() == 4


def test_a_refused_write_leaves_no_key(api, body):
    refused = api.post("/orders", body | {"points": 7}, Idempotency_Key="k1")
    assert refused.status_code == 422
    assert not IdempotencyKey.objects.exists()
    assert api.post("/orders", body, Idempotency_Key="k1").status_code == 201


def test_a_key_serves_for_a_day(api, body):
    api.post("/orders", body, Idempotency_Key="k1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert forget_idempotency_keys() == 0
    api.post("/orders", body, Idempotency_Key="k1")
    assert Order.objects.count() == 1
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    assert api.post("/orders", body | {"points": "max"}, Idempotency_Key="k1").status_code == 201
    assert Order.objects.count() == 2
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    assert forget_idempotency_keys() == 1


def test_a_key_has_a_limit(api, body):
    assert api.post("/orders", body, Idempotency_Key="k" * 256).status_code == 422
    assert not Order.objects.exists()
