"""POST /oauth/revoke and /oauth/introspect, and what the server says of itself (buyer-wallet.md §A.5, §A.6)."""

import time
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from buyers import tokens
from buyers.models import AccessToken, Connection, RefreshToken
from buyers.scopes import ADDRESS, CARD
from tests.buyers.flow import refresh
from tests.buyers.making import age, connect, make_buyer, make_client

KINDS = ["access_token", "refresh_token"]


def introspect(partner, token, hint="access_token"):
    return partner.form("/oauth/introspect", token=token, token_type_hint=hint)


def revoke(partner, token, hint="access_token"):
    return partner.form("/oauth/revoke", token=token, token_type_hint=hint)


@pytest.mark.parametrize("hint", KINDS)
def test_what_a_token_stands_for_whatever_the_hint(partner, hint):
    buyer = make_buyer("jane.doe@shop.example")
    access, token = connect(partner.client, buyer, [ADDRESS, CARD])
    answers = [introspect(partner, text, hint) for text in (access, token)]
    assert [answer.status_code for answer in answers] == [200, 200]
    known = {
        "active": True,
        "scope": f"{ADDRESS} {CARD}",
        "sub": str(buyer.uuid),
        "username": "j••••e@shop.example",
        "token_type": "Bearer",
    }
    ends = [answer.json().pop("exp") for answer in answers]
    assert [{k: v for k, v in answer.json().items() if k != "exp"} for answer in answers] == [known, known]
    assert ends[0] - time.time() == pytest.approx(3600, abs=10)
    assert ends[1] - time.time() == pytest.approx(31_536_000, abs=10)
    assert all(answer["Cache-Control"] == "no-store" for answer in answers)


def test_the_subject_is_a_uuid_and_no_client_id(partner, buyer):
    access, _token = connect(partner.client, buyer)
    assert introspect(partner, access).json()["sub"] == str(buyer.uuid)
    assert len(partner.client.client_id) == 24
    assert "-" not in partner.client.client_id


def expire(buyer):
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    age(RefreshToken.objects.get(), days=366)


def disable(buyer):
    buyer.is_active = False
    buyer.save()


def disconnect(buyer):
    tokens.disconnect(Connection.objects.get())


@pytest.mark.parametrize("end", [expire, disable, disconnect])
def test_of_a_token_that_is_over_nothing_is_said(partner, buyer, end):
    texts = connect(partner.client, buyer)
    end(buyer)
    for text in texts:
        assert introspect(partner, text).json() == {"active": False}


def test_another_clients_tokens_are_nobodys(partner, rival, buyer):
    texts = connect(partner.client, buyer)
    for text in (*texts, "unknown", "x" * 4096, "é"):
        for answer in (introspect(rival, text), revoke(rival, text)):
            assert answer.status_code == 200
        assert introspect(rival, text).json() == {"active": False}
    assert [introspect(partner, text).json()["active"] for text in texts] == [True, True]


@pytest.mark.parametrize("hint", KINDS)
@pytest.mark.parametrize("which", [0, 1])
def test_revoking_either_token_ends_the_whole_family(partner, buyer, which, hint):
    texts = connect(partner.client, buyer)
    more = refresh(partner, texts[1]).json()["access_token"]
    others = connect(partner.client, buyer)
    answer = revoke(partner, texts[which], hint)
    assert (answer.status_code, answer.json()) == (200, {})
    assert [introspect(partner, text).json() for text in (*texts, more)] == [{"active": False}] * 3
    assert [introspect(partner, text).json()["active"] for text in others] == [True, True]
    assert refresh(partner, texts[1]).json()["error"] == "invalid_refresh_token"
    assert revoke(partner, texts[which], hint).status_code == 200


FAULTS = [
    ({"token": "x"}, "invalid_request"),
    ({"token_type_hint": "access_token"}, "invalid_request"),
    ({"token": "", "token_type_hint": "access_token"}, "invalid_request"),
    ({"token": "x", "token_type_hint": "id_token"}, "unsupported_token_type"),
]


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
@pytest.mark.parametrize(("fields", "error"), FAULTS)
def test_token_and_hint_are_needed(partner, path, fields, error):
    answer = partner.form(path, **fields)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_message"] == answer.json()["error_description"]


def test_all_tokens_of_a_client_end_and_no_others(partner, rival, buyer):
    mine = [connect(partner.client, one) for one in (buyer, make_buyer())]
    theirs = connect(rival.client, buyer)
    assert tokens.end_all(partner.client) == 2
    assert not any(introspect(partner, text).json()["active"] for pair in mine for text in pair)
    assert all(introspect(rival, text).json()["active"] for text in theirs)
    assert Connection.objects.filter(revoked_at=None).count() == 3


def test_a_disconnection_ends_one_channel(partner, buyer):
    web = connect(partner.client, buyer, channel="Web")
    app = connect(partner.client, buyer, channel="App")
    tokens.disconnect(Connection.objects.get(channel="Web"))
    assert not any(introspect(partner, text).json()["active"] for text in web)
    assert all(introspect(partner, text).json()["active"] for text in app)
    assert Connection.objects.get(channel="Web").revoked_at is not None


def test_the_metadata_agrees_with_the_server(db, settings):
    answer = Browser().get("/.well-known/oauth-authorization-server")
    assert answer.status_code == 200
    facts = answer.json()
    here = settings.PUBLIC_URL
    assert facts["issuer"] == here
    assert facts["authorization_endpoint"] == f"{here}/pay/authorize"
    assert facts["authorization_response_iss_parameter_supported"] is True
    assert facts["code_challenge_methods_supported"] == ["S256"]
    assert facts["grant_types_supported"] == ["authorization_code", "refresh_token"]
    for name in ("token", "revocation", "introspection"):
        path = facts[f"{name}_endpoint"].removeprefix(here)
        assert facts[f"{name}_endpoint_auth_methods_supported"] == ["client_secret_basic"]
        assert Browser(headers={"User-Agent": "x"}).post(path).status_code == 401
    assert Browser().post("/.well-known/oauth-authorization-server").status_code == 405


def test_an_unknown_route_of_the_api_answers_in_its_shape(db):
    answer = Browser().get("/oauth/authorize")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "error_message", "error_description"}


def test_the_toolkits_own_pages_are_not_served(db):
    make_client()
    for path in ("/o/token/", "/oauth/applications/", "/oauth/device-authorization", "/oauth/register", "/o/userinfo/"):
        assert Browser(headers={"User-Agent": "x"}).get(path).status_code == 404
