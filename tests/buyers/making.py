"""Clients, buyers and connections for tests, made by the services that make them in life."""

import base64
import itertools
import uuid
from datetime import timedelta

from accounts.models import User
from buyers.clients import new_client
from buyers.models import Client, Connection
from buyers.scopes import ADDRESS, CARD, ENCRYPTED, PAYMENT_SESSION
from buyers.tokens import new_secret, save_access, save_refresh

ALL_SCOPES = [ADDRESS, CARD, PAYMENT_SESSION, ENCRYPTED]
REDIRECT_URI = "https://partner.example/callback"
AGENT = "Partner/1.0"
_numbers = itertools.count(1)


def make_buyer(email=None, **columns):
    """A buyer, without a password unless one is given."""
    return User.objects.create_user(email or f"buyer{next(_numbers)}@shop.example", **columns)


def make_client(name="Shop Partner", **columns):
    """A sandbox client and its secret; it may ask for everything."""
    columns.setdefault("redirect_uris", [REDIRECT_URI])
    columns.setdefault("allowed_scopes", list(ALL_SCOPES))
    return new_client(name, **columns)


def connect(client, buyer, scopes=(), card=None, address=None, channel=""):
    """The texts of the access token and the refresh token of a new connection (or one made anew)."""
    scopes = list(scopes or client.allowed_scopes)
    found, _created = Connection.objects.update_or_create(
        client=client,
        buyer=buyer,
        channel=channel,
        defaults={"scopes": scopes, "card": card, "address": address, "revoked_at": None},
    )
    return issue(found)


def issue(connection):
    """A pair of tokens, as a code is exchanged for them."""
    access, refresh, family = new_secret(), new_secret(), uuid.uuid4()
    save_access(connection, access, family=family, scope=" ".join(connection.scopes), seconds=3600)
    save_refresh(connection, refresh, family=family)
    return access, refresh


def age(row, **by):
    """Move every time in a token's or code's row into the past."""
    past = timedelta(**by)
    times = {name: getattr(row, name) - past for name in ("created", "updated", "expires") if hasattr(row, name)}
    type(row).objects.filter(pk=row.pk).update(**times)


def basic(client, secret):
    """The Authorization header of a client."""
    client_id = client.client_id if isinstance(client, Client) else client
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
