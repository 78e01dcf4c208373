"""From a changed package to the phone, against a stand-in for Apple's push service."""

import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from applewallet import push, push_queue
from applewallet.models import Push
from applewallet.push_answers import Outcome
from applewallet.services import push_to, refresh, register
from applewallet.tasks import push_due
from shops import hints
from tests.applewallet.making import card
from tests.applewallet.pushing import ago, change, hold, result_of, rows
from tests.making import make_endpoint, make_order
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_change_reaches_each_phone_once(apns, package):
    hold(package, "aa01", "aa02")
    change(package)
    assert rows("state") == ["pending", "pending"]
    assert push_due() == 2
    topic = package.type.identifier
    assert apns.accepted(topic) == {"aa01": 1, "aa02": 1}
    assert rows("state", "attempts", "last_status", "last_reason", "lease_token") == [("sent", 1, 200, "", None)] * 2
    assert push.drain() == 0


def test_what_is_sent_is_what_apple_asks_for(apns, package):
    hold(package, "ab01")
    change(package)
    push.drain()
    [line] = apns.log(package.type.identifier)
    headers = line["headers"]
    assert (headers[":method"], headers[":path"], line["body"]) == ("POST", "/3/device/ab01", "{}")
    assert (headers["apns-topic"], headers["apns-push-type"]) == (package.type.identifier, "background")
    assert (headers["apns-priority"], len(headers["apns-id"])) == ("5", 36)
    assert 6.9 < (int(headers["apns-expiration"]) - time.time()) / 86400 < 7.1
    assert line["certificate"] == package.type.identifier
    assert not {"authorization", "content-encoding"} & set(headers)


def test_the_push_type_is_a_setting(apns, package, settings):
    hold(package, "ac01", "ac02")
    for kind in ("", "alert"):
        settings.APNS_PUSH_TYPE = kind
        Push.objects.all().delete()
        change(package)
        push.drain()
    seen = {(line["headers"].get("apns-push-type"), line["headers"]["apns-priority"]) for line in apns.log()[-4:]}
    assert seen == {(None, "10"), ("alert", "10")}


def test_one_connection_carries_them_all_and_is_kept(apns, package):
    hold(package, *(f"ad{number:03}" for number in range(200)))
    for _ in range(2):
        change(package)
        assert push.drain() == 200
        Push.objects.update(done_at=ago(60))
    lines = apns.log(package.type.identifier)
    assert len(lines) == 400
    assert len({line["connection"] for line in lines}) == 1


def test_a_push_token_cannot_lead_elsewhere(apns, package):
    hold(package, "../../_log?x=ü")
    change(package)
    push.drain()
    [line] = apns.log(package.type.identifier)
    assert line["headers"][":path"] == "/3/device/..%2F..%2F_log%3Fx%3D%C3%BC"


# --- Not too often


def test_changes_before_it_is_sent_are_one_push(apns, package):
    hold(package, "ba01")
    for _ in range(3):
        change(package)
    assert push.drain() == 1
    assert apns.accepted(package.type.identifier) == {"ba01": 1}


def test_the_next_push_to_a_phone_waits(apns, package, settings):
    settings.APNS_PAUSE = 30
    hold(package, "bb01", "bb02")
    change(package)
    push.drain()
    change(package)
    Push.objects.filter(push_token="bb02", state="sent").update(done_at=ago(31))
    assert push.drain() == 1
    assert rows("state", push_token="bb02") == ["sent", "sent"]
    first, second = Push.objects.filter(push_token="bb01").order_by("pk")
    assert (second.state, second.attempts, second.lease_token) == ("pending", 0, None)
    assert second.due_at == first.done_at + timedelta(seconds=30)
    Push.objects.filter(pk=first.pk).update(done_at=ago(31))
    Push.objects.filter(pk=second.pk).update(due_at=ago(1))
    assert push.drain() == 1
    assert apns.accepted(package.type.identifier) == {"bb01": 2, "bb02": 2}


def test_a_push_waits_for_the_one_that_is_on_its_way(apns, package):
    hold(package, "bc01")
    change(package)
    _looked, [flying] = push_queue.claim(10)
    change(package)
    assert push_queue.claim(10) == (1, [])
    assert push_queue.claim(10) == (0, [])
    assert rows("state", "attempts") == [("sending", 1), ("pending", 0)]
    assert Push.objects.get(pk=flying.id).lease_token == flying.token


def test_a_push_that_waits_is_not_sent_before_the_change_that_relies_on_it(package):
    """Or the phone would ask too early, find nothing, and hear of it no more."""
    hold(package, "bc02")
    change(package)
    with connection.copy().cursor() as other:
        other.execute("BEGIN")
        other.execute("UPDATE applewallet_package SET version = version + 1 WHERE id = %s", [package.pk])
        other.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit begins with
        assert push_queue.claim(10) == (0, [])
        other.execute("COMMIT")
        other.connection.close()
    assert len(push_queue.claim(10)[1]) == 1


def test_what_has_to_come_again_becomes_one_with_what_waits(package):
    hold(package, "bd01")
    change(package)
    [first] = push_queue.claim(10)[1]
    change(package)
    push_queue.finish([result_of(first, Outcome.AGAIN, wait=600.0)])
    [waiting] = Push.objects.all()
    assert (waiting.state, waiting.attempts, waiting.last_status) == ("pending", 1, 503)
    assert 449 <= (waiting.due_at - timezone.now()).total_seconds() <= 750
    assert waiting.pk != first.id


def test_a_campaign_is_spread(apns, package, settings):
    settings.APNS_PUSHES_PER_SECOND = 40
    hold(package, *(f"be{number:02}" for number in range(80)))
    change(package)
    time.sleep(1)  # so that the pace allows a full second's pushes at once, and no more
    started = time.monotonic()
    assert push.drain() == 80
    assert time.monotonic() - started > 0.9, "the second forty had to wait"
    assert set(rows("state")) == {"sent"}


# --- Around it


def test_the_pump_needs_no_broker(apns, package, receiver):
    make_endpoint(package.brand, url=f"{receiver.url}/hook")
    make_order(package.brand)
    hold(package, "ea01")
    change(package)
    call_command("pump", "--once")
    assert (Delivery.objects.get().state, rows("state")) == ("delivered", ["sent"])
    assert len(receiver.calls()) == len(apns.log(package.type.identifier)) == 1


def test_logs_hold_no_secret(apns, package, caplog):
    tokens = ["fa" * 32, "say-400-BadPath-" + "fb" * 24, "bad-" + "fc" * 30, "cut" + "fd" * 30]
    for some in (tokens[:3], tokens[3:]):
        hold(package, *some)
        change(package)
        push.drain()
    written = caplog.text
    assert "BadPath" in written
    assert "…fbfbfb" in written
    assert "devices forgotten" in written
    assert [token for token in tokens if token in written] == []


def test_however_many_packages_change_one_hint_is_given(package, monkeypatch):
    given = []
    monkeypatch.setattr(hints, "give", given.append)
    with transaction.atomic():
        change(package)
        push_to(package.type, "ha01")
        change(package)
        assert given == []
    assert given == [push_due]
    with transaction.atomic():
        assert not refresh(package, card(package.brand, points=package.version))
    assert given == [push_due]


def test_a_phone_that_registers_hears_of_what_changed_meanwhile(apns, package):
    change(package)
    register(package, "phone-1", "ga01")
    push.drain()
    assert apns.accepted(package.type.identifier) == {"ga01": 1}
