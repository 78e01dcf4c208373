"""Pushes while things break: connections end, processes die, two of them want the same rows."""

import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from applewallet import push, push_queue
from applewallet.models import Push
from tests.applewallet.making import make_package
from tests.applewallet.pushing import change, hold, running_apns, running_pump, wait_for
from tests.making import make_brand

pytestmark = pytest.mark.django_db(transaction=True)


def push_many(package, count):
    """Due pushes to so many phones; their push tokens."""
    tokens = [f"{number:04x}" for number in range(count)]
    hold(package, *tokens)
    change(package)
    return set(tokens)


def states():
    return set(Push.objects.values_list("state", flat=True))


def assert_nothing_false(apns, tokens):
    """Each phone got it, and what the database calls sent Apple has accepted."""
    assert states() == {"sent"}
    assert set(Push.objects.values_list("push_token", flat=True)) == tokens
    assert set(apns.accepted()) == tokens


def test_goaway_in_the_middle_of_500_pushes(package, use_apns, tmp_path):
    with running_apns(tmp_path, "--goaway-after", 120, "--delay", 0.02) as apns:
        use_apns(apns)
        tokens = push_many(package, 500)
        assert push.drain() >= 500
        while "pending" in states():  # a push that met two ends in a row waits for a second
            Push.objects.filter(state="pending").update(due_at=timezone.now())
            push.drain()
        assert_nothing_false(apns, tokens)
        lines = apns.log()
        assert len({line["connection"] for line in lines}) >= 5
        assert len(lines) < 1500
        push.channels.close()


def test_kill_9_in_the_middle_and_another_goes_on(package, use_apns, tmp_path):
    with running_apns(tmp_path, "--delay", 0.3) as apns:
        use_apns(apns)
        tokens = push_many(package, 400)
        with running_pump(APNS_LEASE=20, APNS_CONCURRENCY=200) as pump:
            wait_for(lambda: len(apns.accepted()) >= 100)
            pump.send_signal(signal.SIGKILL)
            pump.wait(10)
        held = Push.objects.filter(state="sending")
        assert held.count() > 0
        assert set(Push.objects.filter(state="sent").values_list("push_token", flat=True)) <= set(apns.accepted())
        held.update(lease_until=timezone.now())
        push.drain()
        assert_nothing_false(apns, tokens)
        assert max(apns.accepted().values()) <= 2
        push.channels.close()


def test_two_processes_never_send_one_row_twice(package, apns):
    other = make_package(make_brand())
    others = [f"other{number}" for number in range(100)]
    hold(other, *others)
    names = ["pump one", "pump two"]
    with running_pump(APPLICATION_NAME=names[0]), running_pump(APPLICATION_NAME=names[1]):
        wait_for(lambda: set(names) <= set(connected()))
        change(other)
        tokens = push_many(package, 300)
        wait_for(lambda: states() == {"sent"})
    accepted = apns.accepted(package.type.identifier, other.type.identifier)
    assert accepted == dict.fromkeys([*tokens, *others], 1)


def connected():
    """Who is connected to the database, by name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
        return [name for (name,) in cursor.fetchall()]


def test_sigterm_ends_what_is_in_flight(package, use_apns, tmp_path):
    with running_apns(tmp_path, "--delay", 1) as apns:
        use_apns(apns)
        push_many(package, 600)
        with running_pump(APNS_CONCURRENCY=100) as pump:
            wait_for(lambda: len(apns.log()) >= 40)
            pump.send_signal(signal.SIGTERM)
            assert pump.wait(20) == 0
        assert states() == {"pending", "sent"}
        sent = set(Push.objects.filter(state="sent").values_list("push_token", flat=True))
        assert sent == set(apns.accepted())
        assert set(Push.objects.filter(state="pending").values_list("attempts", flat=True)) == {0}


def test_a_pump_survives_a_database_that_goes_away(package, apns):
    tokens = push_many(package, 1)
    with running_pump(APPLICATION_NAME="doomed") as pump:
        wait_for(lambda: states() == {"sent"})
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed'")
            assert len(cursor.fetchall()) >= 2
        hold(package, "later")
        change(package)
        wait_for(lambda: Push.objects.filter(push_token="later", state="sent").exists())
        assert pump.poll() is None
    assert set(apns.accepted(package.type.identifier)) == tokens | {"later"}


def test_changes_and_failing_pushes_never_stand_in_each_others_way(apns, package):
    """Packages that the same phones hold change at once, while pushes fail and come back: no deadlock, no error."""
    packages = [package, *(make_package(package.brand) for _ in range(3))]
    tokens = [f"err-{number}" for number in range(10)]
    hold(package, *tokens)
    for one in packages[1:]:
        for device in package.type.devices.order_by("?"):
            one.registrations.create(brand=one.brand, device=device)
    with ThreadPoolExecutor(len(packages)) as pool:
        changing = [pool.submit(change_often, one) for one in packages]
        while not all(future.done() for future in changing):
            Push.objects.filter(state="pending").update(due_at=timezone.now())
            push_queue.finish(
                push_queue.Result(one.id, one.type_id, one.token, one.version, "again", 500, "x", 0.0)
                for one in push_queue.claim(100)[1]
            )
        assert [future.result() for future in changing] == [20] * 4
    assert sorted(Push.objects.values_list("push_token", "state")) == sorted((token, "pending") for token in tokens)
    assert max(Push.objects.values_list("attempts", flat=True)) > 1


def change_often(package):
    with contextlib.closing(connection):
        for _ in range(20):
            change(package)
        package.refresh_from_db()
        return package.version - 1
