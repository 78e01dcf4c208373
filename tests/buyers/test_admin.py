"""Partners' clients in the admin: for superusers all, for a client's developers their own (buyer-wallet.md §D.3)."""

import io
import os
import re

import pytest
from django.contrib import admin as django_admin
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from oauth2_provider.models import get_id_token_model
from PIL import Image

from accounts.models import User
from buyers.authentication import find_client, secret_is_right
from buyers.models import AccessToken, Client, ClientRequest, Grant, Merchant, RefreshToken
from buyers.scopes import ADDRESS, CARD, ENCRYPTED
from tests.admin.helping import Admin, text_of
from tests.buyers.making import REDIRECT_URI, connect, make_client
from tests.buyers.ordering import PATH, confirm, introduce, sample

ADDED = {
    "name": "Shop Partner",
    "redirect_uris": f"{REDIRECT_URI}\nhttp://127.0.0.1:9/back",
    "environment": "sandbox",
    "allowed_scopes": [ADDRESS, CARD],
    "order_checks": "findings",
    "merchants-TOTAL_FORMS": 0,
    "merchants-INITIAL_FORMS": 0,
}
CHANGED = ADDED | {"is_active": "on"}


@pytest.fixture
def root(db):
    return Admin(User.objects.create_superuser("root@example.com", "secret"))


@pytest.fixture
def developer(partner):
    user = User.objects.create_user("dev@partner.example", "secret", is_staff=True)
    partner.client.developers.add(user)
    return Admin(user)


def secret_on(page):
    return re.search(r'id="secret"[^>]*value="([^"]+)"', text_of(page))[1]


def everywhere(admin, *pages):
    """All that can be read afterwards: pages, the history, the sessions, the cookies."""
    texts = [text_of(admin.get(*page)) for page in pages]
    texts += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    texts += [str(session.get_decoded()) for session in Session.objects.all()]
    return "\n".join([*texts, str(admin.client.cookies)])


def test_a_clients_secret_is_shown_once(root):
    page = root.post("buyers_client_add", **ADDED)
    assert "no-store" in page["Cache-Control"]
    secret = secret_on(page)
    client = Client.objects.get()
    assert client.client_id in text_of(page)
    assert secret_is_right(find_client(client.client_id), secret)
    assert client.redirect_uris == f"{REDIRECT_URI} http://127.0.0.1:9/back"
    assert (client.environment, client.allowed_scopes) == ("sandbox", [ADDRESS, CARD])
    pages = (("buyers_client_changelist",), ("buyers_client_change", client.pk), ("buyers_client_history", client.pk))
    later = everywhere(root, *pages)
    assert f"…{secret[-4:]}" in later
    assert secret not in later
    assert client.client_secret not in later


WRONG = [
    {"redirect_uris": ""},
    {"redirect_uris": "partner.example/callback"},
    {"redirect_uris": "javascript:alert(1)"},
    {"redirect_uris": "https://user@partner.example/callback"},
    {"redirect_uris": "https://partner.example/callback#x"},
    {"redirect_uris": "https://pärtner.example/"},
    {"redirect_uris": "https://partner.example:port/"},
    {"redirect_uris": f"{REDIRECT_URI} http://partner.example/", "environment": "live"},
    {"allowed_scopes": []},
    {"allowed_scopes": ["openid"]},
    {"allowed_scopes": [ENCRYPTED], "environment": "live"},
    {"name": ""},
    {"environment": "production"},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_client_that_makes_no_sense_is_not_made(root, wrong):
    page = root.post("buyers_client_add", **ADDED | wrong)
    assert page.status_code == 200
    assert 'id="secret"' not in text_of(page)
    assert not Client.objects.exists()


def test_a_sandbox_may_have_everything(root):
    root.post("buyers_client_add", **ADDED | {"allowed_scopes": [ADDRESS, ENCRYPTED]})
    assert Client.objects.get().allowed_scopes == [ADDRESS, ENCRYPTED]


def test_a_developer_changes_their_clients_own_facts_and_nothing_else(developer, partner):
    forged = {"environment": "live", "allowed_scopes": [ENCRYPTED], "order_checks": "strict", "require_pkce": "on"}
    forged |= {"verified_domain": "bank.example", "client_id": "x", "developers": []}
    before = Client.objects.values().get()
    page = developer.post(
        "buyers_client_change", partner.client.pk, name="New name", redirect_uris=REDIRECT_URI + "/2", **forged
    )
    assert page.status_code == 302
    changed = {name for name, value in Client.objects.values().get().items() if before[name] != value}
    assert changed == {"name", "redirect_uris", "updated"}
    assert partner.client.developers.count() == 1


def test_a_developer_sees_nobody_elses(developer, partner, rival):
    listed = text_of(developer.get("buyers_client_changelist"))
    assert partner.client.client_id in listed
    assert rival.client.client_id not in listed
    assert developer.get("buyers_client_change", rival.client.pk).status_code == 302
    assert (
        developer.post(
            "buyers_client_change", rival.client.pk, name="Mine", redirect_uris="https://x.example"
        ).status_code
        == 302
    )
    for page in ("buyers_client_secret", "buyers_client_end_tokens"):
        assert developer.post(page, rival.client.pk, days=7).status_code == 403
    assert developer.get("buyers_client_add").status_code == 403
    assert developer.post("buyers_client_delete", partner.client.pk, post="yes").status_code == 403
    rival.client.refresh_from_db()
    assert (rival.client.name, rival.client.previous_secret) == ("Rival", "")


def test_a_developer_sees_no_brands_rows(developer, brand):
    index = text_of(developer.get("index"))
    assert "/admin/buyers/client/" in index
    assert "/admin/orders/order/" not in index
    for page in ("orders_order_changelist", "shops_brand_changelist", "accounts_user_changelist"):
        assert developer.get(page).status_code == 403


def test_a_brands_staff_see_no_clients(partner, brand):
    user = User.objects.create_user("owner@team.example", "secret", is_staff=True)
    brand.staff.create(user=user, role="owner")
    owner = Admin(user)
    assert owner.get("buyers_client_changelist").status_code == 403
    assert owner.get("buyers_clientrequest_changelist").status_code == 403
    assert owner.get("buyers_client_change", partner.client.pk).status_code in {302, 403}
    assert "/admin/buyers/client/" not in text_of(owner.get("index"))


def test_nobody_without_a_brand_or_a_client_gets_in(partner):
    stranger = Admin(User.objects.create_user("x@team.example", "secret", is_staff=True))
    assert stranger.get("index").status_code == 302
    assert stranger.get("buyers_client_changelist").status_code == 302


def test_a_secret_is_rotated(developer, partner):
    pk = partner.client.pk
    assert "How long" in text_of(developer.get("buyers_client_secret", pk))
    page = developer.post("buyers_client_secret", pk, days=7)
    assert "no-store" in page["Cache-Control"]
    secret = secret_on(page)
    found = find_client(partner.client.client_id)
    assert [secret_is_right(found, one) for one in (partner.secret, secret, "x")] == [True, True, False]
    assert secret not in everywhere(developer, ("buyers_client_change", pk), ("buyers_client_history", pk))
    developer.post("buyers_client_secret", pk, days=0)
    found = find_client(partner.client.client_id)
    assert [secret_is_right(found, one) for one in (partner.secret, secret)] == [False, False]


@pytest.mark.parametrize("days", ["", "-1", "365", "x"])
def test_a_rotation_with_nonsense_changes_nothing(developer, partner, days):
    page = developer.post("buyers_client_secret", partner.client.pk, days=days)
    assert 'id="secret"' not in text_of(page)
    assert secret_is_right(find_client(partner.client.client_id), partner.secret)
    assert Client.objects.get().previous_secret == ""


def test_all_tokens_are_revoked(developer, partner, buyer):
    connect(partner.client, buyer)
    assert developer.get("buyers_client_end_tokens", partner.client.pk).status_code == 200
    assert AccessToken.objects.count() == 1
    developer.post("buyers_client_end_tokens", partner.client.pk)
    assert AccessToken.objects.count() == 0
    assert RefreshToken.objects.get().revoked is not None


TESTED = [
    (REDIRECT_URI, "Yes, letter by letter."),
    ("http://partner.example/callback", "in: scheme."),
    ("https://partner.example.evil.example/callback", "in: host."),
    ("https://partner.example:8443/callback", "in: port."),
    ("https://partner.example/back", "in: path."),
    ("https://partner.example/callback?a=1", "in: query."),
    ("https://partner.example/callback#a", "in: fragment."),
    ("https://partner.example/callback/", "in: trailing slash."),
    ("https://partner.example/Callback", "in: case of the path."),
    ("https://partner.example/Callback/", "in: case of the path, trailing slash."),
    ("https://PARTNER.example/callback", "in: case."),
    ("https://me@partner.example/callback", "in: user name."),
    ("http://[", "in: everything: it is not a URL."),
    ("https://partner.example/callback?", "in: spelling."),
    ('"><script>alert(1)</script>', "in: scheme, host, path."),
]


@pytest.mark.parametrize(("uri", "verdict"), TESTED)
def test_the_redirect_uri_tester_names_what_differs(developer, partner, uri, verdict):
    text = text_of(developer.client.get(f"/admin/buyers/client/{partner.client.pk}/change/", {"uri": uri}))
    assert verdict in text
    assert "<script>alert(1)" not in text


def test_the_log_of_calls(developer, partner, rival):
    bad = partner.form("/oauth/introspect", token="x")
    rival.form("/oauth/introspect", token="y")
    partner.form("/oauth/introspect", token="x", token_type_hint="access_token")
    listed = text_of(developer.get("buyers_clientrequest_changelist"))
    assert listed.count("/oauth/introspect") == 2
    assert "The parameter token_type_hint is missing." in listed
    refused = text_of(developer.client.get("/admin/buyers/clientrequest/", {"status": "refused"}))
    assert refused.count("/oauth/introspect") == 1
    found = text_of(developer.client.get("/admin/buyers/clientrequest/", {"q": bad["X-Request-Id"]}))
    assert found.count("/oauth/introspect") == 1
    theirs = ClientRequest.objects.get(client=rival.client)
    assert developer.get("buyers_clientrequest_change", theirs.pk).status_code == 302
    assert developer.client.get("/admin/buyers/clientrequest/", {"client": rival.client.pk}).status_code in {200, 302}
    assert developer.get("buyers_clientrequest_add").status_code == 403
    own = ClientRequest.objects.filter(client=partner.client).first()
    assert developer.post("buyers_clientrequest_delete", own.pk, post="yes").status_code == 403


def test_merchants_are_named_by_superusers(root, developer, partner, brand):
    fields = CHANGED | {"merchants-TOTAL_FORMS": 1, "merchants-0-merchant_id": "m-1", "merchants-0-brand": brand.pk}
    developer.post("buyers_client_change", partner.client.pk, **fields)
    assert not Merchant.objects.exists()
    page = root.post("buyers_client_change", partner.client.pk, **fields)
    assert page.status_code == 302
    assert (Merchant.objects.get().brand, Merchant.objects.get().client) == (brand, partner.client)


def test_our_order_is_a_link_for_whoever_may_open_it(root, developer, partner, buyer, brand):
    introduce(partner.client, brand)
    row = confirm(partner.client, buyer)
    assert partner.put(PATH, sample()).status_code == 204
    order = brand.orders.get()
    link = f'href="/admin/orders/order/{order.pk}/change/"'
    pages = [text_of(admin.get("buyers_walletorder_change", row.pk)) for admin in (root, developer)]
    assert [(link in page, str(order.uuid) in page) for page in pages] == [(True, True), (False, True)]


def test_developers_must_be_able_to_sign_in(root, partner, buyer):
    page = root.post("buyers_client_change", partner.client.pk, **CHANGED | {"developers": [buyer.pk]})
    assert page.status_code == 200
    assert buyer.email in text_of(page)
    assert partner.client.developers.count() == 0


def test_the_toolkits_own_pages_are_gone():
    ours = {type(page).__module__ for page in django_admin.site._registry.values()}
    assert not [module for module in ours if module.startswith("oauth2_provider")]
    for model in (Grant, AccessToken, RefreshToken, get_id_token_model()):
        assert not django_admin.site.is_registered(model)


def test_a_logo_is_a_picture_and_not_large(developer, partner, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    noise = io.BytesIO()
    Image.frombytes("RGB", (500, 500), os.urandom(750_000)).save(noise, "PNG")
    small = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(small, "PNG")
    pk = partner.client.pk
    for name, content in (("logo.png", noise.getvalue()), ("logo.png", b"no picture"), ("logo.svg", b"<svg/>")):
        logo = SimpleUploadedFile(name, content, "image/png")
        page = developer.post("buyers_client_change", pk, name="New", redirect_uris=REDIRECT_URI, logo=logo)
        assert page.status_code == 200
    assert (Client.objects.get().logo.name, Client.objects.get().name) == ("", "Shop Partner")
    logo = SimpleUploadedFile("logo.png", small.getvalue(), "image/png")
    developer.post("buyers_client_change", pk, name="New", redirect_uris=REDIRECT_URI, logo=logo)
    assert Client.objects.get().logo.name.startswith("client-logos/")


def test_pages_without_rows(root):
    make_client()
    assert root.get("buyers_client_changelist").status_code == 200
    assert root.get("buyers_clientrequest_changelist").status_code == 200
