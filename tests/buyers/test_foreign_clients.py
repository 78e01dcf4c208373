"""The flow with client libraries that partners use, over HTTP."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.integrations.requests_client import OAuthError
from django.http import QueryDict
from oauthlib.oauth2 import InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsOAuthlib

from buyers.authorizing import allow, read_request
from buyers.models import AccessToken
from buyers.scopes import ADDRESS, CARD
from tests.buyers.making import REDIRECT_URI, make_buyer, make_client

pytestmark = pytest.mark.django_db(transaction=True)
SCOPES = [ADDRESS, CARD]
AGENT = {"User-Agent": "Partner/1.0"}


def consent(url):
    """What a buyer's browser and click do: from the partner's link to the address that it is sent to."""
    asked = read_request(QueryDict(urlsplit(url).query))
    return allow(make_buyer(), asked, scopes=asked.scopes, card=None, address=None)


def test_authlib(live_server):
    client, secret = make_client()
    with Authlib(
        client.client_id, secret, scope=SCOPES, redirect_uri=REDIRECT_URI, code_challenge_method="S256"
    ) as session:
        verifier = "v" * 64
        url, state = session.create_authorization_url(f"{live_server}/pay/authorize", code_verifier=verifier)
        back = consent(url)
        assert state in back
        token = session.fetch_token(
            f"{live_server}/oauth/token", authorization_response=back, code_verifier=verifier, state=state
        )
        assert (token["expires_in"], token["scope"], token["token_type"]) == (3600, " ".join(SCOPES), "Bearer")
        assert session.get(f"{live_server}/pay/wallet").status_code == 200
        newer = session.refresh_token(f"{live_server}/oauth/token")
        assert newer["refresh_token"] == token["refresh_token"]
        assert newer["access_token"] != token["access_token"]
        about = session.introspect_token(
            f"{live_server}/oauth/introspect", token=newer["access_token"], token_type_hint="access_token"
        )
        assert about.json()["active"] is True
        session.revoke_token(
            f"{live_server}/oauth/revoke", token=newer["refresh_token"], token_type_hint="refresh_token"
        )
        assert session.get(f"{live_server}/pay/wallet").status_code == 401
        with pytest.raises(OAuthError, match=re.escape("invalid, expired, revoked")):
            session.fetch_token(f"{live_server}/oauth/token", authorization_response=back, code_verifier=verifier)


def test_requests_oauthlib(live_server, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    client, secret = make_client()
    auth = HTTPBasicAuth(client.client_id, secret)
    with RequestsOAuthlib(client.client_id, redirect_uri=REDIRECT_URI, scope=SCOPES, pkce="S256") as session:
        url, _state = session.authorization_url(f"{live_server}/pay/authorize")
        back = consent(url)
        token = session.fetch_token(
            f"{live_server}/oauth/token", authorization_response=back, auth=auth, include_client_id=False
        )
        assert token["scope"] == SCOPES
        assert session.get(f"{live_server}/pay/wallet").status_code == 200
        newer = session.refresh_token(f"{live_server}/oauth/token", auth=auth)
        assert newer["refresh_token"] == token["refresh_token"]
        assert AccessToken.objects.count() == 2
        with pytest.raises(InvalidGrantError, match="expired, revoked"):
            session.fetch_token(f"{live_server}/oauth/token", authorization_response=back, auth=auth)
        assert session.get(f"{live_server}/pay/wallet").status_code == 401


def test_the_url_of_the_answer_holds_what_the_rfcs_want(live_server, settings):
    client, secret = make_client()
    with Authlib(client.client_id, secret, scope=SCOPES, redirect_uri=REDIRECT_URI) as session:
        url, state = session.create_authorization_url(f"{live_server}/pay/authorize")
    answer = parse_qs(urlsplit(consent(url)).query)
    assert set(answer) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ([state], [settings.PUBLIC_URL])
