"""A partner's way through OAuth: the request, the code, the tokens."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.http import QueryDict

from buyers.authorizing import allow, read_request
from buyers.scopes import ADDRESS, CARD
from tests.buyers.making import REDIRECT_URI

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "buyer_wallet_vectors.json").read_text())
VERIFIER = VECTORS["pkce"]["code_verifier"]
CHALLENGE = VECTORS["pkce"]["code_challenge_S256"]


def query_of(client, **changes):
    """The query of an authorization request in order, but for the changes; None leaves one out."""
    fields = {
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": f"{ADDRESS} {CARD}",
        "state": "xyz",
    }
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in (fields | changes).items() if value is not None})
    return query


def code_for(client, buyer, **changes):
    """A code, as a buyer's browser would take it to the partner."""
    asked = read_request(query_of(client, **changes))
    url = allow(buyer, asked, scopes=asked.scopes, card=None, address=None)
    return parse_qs(urlsplit(url).query)["code"][0]


def exchange(partner, code, /, **changes):
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI} | changes
    return partner.form("/oauth/token", **{name: value for name, value in fields.items() if value is not None})


def refresh(partner, token, **more):
    return partner.form("/oauth/token", grant_type="refresh_token", refresh_token=token, **more)
