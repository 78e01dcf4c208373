"""Who calls the wallet API: a client by Basic, or a client on behalf of a buyer by Bearer. One statement each."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.db import connection as database
from django.db import models
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import User
from buyers.errors import Refused
from buyers.hashers import ClientSecretHasher
from buyers.models import AccessToken, Address, Card, Client, Connection
from buyers.tokens import digest
from shops.prepared import run
from shops.throttling import WINDOW, counter, ip_of

HASHER = ClientSecretHasher()
BASIC = 'Basic realm="wallet", charset="UTF-8"'
BEARER = 'Bearer realm="wallet"'
MOST_OF_A_HEADER = 2000  # characters; credentials of ours have a hundred


def _columns(model: type[models.Model], *names: str) -> tuple[str, ...]:
    """These columns (all, if none is named), in the model's own order, which from_db goes by; the rest is deferred."""
    known = [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001 -- Django's own door
    return tuple(name for name in known if not names or name in names)


FOR_TOKEN = ("id", "scope", "expires", "family", "user_id", "application_id", "connection_id")
FOR_CLIENT = ("id", "client_id", "name", "environment", "is_active", "allowed_scopes", "require_pkce", "order_checks")
FOR_SECRETS = ("client_type", "authorization_grant_type", "client_secret", "previous_secret", "previous_secret_until")
CLIENT = _columns(Client, *FOR_CLIENT, *FOR_SECRETS)
PARTS: tuple[tuple[str, type[models.Model], tuple[str, ...]], ...] = (
    ("t", AccessToken, _columns(AccessToken, *FOR_TOKEN)),
    ("k", Connection, _columns(Connection)),
    ("u", User, _columns(User, "id", "uuid", "email", "name", "is_active")),
    ("c", Client, _columns(Client, *FOR_CLIENT)),
    ("card", Card, _columns(Card)),
    ("address", Address, _columns(Address)),
)
# The note of its use rides along, at most once a minute, so that it costs no statement of its own.
FIND_TOKEN = f"""
WITH found AS (
    SELECT k.id AS used,
        t.expires > now() AND k.revoked_at IS NULL AND c.is_active AND u.is_active
        AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS is_due,
        {", ".join(f"{alias}.{name} AS {alias}_{name}" for alias, _model, names in PARTS for name in names)}
    FROM buyers_accesstoken t
    JOIN buyers_connection k ON k.id = t.connection_id
    JOIN buyers_client c ON c.id = t.application_id
    JOIN accounts_user u ON u.id = t.user_id
    LEFT JOIN buyers_card card ON card.id = k.card_id
    LEFT JOIN buyers_address address ON address.id = k.address_id
    WHERE t.token_checksum = %s
), noted AS (
    UPDATE buyers_connection SET last_used_at = now() FROM found
    WHERE buyers_connection.id = found.used AND found.is_due
)
SELECT {", ".join(f"{alias}_{name}" for alias, _model, names in PARTS for name in names)} FROM found
"""  # noqa: S608 -- put together from constants of this file
FIND_CLIENT = f"SELECT {', '.join(CLIENT)} FROM buyers_client WHERE client_id = %s"  # noqa: S608 -- likewise


class ClientBasic(BaseAuthentication):
    """Reads `Authorization: Basic base64(client_id:client_secret)`, each form-url-encoded (RFC 6749 §2.3.1)."""

    def authenticate(self, request: Request) -> tuple[None, Client]:
        """Return (None, client). Raises Refused with 401 or, after many of those, 429."""
        credentials = read_basic(request.META.get("HTTP_AUTHORIZATION", ""))
        if credentials is None:
            raise self.refuse(request, "The Authorization header holds no readable Basic credentials.")
        client_id, secret = credentials
        client = find_client(client_id)
        if client is None:
            raise self.refuse(request, "The client is not known.")
        if not secret_is_right(client, secret):
            raise self.refuse(request, "The secret is not this client's.", client)
        if not client.is_active:
            raise self.refuse(request, "The client is switched off.", client)
        return None, client

    def authenticate_header(self, request: Request) -> str:
        """How one authenticates here."""
        return BASIC

    def refuse(self, request: Request, cause: str, client: Client | None = None) -> Refused:
        """The same answer whatever the cause: only the request log tells it."""
        message = "The client could not be authenticated by HTTP Basic: its ID or its secret was not recognised."
        headers = {"WWW-Authenticate": BASIC}
        return guessing(request) or Refused(401, "invalid_client", message, headers=headers, cause=cause, client=client)


class BuyerBearer(BaseAuthentication):
    """Reads `Authorization: Bearer <access token>` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken]:
        """Return the buyer and the token. Raises Refused with 401 or, after many of those, 429.

        The token comes with its connection, card, address and client. Its `scope` is what still holds: what the token,
        the buyer's present consent and the client's own list have in common.
        """
        if "access_token" in request._request.GET:  # noqa: SLF001 -- DRF's own name of it says nothing more
            raise self.refuse(request, "An access token in a URL is refused: URLs are written to logs.")
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text or len(text) > MOST_OF_A_HEADER or "\x00" in text:
            raise self.refuse(request, "The Authorization header holds no Bearer token.")
        token = find_token(text)
        if token is None:
            raise self.refuse(request, "The access token is not known, or was revoked.")
        cause = _why_not(token)
        if cause:
            raise self.refuse(request, cause, token.connection.client)
        return token.connection.buyer, token

    def authenticate_header(self, request: Request) -> str:
        """How one authenticates here."""
        return BEARER

    def refuse(self, request: Request, cause: str, client: Client | None = None) -> Refused:
        """The same answer whatever the cause: only the request log tells it."""
        message = "The access token is missing, expired, revoked or otherwise invalid."
        headers = {"WWW-Authenticate": f'{BEARER}, error="invalid_token", error_description="{message}"'}
        return guessing(request) or Refused(401, "invalid_token", message, headers=headers, cause=cause, client=client)


def read_basic(header: str) -> tuple[str, str] | None:
    """Client ID and secret of an Authorization header, or None if it cannot be read."""
    scheme, _space, text = header.partition(" ")
    if scheme.lower() != "basic" or len(text) > MOST_OF_A_HEADER:
        return None
    try:
        pair = base64.b64decode(text.strip(), validate=True).decode()
        client_id, colon, secret = pair.partition(":")
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError):
        return None
    return None if not colon or "\x00" in client_id else (client_id, secret)


def find_client(client_id: str) -> Client | None:
    """The client with this ID, active or not, with what is needed to authenticate it."""
    rows = run(FIND_CLIENT, (client_id,))
    return Client.from_db(database.alias, CLIENT, rows[0]) if rows else None


def secret_is_right(client: Client, secret: str) -> bool:
    """Whether it is the client's secret, or its former one while that is valid. Takes the same time either way."""
    is_right = HASHER.verify(secret, client.client_secret)
    until = client.previous_secret_until
    if client.previous_secret and until and until > timezone.now():
        is_right |= HASHER.verify(secret, client.previous_secret)
    return is_right


def find_token(text: str) -> AccessToken | None:
    """The access token with this text, valid or not, and all that hangs on it."""
    rows = run(FIND_TOKEN, (digest(text),))
    if not rows:
        return None
    found = _cut(rows[0])
    token: AccessToken = found[0]
    connection, buyer, client, card, address = found[1:]
    connection.buyer, connection.client, connection.card, connection.address = buyer, client, card, address
    token.connection, token.user, token.application = connection, buyer, client
    lasting = {*connection.scopes} & {*client.allowed_scopes}
    token.scope = " ".join(scope for scope in token.scope.split() if scope in lasting)
    return token


def guessing(request: Request) -> Refused | None:
    """Count a wrong credential of this caller's address; what to answer instead of 401 when there were too many.

    Right credentials are not counted and always work: nobody can lock a partner out by guessing.
    """
    limit = settings.WALLET_GUESS_LIMIT
    if not limit or counter.count(f"guess:{ip_of(request)}") <= limit:
        return None
    headers = {"Retry-After": str(WINDOW - int(timezone.now().timestamp()) % WINDOW)}
    message = "Too many calls with credentials that are not valid came from this address."
    return Refused(429, "too_many_requests", message, headers=headers, logged=False)


def _why_not(token: AccessToken) -> str:
    """Why a token is not valid; "" if it is."""
    checks = (
        (token.expires > timezone.now(), "The access token has expired."),
        (token.connection.revoked_at is None, "The buyer has disconnected."),
        (token.connection.client.is_active, "The client is switched off."),
        (token.connection.buyer.is_active, "The buyer's account is not active."),
    )
    return next((cause for is_met, cause in checks if not is_met), "")


def _cut(row: tuple[Any, ...]) -> list[Any]:
    """The row as objects; None where a LEFT JOIN found nothing."""
    found: list[Any] = []
    start = 0
    for _alias, model, names in PARTS:
        values = row[start : start + len(names)]
        start += len(names)
        found.append(None if values[0] is None else model.from_db(database.alias, names, values))
    return found
