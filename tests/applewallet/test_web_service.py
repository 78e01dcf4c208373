"""Apple's web service, asked by a simulated phone over real HTTP (apple-wallet.md §A.5, §B.9, §B.10)."""

import json
import uuid

import pytest

from applewallet.models import Device, DeviceLog, Package, Push, Registration
from applewallet.services import built, refresh
from tests.applewallet.making import card, make_package
from tests.applewallet.phone import Held, Phone
from tests.making import make_brand

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def brand():
    return make_brand()


@pytest.fixture
def package(brand):
    return make_package(brand)


@pytest.fixture
def phone(live_server):
    return Phone(live_server.url)


def path_of(package, device="device-1"):
    return f"/w/{package.type.slug}/v1/devices/{device}/registrations/{package.type.identifier}/{package.serial}"


def test_a_phone_registers_hears_fetches_and_removes(brand, package, phone):
    assert phone.add(built(package)) == 201
    held = phone.held[str(package.serial)]
    assert phone.register(held) == 200
    status, serials, tag = phone.list(held)
    assert (status, serials) == (200, [str(package.serial)])
    assert isinstance(tag, str)
    assert phone.list(held, tag)[0] == 204

    assert refresh(package, card(brand, points=120))
    phone.pushed()
    assert phone.held[held.serial].json["storeCard"]["headerFields"][0]["value"] == 120
    assert phone.list(held, phone.tags[held.type])[0] == 204

    assert phone.remove(held.serial) == 200
    assert not Registration.objects.exists()
    assert not Device.objects.exists()
    phone.held[held.serial] = held
    assert phone.remove(held.serial) == 200  # and once more


def test_a_changed_package_queues_one_push_for_each_phone(brand, package, live_server):
    phones = [Phone(live_server.url) for _ in range(3)]
    for phone in phones:
        phone.add(built(package))
    assert not Push.objects.exists()
    refresh(package, card(brand, points=1))
    refresh(package, card(brand, points=2))  # while the first still waits
    assert sorted(Push.objects.values_list("push_token", "state")) == sorted(
        (phone.push_token, "pending") for phone in phones
    )


def test_a_new_push_token_replaces_the_old_one_and_is_told_at_once(package, phone):
    phone.add(built(package))
    phone.push_token = "abc123"
    assert phone.register(phone.held[str(package.serial)]) == 200
    assert Device.objects.get().push_token == "abc123"
    assert Push.objects.get().push_token == "abc123"


def test_a_change_between_fetching_and_registering_is_not_missed(brand, package, phone):
    content = built(package)
    refresh(package, card(brand, points=3))
    assert phone.add(content) == 201
    assert Push.objects.get().push_token == phone.push_token
    phone.pushed()
    assert phone.held[str(package.serial)].json["storeCard"]["headerFields"][0]["value"] == 3


@pytest.mark.parametrize("tag", ["", "nonsense", "7", "1.", "1.-5", "1.99999999999999999999", "9.1", "1.1e3", "1.٣"])
def test_a_tag_that_is_not_ours_means_everything(package, phone, tag):
    phone.add(built(package))
    status, serials, _tag = phone.list(phone.held[str(package.serial)], tag)
    assert (status, serials) == (200, [str(package.serial)])


def test_the_list_shows_every_package_that_changed_not_the_newest_only(brand, phone):
    packages = [make_package(brand) for _ in range(3)]
    for package in packages:
        phone.add(built(package))
    held = phone.held[str(packages[0].serial)]
    _status, _serials, tag = phone.list(held)
    for package in packages[:2]:
        refresh(package, card(brand, points=9))
    assert set(phone.list(held, tag)[1]) == {str(package.serial) for package in packages[:2]}


def test_conditional_requests(brand, package, phone):
    phone.add(built(package))
    held = phone.held[str(package.serial)]
    status, headers, body = phone.fetch(held)
    assert (status, headers["Content-Type"]) == (200, "application/vnd.apple.pkpass")
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["Vary"] == "Authorization"
    assert Held(body).json == held.json
    assert phone.fetch(held, If_Modified_Since=headers["Last-Modified"])[0] == 304
    assert phone.fetch(held, If_None_Match=headers["ETag"])[0] == 304
    refresh(package, card(brand, points=4))  # within the same second
    assert phone.fetch(held, If_Modified_Since=headers["Last-Modified"])[0] == 200
    newer = phone.fetch(held)[1]
    # If-None-Match is the one that counts (RFC 9110 §13.2.2).
    both = {"If_None_Match": headers["ETag"], "If_Modified_Since": newer["Last-Modified"]}
    assert phone.fetch(held, **both)[0] == 200
    assert phone.fetch(held, If_Modified_Since="Thursday at noon")[0] == 200


@pytest.mark.parametrize(
    "authorization",
    [None, "", "ApplePass", "ApplePass wrong", "AppleOrder {token}", "Bearer {token}", "{token}", "ApplePass {token}x"],
)
def test_without_the_packages_token_nothing_opens(package, phone, authorization):
    phone.add(built(package))
    held = phone.held[str(package.serial)]
    token = authorization and authorization.format(token=held.token)
    registered = Registration.objects.get().registered_at
    latest = f"/w/{package.type.slug}/v1/passes/{held.type}/{held.serial}"
    for method, path in [("GET", latest), ("POST", path_of(package, "other")), ("DELETE", path_of(package))]:
        status, _headers, body = phone.ask(method, path, token=token, body={"pushToken": "aa"})
        assert (status, json.loads(body)) == (401, {"message": "Unauthorized"})
    assert Registration.objects.get().registered_at == registered
    assert Device.objects.get().push_token == phone.push_token


def test_an_unknown_package_is_answered_like_a_wrong_token(package, phone):
    held = Held(built(package))
    for serial in (str(uuid.uuid4()), "1", "../../etc/passwd", "%00", "x" * 99):
        path = f"/w/{package.type.slug}/v1/passes/{held.type}/{serial}"
        if "/" in serial:
            continue
        status, _headers, body = phone.ask("GET", path, token=f"ApplePass {held.token}")
        assert (status, json.loads(body)) == (401, {"message": "Unauthorized"})


def test_one_packages_token_opens_no_other(brand, package, phone):
    other = make_package(make_brand("Velo Works"))
    mine, theirs = Held(built(package)), Held(built(other))
    path = f"/w/{other.type.slug}/v1/passes/{theirs.type}/{theirs.serial}"
    assert phone.ask("GET", path, token=f"ApplePass {mine.token}")[0] == 401
    crossed = f"/w/{package.type.slug}/v1/passes/{theirs.type}/{theirs.serial}"
    assert phone.ask("GET", crossed, token=f"ApplePass {theirs.token}")[0] == 401


def test_an_unknown_phone_has_nothing_new(package, phone):
    assert phone.list(Held(built(package)))[0] == 204
    status, _headers, body = phone.ask("GET", "/w/nobody/v1/devices/d/registrations/pass.test.nobody")
    assert (status, body) == (204, b"")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b"{}", b'{"pushToken": 5}', b'{"pushToken": ""}', b'{"pushToken": "../x"}',
     b'{"pushToken": "' + b"a" * 201 + b'"}', b'{"pushToken": "aa"' + b" " * 70_000 + b"}"],
)  # fmt: skip
def test_a_malformed_registration_changes_nothing(package, phone, body):
    token = f"ApplePass {Held(built(package)).token}"
    assert phone.ask("POST", path_of(package), token=token, body=body)[0] == 400
    assert not Device.objects.exists()


def test_a_double_slash_before_v1_is_taken(package, phone):
    held = Held(built(package))
    path = f"/w/{package.type.slug}//v1/passes/{held.type}/{held.serial}"
    assert phone.ask("GET", path, token=f"ApplePass {held.token}")[0] == 200


def test_devices_may_log(package, phone):
    line = (
        "[2026-08-01 10:00:00 +0200] Register task (for device X, pass type Y, serial number 12345-abc; with web"
        " service url U) encountered error: Unexpected response code 500"
    )
    path = f"/w/{package.type.slug}/v1/log"
    assert phone.ask("POST", path, body={"logs": [line, "nul \0 within", "x" * 5000]})[0] == 200
    kept = list(DeviceLog.objects.order_by("pk").values_list("task", "serial", "line"))
    assert kept == [("Register", "12345-abc", line), ("", "", "nul  within"), ("", "", "x" * 1000)]
    assert phone.ask("POST", "/w/nobody/v1/log", body={"logs": ["x"]})[0] == 200
    for bad in (b"", b"[]", b'{"logs": "x"}', b'{"logs": [1]}'):
        assert phone.ask("POST", path, body=bad)[0] == 400
    assert DeviceLog.objects.count() == 3


def test_an_expired_certificate_is_said_plainly_and_asked_again_later(package, phone):
    held = Held(built(package))
    package.type.credentials.update(valid_until=package.created_at)
    status, headers, body = phone.fetch(held)
    assert (status, headers["Retry-After"]) == (503, "3600")
    assert json.loads(body) == {"message": "This shop's certificate for Apple Wallet has expired."}
    assert phone.fetch(held, If_Modified_Since=headers.get("Last-Modified", "Sun, 22 Nov 2999 00:00:00 GMT"))[0] == 304
    assert Package.objects.count() == 1


def test_the_log_of_requests_names_no_device(package, phone, capfd):
    phone.add(built(package))
    assert phone.identifier not in capfd.readouterr().err
