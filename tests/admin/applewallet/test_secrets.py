"""No page, history, session, log or mail of the admin shows a key, a token or a whole identifier of a phone."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.encryption import decrypt
from applewallet.credentials import Upload
from applewallet.services import token_of
from tests.admin.applewallet.helping import DEVICE, LISTS, PUSH_TOKEN, files_of, phone_with, rows_of
from tests.admin.helping import text_of
from tests.applewallet.making import make_package
from tests.applewallet.uploading import PASSWORD, apple, curve_key, key_bytes, p12, whole


def parts_of(pem):
    """Lines of a key: one of them on a page would be enough."""
    return re.findall(r"^[A-Za-z0-9+/=]{40,}$", pem, re.MULTILINE)


@pytest.fixture
def owner(staff, brand):
    """An owner who uploaded a certificate by a protected file, and a key for pushes."""
    somebody, upload = staff("owner"), whole(by=apple)
    p12_file = p12(certificate=upload.certificate, key=upload.key)
    somebody.post("applewallet_credential_add", **files_of(Upload(p12_file, b"", PASSWORD, upload.intermediate)))
    key = SimpleUploadedFile("AuthKey_ABC123DEFG.p8", key_bytes(curve_key()))
    page = ("applewallet_packagetype_push_key", brand.packagetypes.get().pk)
    assert somebody.post(*page, key_id="ABC123DEFG", key=key).status_code == 302
    phone_with(make_package(brand))
    return somebody


def test_nothing_secret_is_shown_anywhere(owner, brand, capfd, caplog):
    texts = []
    for name, row in rows_of(brand).items():
        texts.append(text_of(owner.get(f"applewallet_{name}_changelist")))
        texts += [text_of(owner.get(f"applewallet_{name}_{page}", row.pk)) for page in ("change", "history")]
    package_type = brand.packagetypes.get()
    for page in ("push_key", "remove_push_key"):
        texts.append(text_of(owner.get(f"applewallet_packagetype_{page}", package_type.pk)))
    texts.append(text_of(owner.get("applewallet_credential_add")))
    texts += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    texts += [str(session.get_decoded()) for session in Session.objects.all()]
    texts += [caplog.text, *capfd.readouterr()]
    everything = "\n".join(texts)
    assert len(texts) > 3 * len(LISTS)
    assert DEVICE[-6:] in everything
    secrets = [token_of(brand.packages.get()), DEVICE, PUSH_TOKEN, PASSWORD, "authenticationToken", "PRIVATE KEY"]
    secrets += parts_of(decrypt(bytes(brand.credentials.get().encrypted_key)))
    secrets += parts_of(decrypt(bytes(package_type.encrypted_apns_key)))
    assert len(secrets) > 25
    assert [secret for secret in secrets if secret in everything] == []


def test_an_upload_that_fails_leaves_no_trace(staff, brand, capfd, caplog):
    owner, upload = staff("owner"), whole()
    page = text_of(
        owner.post("applewallet_credential_add", **files_of(Upload(upload.certificate, upload.key, "s3cret-pw")))
    )
    everything = "\n".join([page, caplog.text, *capfd.readouterr(), str(list(LogEntry.objects.values()))])
    assert "is missing" in page
    assert [one for one in ["s3cret-pw", *parts_of(upload.key.decode())] if one in everything] == []
    assert not LogEntry.objects.exists()
