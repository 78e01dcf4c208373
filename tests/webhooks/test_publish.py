"""What is written when an order's status changes, and the hint that follows."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.encryption import decrypt
from orders.services import set_status
from tests.making import make_brand, make_endpoint, make_order
from webhooks.models import Delivery, Event
from webhooks.services import new_key


def test_an_event_holds_the_exact_bytes(brand):
    order = make_order(brand)
    event = Event.objects.get()
    body = bytes(event.body)
    assert body == f'{{"order_id":"{order.uuid}","brand_id":"{brand.uuid}","order_status":"open"}}'.encode()
    assert json.dumps(json.loads(body), separators=(",", ":")).encode() == body
    assert (event.order_status, event.version, event.order_uuid) == ("open", 1, order.uuid)


def test_each_active_endpoint_that_asked_gets_a_delivery(brand, other):
    asked, _ = make_endpoint(brand)
    only_failed, _ = make_endpoint(brand, statuses=["failed"])
    make_endpoint(brand, is_active=False)
    make_endpoint(other)
    order = make_order(brand)
    set_status(order, "failed")
    found = set(Delivery.objects.values_list("endpoint", "event__order_status", "state", "version"))
    assert found == {
        (asked.pk, "open", "pending", 1),
        (asked.pk, "failed", "pending", 2),
        (only_failed.pk, "failed", "pending", 2),
    }


def test_expired_is_told_only_to_those_who_chose_it(brand):
    make_endpoint(brand)
    set_status(make_order(brand), "expired")
    assert list(Delivery.objects.values_list("event__order_status", flat=True)) == ["open"]
    assert list(Event.objects.order_by("version").values_list("order_status", flat=True)) == ["open", "expired"]


def test_an_event_is_written_once(brand):
    make_order(brand)
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        Event.objects.update(order_status="paid")


def test_nothing_is_published_when_the_change_rolls_back(brand):
    make_endpoint(brand)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_order(brand)
        raise ZeroDivisionError
    assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_key_is_kept_encrypted(brand):
    endpoint, key = make_endpoint(brand)
    assert key.startswith("whsec_")
    assert len(key) == 50
    assert key.encode() not in bytes(endpoint.encrypted_key)
    assert decrypt(endpoint.encrypted_key) == key
    assert endpoint.key_hint == key[-4:]
    assert new_key() != new_key()


PLACE = """
import django
django.setup()
from shops import hints
from shops.models import Brand
from tests.making import make_endpoint, make_order
brand = Brand.objects.get()
make_endpoint(brand)
print(make_order(brand).number, hints._silent_until > 0)
"""


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_is_nobodys_error():
    """In a process of its own, whose broker does not answer, an order is placed as ever."""
    make_brand()
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    env = os.environ | {"REDIS_URL": "unix:///tmp/nobody-listens-here.sock", "DATABASE_URL": database}
    done = subprocess.run([sys.executable, "-c", PLACE], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "1 True\n"
    assert Delivery.objects.get().state == "pending"
