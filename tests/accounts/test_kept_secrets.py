"""Keys that open nothing of what is kept: nobody works with them, and no attempt is spent on it."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db.models import F

from accounts.kept_secrets import KeysDoNotFit
from applewallet import push
from tests.making import make_endpoint, make_order
from webhooks import delivery
from webhooks.models import Delivery


@pytest.fixture
def restored(transactional_db, brand, settings, receiver):
    """A brand with a webhook that is due, and a process that was started with other keys."""
    receiver.knows(make_endpoint(brand, url=f"{receiver.url}/hook")[1])
    make_order(brand)
    right, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, [Fernet.generate_key().decode()]
    return right


def test_the_process_is_not_ready(client, restored):
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["encryption_keys"]) == ("unavailable", False)


@pytest.mark.parametrize("work", [delivery.drain, push.drain, lambda: call_command("pump", once=True)])
def test_nothing_is_sent_and_no_attempt_is_spent(restored, receiver, settings, work):
    with pytest.raises(KeysDoNotFit, match="No key of ENCRYPTION_KEYS opens what is kept"):
        work()
    assert list(Delivery.objects.values_list("state", "attempts")) == [("pending", 0)]
    assert receiver.calls() == []
    settings.ENCRYPTION_KEYS = restored
    delivery.drain()
    assert [call["verified"] for call in receiver.calls()] == [{"wllt-signature": True, "webhook-signature": True}]


def test_an_older_key_will_do_and_one_broken_secret_stops_nobody(client, restored, brand, settings):
    brand.endpoints.update(previous_key=b"broken", previous_key_until=F("created_at"))
    assert client.get("/ready").json()["encryption_keys"] is False
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, *restored]
    assert client.get("/ready").json()["encryption_keys"] is True


def test_where_nothing_is_kept_every_key_fits(client, db, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert client.get("/ready").json()["encryption_keys"] is True
