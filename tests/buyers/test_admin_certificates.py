"""Clients' certificates in the admin: uploaded, issued, downloaded and revoked by those whose clients they are for."""

import pytest
from cryptography import x509
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from accounts.models import User
from buyers.certificates import receive
from buyers.models import ClientCertificate
from tests.buyers.keeping import certified, new_key, pem, requested
from tests.buyers.making import make_buyer, make_client

ADD = "admin:buyers_clientcertificate_add"
KEY = new_key()


def browser_of(user):
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def ours(db):
    return make_client()[0]


@pytest.fixture
def developer(ours):
    user = make_buyer(is_staff=True)
    ours.developers.add(user)
    return browser_of(user)


@pytest.fixture
def superuser(db):
    return browser_of(User.objects.create_superuser("root@example.com"))


def upload(browser, client, content):
    return browser.post(reverse(ADD), {"client": client.pk, "file": SimpleUploadedFile("c.pem", content)})


def page_of(row, word="change"):
    return reverse(f"admin:buyers_clientcertificate_{word}", args=[row.pk])


def test_a_developer_registers_a_certificate(developer, ours):
    answer = upload(developer, ours, pem(certified(KEY)))
    row = ours.certificates.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(row))
    page = developer.get(page_of(row)).content.decode()
    assert " ".join(row.fingerprint[start : start + 8] for start in range(0, 64, 8)) in page
    assert "CN=ch4rl1nh0" in page
    assert "Valid" in page


def test_a_developer_gets_a_certificate_for_a_request(developer, ours):
    answer = upload(developer, ours, requested(KEY))
    row = ours.certificates.get()
    assert answer["Location"] == page_of(row)
    download = developer.get(page_of(row, "download"))
    assert download["Content-Disposition"] == f'attachment; filename="{ours.client_id}-{row.fingerprint[:8]}.pem"'
    assert x509.load_pem_x509_certificate(download.content).public_key() == KEY.public_key()


def test_a_file_that_does_not_do_is_told_why(developer, ours):
    answer = upload(developer, ours, b"hello")
    assert answer.status_code == 200
    assert "This file holds neither a certificate nor a certificate signing request." in answer.content.decode()
    assert developer.post(reverse(ADD), {"client": ours.pk}).status_code == 200
    assert ClientCertificate.objects.count() == 0


def test_revoking_is_asked_about_and_is_for_good(developer, ours):
    row = receive(ours, pem(certified(KEY)))
    assert page_of(row, "revoke") in developer.get(page_of(row)).content.decode()
    assert "That cannot be undone." in developer.get(page_of(row, "revoke")).content.decode()
    row.refresh_from_db()
    assert row.revoked_at is None
    assert developer.post(page_of(row, "revoke")).status_code == 302
    row.refresh_from_db()
    assert row.revoked_at is not None
    page = developer.get(page_of(row)).content.decode()
    assert "Revoked" in page
    assert page_of(row, "revoke") not in page


def test_other_clients_are_not_there_for_a_developer(developer, superuser, ours):
    theirs = make_client("Rival")[0]
    row = receive(theirs, pem(certified(KEY)))
    for word in ("change", "download"):
        assert developer.get(page_of(row, word)).status_code == 302
        assert developer.get(page_of(row, word))["Location"] == reverse("admin:index")
    for ask in (developer.get, developer.post):
        assert ask(page_of(row, "revoke"))["Location"] == reverse("admin:index")
    answer = upload(developer, theirs, pem(certified(new_key())))
    assert "Select a valid choice" in answer.content.decode()
    row.refresh_from_db()
    assert (row.revoked_at, theirs.certificates.count()) == (None, 1)
    listed = developer.get(reverse("admin:buyers_clientcertificate_changelist")).content.decode()
    assert row.fingerprint[:16] not in listed
    assert row.fingerprint[:16] in superuser.get(reverse("admin:buyers_clientcertificate_changelist")).content.decode()
    assert superuser.get(page_of(row)).status_code == 200


def test_whoever_manages_no_client_sees_nothing(db, ours):
    stranger = browser_of(make_buyer(is_staff=True))
    row = receive(ours, pem(certified(KEY)))
    for url in (reverse(ADD), page_of(row), page_of(row, "download")):
        assert stranger.get(url).status_code in {302, 403}
        assert b"BEGIN CERTIFICATE" not in stranger.get(url).content


@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_the_pages_are_accessible(live_server, browser_page, db, ours, look):
    user = make_buyer(is_staff=True)
    ours.developers.add(user)
    row = receive(ours, pem(certified(KEY)))
    page = browser_page(*look)
    session = browser_of(user).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    for url in (reverse(ADD), page_of(row)):
        page.goto(live_server.url + url)
        assert page.axe() == []
        assert page.errors == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
