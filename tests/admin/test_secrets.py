"""A token and a webhook key are shown once, then only their last four characters."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone

from shops.tokens import digest
from tests.admin.helping import hidden_fields, text_of


def secret_on(page):
    return re.search(r'id="secret"[^>]*value="([^"]+)"', text_of(page))[1]


def everywhere(admin, *pages):
    """All that can be read afterwards: pages, the history, the sessions, the cookies."""
    texts = [text_of(admin.get(*page)) for page in pages]
    texts += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    texts += [str(session.get_decoded()) for session in Session.objects.all()]
    return "\n".join([*texts, str(admin.client.cookies)])


def test_a_token_is_shown_once(staff, brand, capfd, caplog):
    owner = staff("owner")
    page = owner.post("shops_apitoken_add", name="Till", abilities=["shops.get", "shops.orders.get"])
    assert "no-store" in page["Cache-Control"]
    text = secret_on(page)
    token = brand.apitokens.get()
    number, _bar, secret = text.partition("|")
    assert (int(number), digest(secret)) == (token.pk, token.digest)
    assert token.abilities == ["shops.get", "shops.orders.get"]
    later = everywhere(
        owner, ("shops_apitoken_changelist",), ("shops_apitoken_change", token.pk), ("shops_apitoken_history", token.pk)
    )
    assert f"…{secret[-4:]}" in later
    assert secret not in later
    assert token.digest not in later
    assert secret not in caplog.text + "".join(capfd.readouterr())
    assert LogEntry.objects.get().object_repr == f"Till (…{secret[-4:]})"


@pytest.mark.parametrize(
    "wrong", [{"abilities": []}, {"abilities": ["shops.fly"]}, {"expires_at_0": "2020-01-01", "expires_at_1": "10:00"}]
)
def test_a_token_that_makes_no_sense_is_not_made(staff, brand, wrong):
    page = staff("owner").post("shops_apitoken_add", **{"name": "Till", "abilities": ["*"]} | wrong)
    assert page.status_code == 200
    assert 'id="secret"' not in text_of(page)
    assert not brand.apitokens.exists()


def test_a_token_cannot_be_changed_only_revoked(staff, brand):
    owner = staff("owner")
    owner.post("shops_apitoken_add", name="Till", abilities=["shops.get"])
    token = brand.apitokens.get()
    assert owner.post("shops_apitoken_change", token.pk, name="x", abilities=["*"]).status_code == 403
    assert owner.post("shops_apitoken_delete", token.pk, post="yes").status_code == 403
    assert "Revoke this token" in text_of(owner.get("shops_apitoken_change", token.pk))
    staff("manager").act("shops_apitoken", "revoke", token, confirmed="yes")
    question = owner.act("shops_apitoken", "revoke", token)
    assert "it cannot be undone" in text_of(question)
    token.refresh_from_db()
    assert (token.abilities, token.revoked_at) == (["shops.get"], None)
    sent = hidden_fields(question)
    assert sent["_selected_action"] == str(token.pk)
    owner.post("shops_apitoken_changelist", **sent)
    token.refresh_from_db()
    assert token.revoked_at <= timezone.now()
    assert "Revoke this token" not in text_of(owner.get("shops_apitoken_change", token.pk))


def test_a_webhook_key_is_shown_once(staff, brand):
    manager = staff("manager")
    page = manager.post(
        "webhooks_endpoint_add", url="https://partner.example/hook", statuses=["paid"], is_active="on", concurrency=2
    )
    key = secret_on(page)
    endpoint = brand.endpoints.get()
    assert key.startswith("whsec_")
    assert (endpoint.statuses, endpoint.concurrency, endpoint.key_hint) == (["paid"], 2, key[-4:])
    pages = [(f"webhooks_endpoint_{page}", endpoint.pk) for page in ("change", "history")]
    later = everywhere(manager, ("webhooks_endpoint_changelist",), *pages)
    assert f"…{key[-4:]}" in later
    assert key not in later


@pytest.mark.parametrize(
    "url", ["ftp://partner.example/", "https://user:word@partner.example/", "https://x.example:22/"]
)
def test_an_address_that_the_transport_would_refuse_is_refused(staff, brand, settings, url):
    settings.WEBHOOK_ALLOWED_PORTS = ["80", "443"]
    page = staff("manager").post("webhooks_endpoint_add", url=url, statuses=["paid"], concurrency=2)
    assert page.status_code == 200
    assert not brand.endpoints.exists()


def test_another_address_has_to_be_validated_anew(staff, brand):
    manager = staff("manager")
    data = {"statuses": ["paid", "expired"], "is_active": "on", "concurrency": 3}
    manager.post("webhooks_endpoint_add", url="https://partner.example/a", **data)
    endpoint = brand.endpoints.get()
    brand.endpoints.update(is_validated=True)
    key = bytes(endpoint.encrypted_key)
    manager.post("webhooks_endpoint_change", endpoint.pk, url="https://partner.example/a", **data | {"concurrency": 5})
    endpoint.refresh_from_db()
    assert (endpoint.is_validated, endpoint.concurrency) == (True, 5)
    manager.post("webhooks_endpoint_change", endpoint.pk, url="https://partner.example/b", **data)
    endpoint.refresh_from_db()
    assert (endpoint.is_validated, endpoint.url) == (False, "https://partner.example/b")
    assert bytes(endpoint.encrypted_key) == key
