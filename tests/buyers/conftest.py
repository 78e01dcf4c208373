"""The wallet API as a partner's program calls it."""

import json
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from tests.buyers.making import AGENT, basic, make_buyer, make_client


class Partner:
    """A partner's server: its client, and the calls it makes. `auth` is the whole Authorization header."""

    def __init__(self, client, secret):
        self.client = client
        self.secret = secret
        self.browser = Browser(raise_request_exception=False)

    @property
    def basic(self):
        return basic(self.client, self.secret)

    def call(self, method, path, body=b"", auth=None, agent=AGENT, content_type="application/json", **headers):
        """Call with Basic unless `auth` says otherwise; `agent` None leaves the User-Agent out."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {"Authorization": self.basic if auth is None else auth, "User-Agent": agent}
        given = known | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if value}
        return self.browser.generic(method, path, data, content_type=content_type, headers=sent)

    def form(self, path, auth=None, **fields):
        """Post a form, as the OAuth endpoints want it."""
        body = urlencode(fields).encode()
        return self.call("POST", path, body, auth, content_type="application/x-www-form-urlencoded")

    def get(self, path, token, **headers):
        """Get on behalf of the buyer whose access token this is."""
        return self.call("GET", path, auth=f"Bearer {token}", **headers)

    def post(self, path, token, body, **headers):
        """Post JSON on behalf of the buyer whose access token this is."""
        return self.call("POST", path, body, auth=f"Bearer {token}", **headers)

    def put(self, path, body, **headers):
        """Put JSON with the client's own credentials."""
        return self.call("PUT", path, body, **headers)


@pytest.fixture
def partner(db):
    """A sandbox client that may ask for everything."""
    return Partner(*make_client())


@pytest.fixture
def rival(db):
    """Another partner, who may learn and change nothing of the first one's."""
    return Partner(*make_client("Rival"))


@pytest.fixture
def buyer(db):
    return make_buyer()
