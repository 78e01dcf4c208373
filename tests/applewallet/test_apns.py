"""How we show Apple's push service who we are: by certificate, or by a provider token."""

import json
import ssl
import stat
from base64 import urlsafe_b64decode
from pathlib import Path

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.utils import timezone

from accounts.encryption import encrypt
from applewallet import authority, push
from applewallet.apns import Answer, ProviderToken, TeamKey, answer_of, present
from applewallet.kinds import PASS
from applewallet.models import Push
from tests.applewallet.making import make_package
from tests.applewallet.pushing import change, hold
from tests.making import make_brand

NOW = 1_800_000_000.0
MINUTES = 60


def pem_of(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def key():
    """What an APNs key file (.p8) holds."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def provider_token(key):
    return ProviderToken(TeamKey("KEY1234567", "A1B2C3D4E5", pem_of(key)))


def decoded(part):
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read(token, public_key):
    """Header and claims of a JWT whose signature is right (RFC 7518 §3.4)."""
    header, claims, signature = token.split(".")
    raw = decoded(signature)
    assert len(raw) == 64
    assert "=" not in token
    pair = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public_key.verify(pair, f"{header}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(decoded(header)), json.loads(decoded(claims))


# --- Provider tokens


def test_a_provider_token_says_who_and_when(provider_token, key):
    header, claims = read(provider_token.text(NOW + 0.7), key.public_key())
    assert header == {"alg": "ES256", "kid": "KEY1234567"}
    assert claims == {"iss": "A1B2C3D4E5", "iat": int(NOW)}
    with pytest.raises(InvalidSignature):
        read(provider_token.text(NOW), ec.generate_private_key(ec.SECP256R1()).public_key())


def test_a_provider_token_is_used_for_forty_minutes(provider_token, key):
    first = provider_token.text(NOW)
    assert provider_token.text(NOW + 39 * MINUTES) == first
    assert provider_token.text(NOW - 1) == first, "clocks differ a little"
    second = provider_token.text(NOW + 40 * MINUTES)
    assert read(second, key.public_key())[1]["iat"] == NOW + 40 * MINUTES


def test_a_clock_that_was_set_back_makes_a_new_one(provider_token, key):
    provider_token.text(NOW)
    assert read(provider_token.text(NOW - 3600), key.public_key())[1]["iat"] == NOW - 3600


def test_a_provider_token_that_was_refused_is_renewed_once_in_twenty_minutes(provider_token):
    first = provider_token.text(NOW)
    second = provider_token.renew(first, NOW + 1)
    assert second != first
    assert provider_token.renew(first, NOW + 1) == second, "of many pushes that were refused, one renews"
    assert provider_token.renew(second, NOW + 2) == second, "Apple refuses those that change too often"
    assert provider_token.text(NOW + 3) == second
    assert provider_token.renew(second, NOW + 1 + 20 * MINUTES) != second


def test_only_keys_of_the_right_curve(key):
    for wrong in (ec.generate_private_key(ec.SECP384R1()), authority.new_key()):
        with pytest.raises(ValueError, match=r"P-256"):
            ProviderToken(TeamKey("KEY1234567", "A1B2C3D4E5", pem_of(wrong)))


@pytest.fixture
def package(transactional_db, key):
    """Of a brand that gave the team's key."""
    package = make_package(make_brand())
    package.type.apns_key_id, package.type.encrypted_apns_key = "KEY1234567", encrypt(pem_of(key))
    package.type.save(update_fields=["apns_key_id", "encrypted_apns_key"])
    return package


def test_pushes_carry_the_same_provider_token_and_no_certificate(apns, package, key):
    hold(package, "t1", "t2")
    change(package)
    assert push.drain() == 2
    lines = apns.log(package.type.identifier)
    assert {line["certificate"] for line in lines} == {None}
    [authorization] = {line["headers"]["authorization"] for line in lines}
    header, claims = read(authorization.removeprefix("bearer "), key.public_key())
    assert (header["kid"], claims["iss"]) == ("KEY1234567", package.type.team_id)
    assert abs(claims["iat"] - timezone.now().timestamp()) < 60


def test_an_expired_provider_token_costs_one_more_try(apns, package):
    hold(package, *(f"exp-{number}" for number in range(20)))
    change(package)
    assert push.drain() == 20
    assert set(Push.objects.values_list("state", "attempts")) == {("sent", 1)}
    lines = apns.log(package.type.identifier)
    assert sorted(line["status"] for line in lines) == [200] * 20 + [403] * 20
    assert len({line["headers"]["authorization"] for line in lines}) == 2


def test_too_many_updates_keep_the_provider_token(apns, package):
    hold(package, "say-429-TooManyProviderTokenUpdates")
    change(package)
    for _ in range(3):
        Push.objects.update(due_at=timezone.now())
        push.drain()
    lines = apns.log(package.type.identifier)
    assert len(lines) == 3
    assert len({line["headers"]["authorization"] for line in lines}) == 1


def test_another_key_is_used_at_once(apns, package):
    hold(package, "t3")
    change(package)
    push.drain()
    other = ec.generate_private_key(ec.SECP256R1())
    type(package.type).objects.filter(pk=package.type_id).update(encrypted_apns_key=encrypt(pem_of(other)))
    Push.objects.all().delete()
    change(package)
    push.drain()
    read(apns.log(package.type.identifier)[-1]["headers"]["authorization"].removeprefix("bearer "), other.public_key())


# --- Certificates


def test_a_key_is_never_on_a_disk_in_clear(monkeypatch):
    """Python's ssl reads it from a file: encrypted, ours alone, and gone afterwards."""
    seen = []
    load = ssl.SSLContext.load_cert_chain

    def look(context, file, password):
        path = Path(file)
        seen.append((path, stat.S_IMODE(path.stat().st_mode), path.read_text()))
        return load(context, file, password=password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", look)
    certificate, key = authority.of_this_process().issue(PASS, "pass.test")
    present(ssl.create_default_context(), certificate, load_pem_private_key(key.encode(), None))
    with pytest.raises(ssl.SSLError):
        present(ssl.create_default_context(), certificate, authority.new_key())  # of another certificate
    assert [mode for _path, mode, _text in seen] == [0o600, 0o600]
    for path, _mode, text in seen:
        assert "BEGIN ENCRYPTED PRIVATE KEY" in text
        assert "BEGIN PRIVATE KEY" not in text
        assert not path.exists()


# --- Answers


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"reason": "Unregistered", "timestamp": 1500}', Answer(410, "Unregistered", 1.5)),
        (b"", Answer(410)),
        (b"<html>", Answer(410)),
        (b"\xff\xfe", Answer(410)),
        (b"[]", Answer(410)),
        (b'{"reason": 7, "timestamp": "soon"}', Answer(410)),
        (b'{"reason": "a\\u0000b\\ud800", "timestamp": true}', Answer(410, "ab")),
        (b'{"reason": "%s", "timestamp": -1}' % (b"x" * 999), Answer(410, "x" * 100)),
        (b'{"timestamp": 1e99}', Answer(410)),
        (b'{"timestamp": 99999999999999999999}', Answer(410)),
    ],
)
def test_an_answer_is_read_whatever_it_holds(body, expected):
    assert answer_of(httpx.Response(410, content=body)) == expected
