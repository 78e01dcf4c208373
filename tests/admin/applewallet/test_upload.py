"""Owners put certificates into use; what is wrong with a file stands beside it, and nothing is stored then."""

import re

import pytest
from cryptography import x509
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.encryption import decrypt
from applewallet.credentials import install, install_test, read
from applewallet.kinds import PASS
from applewallet.models import Credential, PackageType
from applewallet.uploads import MOST_BYTES
from tests.admin.applewallet.helping import files_of
from tests.admin.helping import said, text_of
from tests.applewallet.making import make_package
from tests.applewallet.uploading import PASSWORD, Upload, apple, curve_key, intermediate, issued, key_bytes, p12, whole

ADD = "applewallet_credential_add"


def errors_on(page):
    assert "Nothing was stored." in text_of(page)
    assert not Credential.objects.exists()
    return {field: " ".join(reasons) for field, reasons in page.context["form"].errors.items()}


@pytest.mark.parametrize("form", ["files", "p12"])
def test_an_owner_uploads_a_certificate(staff, brand, form):
    upload = whole(by=apple)
    if form == "p12":
        upload = Upload(p12(certificate=upload.certificate, key=upload.key), b"", PASSWORD, upload.intermediate)
    owner = staff("owner")
    answer = owner.post(ADD, **files_of(upload))
    credential = brand.credentials.get()
    assert answer["Location"] == f"/admin/applewallet/credential/{credential.pk}/change/"
    assert said(answer) == ["Packages of pass.com.example.card are signed with it now."]
    assert (credential.type.identifier, credential.type.kind_name, credential.is_test) == (
        "pass.com.example.card",
        "pass",
        False,
    )
    page = text_of(owner.get("applewallet_credential_change", credential.pk))
    assert "UID=pass.com.example.card, CN=Pass Type ID: pass.com.example.card, OU=A1B2C3D4E5" in page
    assert "In use" in page
    assert "tests only" not in page.lower().replace("for tests only</", "")
    assert LogEntry.objects.get().change_message == "Put into use."


def test_what_is_wrong_stands_beside_the_field(staff, brand):
    other = issued(identifier="pass.com.example.other")[1]
    upload = Upload(issued()[0], other, "", intermediate(apple))
    page = staff("owner").post(ADD, **files_of(upload, kind="order"))
    found = errors_on(page)
    assert set(found) == {"certificate", "key", "intermediate"}
    assert "is for passes" in found["certificate"]
    assert "does not belong" in found["key"]
    text = page.content.decode()
    for field in found:
        [described] = re.findall(rf'<input[^>]*name="{field}"[^>]*aria-describedby="([^"]*)"', text)
        assert described.split() == [f"id_{field}_helptext", f"id_{field}_error"]
        assert f'<ul id="id_{field}_error"' in text


@pytest.mark.parametrize(
    ("files", "field", "words"),
    [
        ({}, "certificate", "Choose the certificate that Apple made for you."),
        ({"certificate": b"", "key": issued()[1]}, "certificate", "Choose the certificate"),
        ({"certificate": b"x" * (MOST_BYTES + 1)}, "certificate", "too large"),
        ({"certificate": p12(), "password": "wrong"}, "password", "not the password"),
        ({"certificate": b"\0\xff<b>", "key": b"\0"}, "key", "neither a certificate nor a private key"),
        ({"certificate": issued()[0], "key": issued()[1], "kind": "boarding"}, "kind", "boarding"),
    ],
)
def test_nonsense_is_refused(staff, brand, files, field, words):
    sent = {
        name: SimpleUploadedFile(name, value) if isinstance(value, bytes) else value for name, value in files.items()
    }
    found = errors_on(staff("owner").post(ADD, **{"kind": "pass", **sent}))
    assert words in found[field]
    assert not PackageType.objects.exists()


def test_the_password_does_not_come_back(staff, brand):
    page = text_of(staff("owner").post(ADD, **files_of(Upload(p12(), password="not this one"))))
    assert "not this one" not in page


def test_another_identifier_than_phones_have_is_refused(staff, brand):
    install(brand, read(whole(by=apple), PASS))
    page = staff("owner").post(ADD, **files_of(whole(identifier="pass.com.example.new", by=apple)))
    assert "the packages on members' phones carry pass.com.example.card" in text_of(page).replace("&#x27;", "'")
    assert "replace_test" not in page.context["form"].fields
    assert brand.credentials.count() == 1


def test_an_identifier_of_another_brand_is_refused(staff, brand, other):
    install(other, read(whole(by=apple), PASS))
    page = staff("owner").post(ADD, **files_of(whole(by=apple)))
    assert "Another shop uses this type identifier." in text_of(page)
    assert not brand.packagetypes.exists()


def test_from_a_test_certificate_to_a_real_one(staff, brand):
    owner = staff("owner")
    assert "no phone accepts what it signs" in text_of(owner.get("applewallet_credential_test"))
    owner.post("applewallet_credential_test", kind="pass")
    test = brand.credentials.get()
    assert test.is_test
    make_package(brand)
    for page in (
        ("applewallet_credential_changelist",),
        ("applewallet_credential_change", test.pk),
        ("applewallet_packagetype_changelist",),
        ("applewallet_packagetype_change", test.type_id),
        ("applewallet_package_change", brand.packages.get().pk),
    ):
        assert "For tests only" in text_of(owner.get(*page)), page
    real = whole(by=apple)
    page = owner.post(ADD, **files_of(real))
    assert "replace_test" in page.context["form"].fields
    assert brand.credentials.get() == test
    assert owner.post(ADD, **files_of(real, replace_test="on")).status_code == 302
    assert [one.is_test for one in brand.credentials.all()] == [False]
    assert not brand.packages.exists()


def test_no_test_certificate_over_a_real_one(staff, brand):
    install(brand, read(whole(by=apple), PASS))
    page = text_of(staff("owner").post("applewallet_credential_test", kind="pass"))
    assert "Apple has certified these." in page
    assert brand.credentials.count() == 1


def test_the_certificate_can_be_downloaded_and_nothing_else(staff, brand):
    credential = install_test(brand, PASS)
    answer = staff("viewer").get("applewallet_credential_download", credential.pk)
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{credential.type.identifier}-')
    [certificate] = x509.load_pem_x509_certificates(answer.content)
    assert certificate.fingerprint is not None
    assert answer.content.decode() == credential.certificate
    assert b"PRIVATE" not in answer.content


def test_a_key_for_pushes_is_stored_replaced_and_removed(staff, package):
    owner, type_pk = staff("owner"), package.type_id
    keys = [key_bytes(curve_key()), key_bytes(curve_key.__wrapped__())]
    for key_id, key in zip(["ABC123DEFG", "ZZZ123DEFG"], keys, strict=True):
        PackageType.objects.update(push_paused_at=package.created_at, push_paused_reason="403 InvalidProviderToken")
        answer = owner.post(
            "applewallet_packagetype_push_key", type_pk, key_id=key_id, key=SimpleUploadedFile("key", key)
        )
        assert answer.status_code == 302
        stored = PackageType.objects.get()
        assert (stored.apns_key_id, stored.push_paused_at, stored.push_paused_reason) == (key_id, None, "")
        assert decrypt(bytes(stored.encrypted_apns_key)) == key.decode()
        assert f"the key {key_id}" in text_of(owner.get("applewallet_packagetype_change", type_pk))
    assert owner.get("applewallet_packagetype_remove_push_key", type_pk).status_code == 200
    assert PackageType.objects.get().apns_key_id == "ZZZ123DEFG"
    owner.post("applewallet_packagetype_remove_push_key", type_pk)
    stored = PackageType.objects.get()
    assert (stored.apns_key_id, stored.encrypted_apns_key) == ("", None)


@pytest.mark.parametrize(
    ("key_id", "key", "field", "words"),
    [
        ("abc", key_bytes(curve_key()), "key_id", "ten capital letters and digits"),
        ("ABC123DEFG", issued()[1], "key", "not a key for pushes"),
        ("ABC123DEFG", issued()[0], "key", "not a key for pushes"),
        ("ABC123DEFG", b"hello", "key", "neither a certificate nor a private key"),
        ("ABC123DEFG", b"", "key", "is empty"),
    ],
)
def test_what_is_no_key_for_pushes_is_refused(staff, package, key_id, key, field, words):
    file = SimpleUploadedFile("key", key)
    page = staff("owner").post("applewallet_packagetype_push_key", package.type_id, key_id=key_id, key=file)
    assert words in " ".join(page.context["form"].errors[field])
    stored = PackageType.objects.get()
    assert (stored.apns_key_id, stored.encrypted_apns_key) == ("", None)


def test_somebody_in_two_brands_chooses_and_only_where_the_role_allows(staff, brand, other):
    both = staff("owner", velo=(other, "manager"))
    page = both.get(ADD)
    assert "brand" not in page.context["form"].fields
    assert both.post(ADD, **files_of(whole(), brand=other.pk)).status_code == 302
    assert brand.credentials.exists()
    assert not other.credentials.exists()


def test_a_superuser_chooses_the_brand(superuser, brand, other):
    page = superuser.post(ADD, **files_of(whole()))
    assert "brand" in page.context["form"].errors
    superuser.post(ADD, **files_of(whole(), brand=other.pk))
    assert other.credentials.exists()
    assert not brand.credentials.exists()
