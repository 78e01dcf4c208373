"""Each answer of Apple's push service, and what becomes of the push, the phone and the package type (§D.3)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from applewallet import push, push_queue
from applewallet.models import Device, PackageType, Push, Registration
from applewallet.push_answers import WAITS
from applewallet.services import register
from tests.applewallet.making import make_credential, make_package
from tests.applewallet.pushing import change, hold
from tests.making import make_brand

pytestmark = pytest.mark.django_db(transaction=True)


def pushed(package, *tokens):
    """One push to each of these tokens; the rows, in their order."""
    hold(package, *tokens)
    change(package)
    push.drain()
    return list(Push.objects.filter(push_token__in=tokens).order_by("pk"))


def assert_waits(row, started, wait):
    """It is due `wait` seconds after it was tried, give or take a quarter."""
    quarter = timedelta(seconds=wait / 4)
    assert started + 3 * quarter <= row.due_at <= timezone.now() + 5 * quarter


AGAIN = [
    ("err-1", 500, "InternalServerError", 1),
    ("down-1", 503, "ServiceUnavailable", 1),
    ("say-503-Shutdown", 503, "Shutdown", 1),
    ("say-502-", 502, "", 1),
    ("many-1", 429, "TooManyRequests", 300),
    ("say-429-TooManyProviderTokenUpdates", 429, "TooManyProviderTokenUpdates", 1),
    ("say-403-ExpiredProviderToken", 403, "ExpiredProviderToken", 1),
]


@pytest.mark.parametrize(("token", "status", "reason", "wait"), AGAIN)
def test_trouble_at_apple_is_tried_again_later(apns, package, token, status, reason, wait):
    started = timezone.now()
    [row] = pushed(package, token)
    assert (row.state, row.attempts, row.done_at) == ("pending", 1, None)
    assert (row.last_status, row.last_reason) == (status, reason)
    assert_waits(row, started, wait)
    assert len(apns.log(package.type.identifier)) == 1
    assert_held(package, token)


def assert_held(package, token, *, is_paused=False):
    """The phone is registered as before, and its type pushes on, or not."""
    assert package.registrations.filter(device__push_token=token).count() == 1
    package.type.refresh_from_db()
    assert (package.type.push_paused_at is not None) is is_paused


OURS = [
    (400, "PayloadEmpty"),
    (400, "BadPriority"),
    (400, "InvalidPushType"),
    (400, "BadExpirationDate"),
    (400, "IdleTimeout"),
    (404, "BadPath"),
    (405, "MethodNotAllowed"),
    (413, "PayloadTooLarge"),
    (421, ""),
]


@pytest.mark.parametrize(("status", "reason"), OURS)
def test_a_fault_of_ours_is_told_and_not_repeated(apns, package, caplog, status, reason):
    token = f"say-{status}-{reason}"
    [row] = pushed(package, token)
    assert (row.state, row.attempts, row.last_status, row.last_reason) == ("dead", 1, status, reason)
    assert row.done_at is not None
    [alarm] = [record.msg for record in caplog.records if record.levelname == "ERROR"]
    assert (alarm["event"], alarm["status"], alarm["reason"]) == ("push given up", status, reason)
    assert push.drain() == 0
    assert_held(package, token)


STOPS = [
    (400, "DeviceTokenNotForTopic"),
    (400, "BadTopic"),
    (400, "TopicDisallowed"),
    (400, "MissingTopic"),
    (403, "BadCertificate"),
    (403, "BadCertificateEnvironment"),
    (403, "InvalidProviderToken"),
    (403, "MissingProviderToken"),
    (403, "Forbidden"),
    (403, "UnrelatedKeyIdInToken"),
]


@pytest.mark.parametrize(("status", "reason"), STOPS)
def test_a_wrong_topic_or_credential_stops_its_type_alone(apns, package, caplog, status, reason):
    other = make_package(make_brand())
    token = f"say-{status}-{reason}"
    [row] = pushed(package, token)
    assert (row.state, row.last_status, row.last_reason) == ("pending", status, reason)
    assert_held(package, token, is_paused=True)
    assert package.type.push_paused_reason == f"{status} {reason}"
    alarms = [record.msg for record in caplog.records if record.levelname == "ERROR"]
    assert [(alarm["event"], alarm["type"]) for alarm in alarms] == [("pushes stopped", package.type.identifier)]
    assert pushed(other, "well")[0].state == "sent"
    assert push.drain() == 0
    push_queue.resume(PackageType.objects.get(pk=package.type_id))
    assert push.drain() == 1, "it was not sent while it was stopped, and is due at once"


def test_a_new_certificate_lets_pushes_go_on(apns, package):
    pushed(package, "say-403-BadCertificate")
    make_credential(package.brand, identifier=package.type.identifier)
    package.type.refresh_from_db()
    assert (package.type.push_paused_at, package.type.push_paused_reason) == (None, "")
    assert push.drain() == 1


def test_a_push_with_the_old_certificate_does_not_stop_the_new_one(apns, package):
    hold(package, "slow-0.8")
    change(package)
    _looked, [claimed] = push_queue.claim(10)
    make_credential(package.brand, identifier=package.type.identifier)
    late = push_queue.Result(
        claimed.id, claimed.type_id, claimed.token, claimed.version, "again", 403, "BadCertificate", 0.0, "403 x"
    )
    push_queue.finish([late])
    assert_held(package, "slow-0.8")
    assert push.drain() == 1


def test_flaky_gets_there(apns, package):
    [row] = pushed(package, "flaky-1")
    for attempts, state in ((2, "pending"), (3, "sent")):
        Push.objects.update(due_at=timezone.now())
        push.drain()
        row.refresh_from_db()
        assert (row.attempts, row.state) == (attempts, state)
    assert row.last_status == 200


# --- Push tokens that are gone


def milliseconds(**shift):
    return int((timezone.now() + timedelta(**shift)).timestamp() * 1000)


@pytest.mark.parametrize("token", ["bad-1", "gone--1"])
def test_a_phone_whose_token_is_gone_is_forgotten(apns, package, token):
    other = make_package(make_brand())
    hold(other, token)  # of another brand: it will hear of it by itself
    gone, kept = pushed(package, token, "kept")
    assert (gone.state, gone.attempts, kept.state) == ("dead", 1, "sent")
    assert gone.last_reason in {"BadDeviceToken", "Unregistered"}
    assert list(package.type.devices.values_list("push_token", flat=True)) == ["kept"]
    assert package.registrations.count() == 1
    assert list(other.type.devices.values_list("push_token", flat=True)) == [token]
    assert other.registrations.count() == 1
    change(package)
    assert set(Push.objects.filter(state="pending").values_list("push_token", flat=True)) == {"kept"}


def test_all_packages_of_a_phone_go_with_its_token(apns, package):
    second = make_package(package.brand)
    for one in (package, second):
        register(one, "phone", "bad-2")
    change(package)
    push.drain()
    assert (Device.objects.count(), Registration.objects.count()) == (0, 0)


def test_a_phone_that_registered_since_is_kept(apns, package):
    [row] = pushed(package, f"gone-{milliseconds(minutes=-1)}")
    assert (row.state, row.last_status, row.last_reason) == ("dead", 410, "Unregistered")
    assert_held(package, row.push_token)


def test_a_phone_that_registered_again_since_keeps_what_it_registered_before(apns, package):
    """Its token lives: it was told to us once more, for another package or the same."""
    second = make_package(package.brand)
    token = f"gone-{milliseconds(minutes=-1)}"
    register(package, "phone", token)
    Registration.objects.update(registered_at=timezone.now() - timedelta(days=1))
    Device.objects.update(updated_at=timezone.now() - timedelta(days=1))
    register(second, "phone", token)
    change(package)
    push.drain()
    assert Registration.objects.count() == 2
    Registration.objects.update(registered_at=timezone.now() - timedelta(days=1))
    Push.objects.all().delete()
    register(package, "phone", token)
    change(package)
    assert push.drain() == 1
    assert (Push.objects.get().last_status, Registration.objects.count()) == (410, 2)


def test_a_phone_that_was_seen_last_before_is_forgotten(apns, package):
    token = f"gone-{milliseconds(hours=-1)}"
    hold(package, token)
    Registration.objects.update(registered_at=timezone.now() - timedelta(hours=2))
    Device.objects.update(updated_at=timezone.now() - timedelta(hours=2))
    change(package)
    push.drain()
    assert Device.objects.count() == 0


def test_a_timestamp_in_the_future_is_now(apns, package):
    hold(package, f"gone-{milliseconds(days=999)}")
    change(package)
    push.drain()
    assert Device.objects.count() == 0


# --- No answer


def test_apple_cannot_be_reached(package, settings, use_apns, apns):
    settings.APNS_URL = "https://127.0.0.1:9"
    started = timezone.now()
    [row] = pushed(package, "here")
    assert (row.state, row.attempts, row.last_status, row.last_reason) == ("pending", 1, None, "ConnectError")
    assert_waits(row, started, 1)
    settings.APNS_URL = apns.url
    push.channels.close()
    Push.objects.update(due_at=timezone.now())
    assert push.drain() == 1
    assert apns.accepted(package.type.identifier) == {"here": 1}


def test_a_server_that_is_not_apples_gets_nothing(apns, package, settings):
    settings.APNS_CA_FILE = None
    [row] = pushed(package, "secret")
    assert (row.state, row.last_reason) == ("pending", "ConnectError")
    assert apns.log(package.type.identifier) == []


@pytest.mark.parametrize(("token", "reason"), [("cut-1", "RemoteProtocolError"), ("hang-1", "TimeoutError")])
def test_a_connection_that_breaks_or_says_nothing(apns, package, settings, token, reason):
    settings.APNS_TIMEOUT = 2.0
    [row] = pushed(package, token)
    assert (row.state, row.attempts, row.last_status) == ("pending", 1, None)
    assert row.last_reason in {reason, "ReadError", "ReadTimeout"}
    tries = [line["connection"] for line in apns.log(package.type.identifier)]
    assert len(tries) == len(set(tries)), "each try went over a fresh connection"
    assert len(tries) == 2 or reason == "TimeoutError", "a server that is slow leaves no time for another"
    assert_held(package, token)
    assert pushed(package, "after")[0].state == "sent"


def test_waits_grow_to_an_hour_and_end(apns, package, caplog):
    hold(package, "err-2")
    change(package)
    for attempt, wait in enumerate(WAITS, 1):
        started = timezone.now()
        Push.objects.update(due_at=started)
        push.drain()
        row = Push.objects.get()
        assert (row.state, row.attempts) == ("pending", attempt)
        assert_waits(row, started, wait)
    Push.objects.update(due_at=timezone.now())
    push.drain()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.last_status) == ("dead", len(WAITS) + 1, 500)
    assert row.done_at is not None
    assert_held(package, "err-2")
    assert [record.msg["event"] for record in caplog.records if record.levelname == "WARNING"] == ["push given up"]
    assert push.drain() == 0
    assert (WAITS[:4], max(WAITS)) == ((1, 4, 16, 60), 3600)
    assert 22 < sum(WAITS) / 3600 < 25
    tag = package.update_seq
    package.refresh_from_db()
    assert package.update_seq > tag, "the phone still finds the change when it asks"
