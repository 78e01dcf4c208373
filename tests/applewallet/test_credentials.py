"""Uploads of certificates: what is read whatever the format, and what is said of each mistake that people make."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from accounts.encryption import decrypt
from applewallet import authority
from applewallet.authority import Authority, pem
from applewallet.credentials import Upload, install, install_test, read
from applewallet.kinds import KINDS, ORDER, PASS
from applewallet.models import Credential, Package, PackageType
from applewallet.services import built
from applewallet.signing import signer_of
from shops.errors import InvalidInput
from tests.applewallet.making import make_credential, make_package
from tests.applewallet.uploading import (
    PASSWORD,
    apple,
    chain,
    curve_key,
    der,
    intermediate,
    issued,
    key_bytes,
    named,
    openssl,
    p12,
    provisioning_profile,
    request,
    rsa_key,
    slow_p12,
    whole,
)

CERTIFICATE, KEY = issued()
ISSUER = intermediate()


def faults(upload, kind=PASS, package_type=None):
    """What is wrong, by field."""
    with pytest.raises(InvalidInput) as refusal:
        read(upload, kind, package_type)
    return {field: " ".join(map(str, reasons)) for field, reasons in refusal.value.errors.items()}


def fault(upload, field, kind=PASS):
    """What is wrong with the only field that anything is wrong with."""
    found = faults(upload, kind)
    assert list(found) == [field], found
    return found[field]


def locked_key(*command):
    """The key under the password."""
    return openssl(*command, "-passout", f"pass:{PASSWORD}", content=KEY)


RIGHT = {
    "PEM": lambda: Upload(CERTIFICATE, KEY, intermediate=ISSUER),
    "DER": lambda: Upload(der(CERTIFICATE), openssl("rsa", "-outform", "DER", content=KEY), intermediate=der(ISSUER)),
    "a password that nothing needs": lambda: Upload(CERTIFICATE, KEY, "by the browser", ISSUER),
    "the issuer first": lambda: Upload(ISSUER + CERTIFICATE, KEY),
    "the issuer behind": lambda: Upload(CERTIFICATE + ISSUER, KEY),
    "all in one": lambda: Upload(KEY + ISSUER + CERTIFICATE),
    "the fields mixed up": lambda: Upload(ISSUER, KEY, intermediate=CERTIFICATE),
    "from Windows": lambda: Upload(b"\xef\xbb\xbfBag\r\n" + CERTIFICATE.replace(b"\n", b"\r\n"), KEY, "", ISSUER),
    "p12": lambda: Upload(p12(others=ISSUER), password=PASSWORD),
    "p12 of an old Mac": lambda: Upload(p12("-legacy", others=ISSUER), password=PASSWORD),
    "p12 without the issuer": lambda: Upload(p12(), password=PASSWORD, intermediate=ISSUER),
    "p12 without a password": lambda: Upload(p12(password=""), intermediate=ISSUER),
    "p12 of an old Mac without a password": lambda: Upload(p12("-legacy", password=""), intermediate=ISSUER),
    "p12 as the key": lambda: Upload(CERTIFICATE, p12(), PASSWORD, ISSUER),
    "encrypted key": lambda: Upload(CERTIFICATE, locked_key("pkcs8", "-topk8"), PASSWORD, ISSUER),
    "encrypted key in DER": lambda: Upload(
        CERTIFICATE, locked_key("pkcs8", "-topk8", "-outform", "DER"), PASSWORD, ISSUER
    ),
    "key encrypted as of old": lambda: Upload(
        CERTIFICATE, locked_key("rsa", "-aes128", "-traditional"), PASSWORD, ISSUER
    ),
    "p7b": lambda: Upload(CERTIFICATE, KEY, intermediate=chain()),
    "p7b in DER": lambda: Upload(CERTIFICATE, KEY, intermediate=chain("-outform", "DER")),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_read_whatever_its_format(name):
    reading = read(RIGHT[name](), PASS)
    assert (reading.identifier, reading.team_id, reading.is_test) == ("pass.com.example.card", "A1B2C3D4E5", True)
    assert pem(reading.certificate).encode() == CERTIFICATE
    assert pem(reading.intermediate).encode() == ISSUER
    assert reading.key.public_key() == reading.certificate.public_key()


def test_whom_apple_certified_is_not_for_tests():
    reading = read(whole("order", "order.com.example.shop", apple), ORDER)
    assert (reading.identifier, reading.is_test) == ("order.com.example.shop", False)


NO_CERTIFICATE = {
    "nothing": (lambda: b"", "Choose the certificate"),
    "empty": (lambda: b" \r\n", "is empty"),
    "huge": (lambda: b"\x30" * 100_001, "too large"),
    "text": (lambda: b"hello", "neither a certificate nor a private key"),
    "cut off": (lambda: CERTIFICATE[:600], "cut off"),
    "damaged": (lambda: CERTIFICATE.replace(b"\nMIID", b"\nAAAA"), "damaged"),
    "not base64": (lambda: b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n", "damaged"),
    "its key": (lambda: KEY, "a private key and no certificate"),
    "request": (request, "signing request"),
    "request in DER": (lambda: request("-outform", "DER"), "signing request"),
    "public key": (lambda: openssl("rsa", "-pubout", content=KEY), "a public key"),
    "public key in DER": (lambda: openssl("rsa", "-pubout", "-outform", "DER", content=KEY), "a public key"),
    "profile": (provisioning_profile, "provisioning profile"),
    "pass": (lambda: b"PK\x03\x04 and so on", "an archive"),
    "SSH key": (
        lambda: b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        "an SSH key",
    ),
}


@pytest.mark.parametrize("name", NO_CERTIFICATE)
def test_what_is_no_certificate_is_told_by_what_it_is(name):
    make, words = NO_CERTIFICATE[name]
    assert words in fault(Upload(make(), KEY, intermediate=ISSUER), "certificate")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (lambda: b"", "The private key is missing"),
        (lambda: CERTIFICATE, "holds a certificate and no private key"),
        (lambda: issued(identifier="pass.com.example.other")[1], "does not belong to this certificate"),
        (lambda: key_bytes(curve_key()), "elliptic-curve key"),
        (lambda: key_bytes(rsa_key(1024)), "RSA keys of 2048 bits or more"),
        (lambda: openssl("rsa", "-pubout", content=KEY), "a public key"),
        (lambda: KEY[:900], "cut off"),
        (lambda: KEY[:300] + b"AAAA" + KEY[304:], "damaged"),
        (lambda: KEY.replace(b"\n", b"\n" + b"A" * 8000, 1), "larger than any"),
    ],
)
def test_what_is_wrong_with_a_key(key, words):
    assert words in fault(Upload(CERTIFICATE, key(), intermediate=ISSUER), "key")


@pytest.mark.parametrize(
    "files",
    [
        lambda: {"certificate": p12()},
        lambda: {"certificate": p12("-legacy")},
        lambda: {"certificate": CERTIFICATE, "key": locked_key("pkcs8", "-topk8")},
        lambda: {"certificate": CERTIFICATE, "key": locked_key("pkcs8", "-topk8", "-outform", "DER")},
        lambda: {"certificate": CERTIFICATE, "key": locked_key("rsa", "-aes128", "-traditional")},
    ],
)
def test_a_password_that_is_missing_or_wrong(files):
    given = {**files(), "intermediate": ISSUER}
    assert "give the password" in fault(Upload(**given), "password")
    assert "not the password" in fault(Upload(**given, password="passwort"), "password")


@pytest.mark.parametrize("name", ["p12 without its key", "p12 without its certificate"])
def test_half_a_p12(name):
    if "key" in name:
        upload = Upload(
            openssl("pkcs12", "-export", "-nokeys", "-passout", "pass:x", content=CERTIFICATE), b"", "x", ISSUER
        )
        assert "The private key is missing" in fault(upload, "key")
    else:
        upload = Upload(openssl("pkcs12", "-export", "-nocerts", "-passout", "pass:x", content=KEY), b"", "x", ISSUER)
        assert "a private key and no certificate" in fault(upload, "certificate")


def test_a_file_that_takes_for_ever_to_open_is_given_up():
    """Whoever makes a file chooses how long its password takes to try."""
    found = fault(Upload(slow_p12(), password=PASSWORD, intermediate=ISSUER), "certificate")
    assert found == "This file takes too long to open."


def test_a_certificate_for_another_purpose():
    card, order = whole(), whole("order", "order.com.example.shop")
    assert "is for passes (“Pass Type ID: pass.com.example.card”)" in fault(card, "certificate", ORDER)
    assert "is for orders (“Order Type ID: order.com.example.shop”)" in fault(order, "certificate", PASS)
    app = Upload(*named(uid="A1", cn="Apple Development: Somebody", ou="A1B2C3D4E5"), intermediate=ISSUER)
    assert "is called “Apple Development: Somebody”; one for this" in fault(app, "certificate")
    nfc = Upload(*named(uid="pass.x", cn="Pass Type ID with NFC: pass.x", ou="TEAM"), intermediate=ISSUER)
    assert read(nfc, PASS).identifier == "pass.x"


def test_an_issuers_certificate_instead_of_ones_own():
    found = faults(Upload(ISSUER, KEY, intermediate=ISSUER))
    assert "the certificate of an issuer, WalletApp test authority: intermediate" in found["certificate"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"ou": "TEAM"}, "names no type identifier (UID)"),
        ({"uid": "pass.x"}, "names no team (OU)"),
        ({"uid": "pass.x\r\nX: y", "ou": "TEAM"}, "UID) is not one that Apple gives"),
        ({"uid": "pass.x", "ou": "A team, with spaces"}, "(OU) is not one that Apple gives"),
        ({}, "names no team"),
    ],
)
def test_a_subject_that_says_too_little(names, words):
    certificate, key = named(cn="Pass Type ID: x", **names)
    assert words in fault(Upload(certificate, key, intermediate=ISSUER), "certificate")


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1])
def test_a_certificate_over_an_elliptic_curve(curve):
    upload = Upload(*named(curve_key(curve), uid="pass.x", cn="Pass Type ID: x", ou="TEAM"), intermediate=ISSUER)
    assert "elliptic-curve key" in fault(upload, "key")


def test_the_wrong_intermediate():
    root = pem(authority.of_this_process().root).encode()
    assert "is missing: WalletApp test authority: intermediate. Apple" in fault(
        Upload(CERTIFICATE, KEY), "intermediate"
    )
    found = fault(Upload(CERTIFICATE, KEY, intermediate=root), "intermediate")
    assert found.startswith("This is the certificate of WalletApp test authority: root, but")
    another = pem(Authority.make().intermediate).encode()
    found = fault(Upload(CERTIFICATE, KEY, intermediate=another), "intermediate")
    assert "another key signed: it is another edition of it" in found
    assert "holds a private key" in fault(Upload(CERTIFICATE, KEY, intermediate=KEY), "intermediate")
    signed_by_itself = Upload(openssl("req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=x", content=KEY), KEY)
    assert "is signed by itself" in faults(signed_by_itself)["certificate"]


def test_a_time_that_is_over_or_has_not_come():
    past, future = datetime(2020, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=3)
    assert fault(whole(starts=past, days=365), "certificate").startswith("It expired on 2020-12-31. Renew it at Apple")
    assert fault(whole(starts=future), "certificate") == f"It is not valid before {future:%Y-%m-%d}."


def test_all_that_can_be_told_is_told_at_once():
    other = issued(identifier="pass.com.example.other", starts=datetime(2020, 1, 1, tzinfo=UTC))[0]
    found = faults(Upload(other, KEY, intermediate=intermediate(apple)), ORDER)
    assert set(found) == {"certificate", "key", "intermediate"}
    assert "is for passes" in found["certificate"]
    assert "It expired on 2020-12-31" in found["certificate"]


def test_a_renewal_signs_what_exists_and_the_old_one_retires(brand):
    package = make_package(brand)
    first = brand.credentials.get()
    brand.packagetypes.update(push_paused_at=datetime.now(UTC), push_paused_reason="403 BadCertificate")
    renewed = make_credential(brand, identifier=package.type.identifier)
    assert {(one.pk, one.is_active) for one in brand.credentials.all()} == {(first.pk, False), (renewed.pk, True)}
    package.type.refresh_from_db()
    assert (package.type.push_paused_at, package.type.push_paused_reason) == (None, "")
    assert built(package)


def test_the_same_certificate_twice_is_one_row(brand):
    reading = read(whole(), PASS)
    assert install(brand, reading) == install(brand, reading)
    assert brand.credentials.count() == 1


def test_packages_keep_their_type_identifier(brand):
    install(brand, read(whole(by=apple), PASS))
    package_type = brand.packagetypes.get()
    other = whole(identifier="pass.com.example.other", by=apple)
    words = "is for pass.com.example.other (A1B2C3D4E5); the packages on members' phones carry pass.com.example.card"
    assert words in faults(other, PASS, package_type)["certificate"]
    for replace_test in (False, True):
        with pytest.raises(InvalidInput, match="is for pass"):
            install(brand, read(other, PASS), replace_test=replace_test)
    assert brand.credentials.get().type == package_type


def test_a_type_identifier_belongs_to_one_brand(brand, other):
    install(brand, read(whole(), PASS))
    with pytest.raises(InvalidInput, match="Another shop uses this type identifier"):
        install(other, read(whole(), PASS))
    assert not other.packagetypes.exists()


def test_keys_are_encrypted_at_rest(brand):
    credential = install(brand, read(whole(), PASS))
    assert b"PRIVATE" not in bytes(credential.encrypted_key)
    assert decrypt(bytes(credential.encrypted_key)).startswith("-----BEGIN PRIVATE KEY-----")
    assert signer_of(credential).sign(b"{}")


@pytest.mark.parametrize("kind", ["pass", "order"])
def test_a_test_certificate_works_and_says_so(brand, kind):
    first = install_test(brand, KINDS[kind])
    assert (first.is_test, first.type.identifier) == (True, f"{kind}.test.{brand.slug}")
    again = install_test(brand, KINDS[kind])
    assert again.type == first.type
    assert [one.pk for one in brand.credentials.filter(is_active=True)] == [again.pk]
    assert signer_of(again).sign(b"{}")


def test_a_test_certificate_never_replaces_a_real_one(brand):
    real = install(brand, read(whole(by=apple), PASS))
    with pytest.raises(InvalidInput, match="Apple has certified these"):
        install_test(brand, PASS)
    assert list(brand.credentials.filter(is_active=True)) == [real]


def test_a_real_certificate_replaces_one_for_tests_when_asked(brand, other):
    install_test(brand, PASS)
    package = make_package(brand)
    package.type.devices.create(brand=brand, library_identifier="d", push_token="t").registrations.create(
        brand=brand, package=package
    )
    package.type.device_logs.create(brand=brand, line="x")
    theirs = make_package(other)
    real = read(whole(by=apple), PASS)
    with pytest.raises(InvalidInput, match="the packages on members' phones carry pass"):
        install(brand, real)
    assert Package.objects.filter(pk=package.pk).exists()
    credential = install(brand, real, replace_test=True)
    assert credential.type.identifier == "pass.com.example.card"
    assert list(PackageType.objects.filter(brand=brand)) == [credential.type]
    assert list(Credential.objects.filter(brand=brand)) == [credential]
    assert list(Package.objects.all()) == [theirs]
    assert built(make_package(brand))
