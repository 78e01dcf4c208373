"""The queue of pushes: whose turn it is, who holds what, how it ends, and when it is forgotten."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from applewallet import push, push_queue
from applewallet.models import PackageType, Push
from applewallet.push_answers import Outcome
from applewallet.tasks import forget_pushes
from tests.applewallet.making import make_credential, make_package
from tests.applewallet.pushing import ago, change, hold, result_of, rows
from tests.making import make_brand

pytestmark = pytest.mark.django_db(transaction=True)


def test_types_take_turns_and_none_has_all_places(package, settings):
    settings.APNS_CONCURRENCY = 20
    hold(package, *(f"ca{number:02}" for number in range(50)))
    change(package)
    small = make_package(make_brand())
    hold(small, "ca-a", "ca-b")
    change(small)
    _looked, first = push_queue.claim(20)
    assert sorted(claimed.type_id for claimed in first) == [package.type_id] * 10 + [small.type_id] * 2
    assert push_queue.claim(8, first) == (0, [])
    landed = [claimed for claimed in first if claimed.type_id == package.type_id][:6]
    assert len(push_queue.claim(8, set(first) - set(landed))[1]) == 6


def test_another_brand_goes_on_while_one_is_paused_or_has_no_certificate(apns, package):
    paused, expired, retired = (make_package(make_brand()) for _ in range(3))
    for number, one in enumerate((paused, expired, retired, package)):
        hold(one, f"cb{number}")
        change(one)
    PackageType.objects.filter(pk=paused.type_id).update(push_paused_at=timezone.now(), push_paused_reason="x")
    expired.type.credentials.update(valid_until=ago(1))
    retired.type.credentials.update(is_active=False)
    assert push.drain() == 1
    assert [line["token"] for line in apns.log(*(one.type.identifier for one in (paused, expired, retired)))] == []
    assert rows("push_token", "state", "attempts") == [
        ("cb0", "pending", 0),
        ("cb1", "pending", 0),
        ("cb2", "pending", 0),
        ("cb3", "sent", 1),
    ]
    push_queue.resume(PackageType.objects.get(pk=paused.type_id))
    make_credential(expired.brand, identifier=expired.type.identifier)
    assert push.drain() == 2
    assert rows("state", push_token__in=["cb0", "cb1"]) == ["sent", "sent"]


def test_a_credential_that_cannot_be_read_stops_nobody_else(apns, package, caplog):
    broken = make_package(make_brand())
    for one, token in ((broken, "cc01"), (package, "cc02")):
        hold(one, token)
        change(one)
    broken.type.credentials.update(encrypted_key=b"nonsense")
    assert push.drain() == 2
    assert rows("push_token", "state", "last_reason") == [("cc01", "pending", "InvalidToken"), ("cc02", "sent", "")]
    assert "no channel to Apple's push service" in caplog.text


def test_a_renewed_certificate_is_used_at_once(apns, package):
    hold(package, "cd01")
    change(package)
    push.drain()
    make_credential(package.brand, identifier=package.type.identifier)
    change(package)
    Push.objects.filter(state="sent").update(done_at=ago(60))
    push.drain()
    first, second = apns.log(package.type.identifier)
    assert first["connection"] != second["connection"]
    assert second["certificate"] == package.type.identifier


# --- Claim and finish


def test_what_is_claimed_is_claimed_once(package):
    hold(package, "da01", "da02")
    change(package)
    assert [claimed.push_token for claimed in push_queue.claim(1)[1]] == ["da01"]
    assert [claimed.push_token for claimed in push_queue.claim(10)[1]] == ["da02"]
    assert push_queue.claim(10) == (0, [])


def test_a_lost_process_is_noticed_and_its_work_done_again(apns, package):
    hold(package, "db01")
    change(package)
    [lost] = push_queue.claim(10)[1]
    assert push.drain() == 0
    assert rows("state") == ["sending"]
    Push.objects.update(lease_until=ago(1))
    assert push.drain() == 1
    sent = list(Push.objects.values())
    assert (sent[0]["state"], sent[0]["attempts"]) == ("sent", 2)
    for outcome in Outcome:  # the lost process comes back, late
        push_queue.finish([result_of(lost, outcome, stops="403 Forbidden", before=time.time())])
    assert list(Push.objects.values()) == sent
    assert package.type.devices.count() == 1
    package.type.refresh_from_db()
    assert package.type.push_paused_at is None


def test_what_a_lost_process_held_becomes_one_with_what_waits(package):
    hold(package, "dc01")
    change(package)
    push_queue.claim(10)
    change(package)
    Push.objects.filter(state="sending").update(lease_until=ago(1))
    push_queue.give_back()
    assert rows("state", "attempts", "last_reason") == [("pending", 1, "The worker was lost.")]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_finishing_twice_changes_nothing_more(package, outcome):
    hold(package, "dd01", "dd02")
    change(package)
    claimed = push_queue.claim(10)[1]
    results = [result_of(one, outcome, stops="400 BadTopic", before=time.time() + 1) for one in claimed]
    push_queue.finish(results)
    before = list(Push.objects.values()), list(PackageType.objects.values())
    push_queue.finish(results)
    assert (list(Push.objects.values()), list(PackageType.objects.values())) == before
    assert "sending" not in rows("state")


def test_no_transaction_is_open_while_sending(apns, package, monkeypatch):
    hold(package, "de-slow", "slow-0.3")
    change(package)
    seen = []
    wait_a_little = push._gathered

    def look(landed):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE state LIKE 'idle in transaction%%' OR xact_start < now())"
                " FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
            )
            seen.append(cursor.fetchone()[1])
        return wait_a_little(landed)

    monkeypatch.setattr(push, "_gathered", look)
    push.drain()
    assert len(seen) >= 2
    assert set(seen) == {0}


# --- Forgetting


def test_only_what_was_done_long_ago_is_forgotten(package, settings):
    settings.APNS_KEPT_DAYS = 14
    day = timedelta(days=1)
    for token, state, age in (("sent", "sent", 15), ("dead", "dead", 15), ("new", "sent", 13), ("old", "pending", 99)):
        done_at = timezone.now() - age * day if state != "pending" else None
        package.brand.pushes.create(
            type=package.type, push_token=token, state=state, done_at=done_at, created_at=timezone.now() - age * day
        )
    assert forget_pushes() == 2
    assert forget_pushes() == 0
    assert rows("push_token") == ["new", "old"]
