"""Who calls the wallet API: a client by Basic, or a client on behalf of a buyer by Bearer. One statement each."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_plus
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_noop as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from buyers.addresses import AddressFacts
from buyers.cards import CardFacts
from buyers.errors import Refused
from buyers.hashers import ClientSecretHasher
from buyers.models import Client
from buyers.tokens import digest
from shops.prepared import run
from shops.throttling import WINDOW, counter, ip_of

HASHER = ClientSecretHasher()
BASIC = 'Basic realm="wallet", charset="UTF-8"'
BEARER = 'Bearer realm="wallet"'
MOST_OF_A_HEADER = 2000  # characters; credentials of ours have a hundred


def _columns(model: type[models.Model], *names: str) -> tuple[str, ...]:
    """These columns in the model's own order, which from_db goes by; the rest is deferred."""
    known = [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001 -- Django's own door
    return tuple(name for name in known if name in names)


FOR_SECRETS = ("client_type", "authorization_grant_type", "client_secret", "previous_secret", "previous_secret_until")
FOR_CLIENT = ("id", "client_id", "name", "environment", "is_active", "allowed_scopes", "require_pkce", "order_checks")
CLIENT = _columns(Client, *FOR_CLIENT, *FOR_SECRETS)
CALLER = _columns(Client, "id", "client_id", "name", "environment", "is_active", "allowed_scopes")
PARTS = (("c", CALLER), ("card", CardFacts._fields), ("address", AddressFacts._fields))
FAULTS = {
    "expired": _("The access token has expired."),
    "disconnected": _("The buyer has disconnected."),
    "client": _("The client is switched off."),
    "buyer": _("The buyer's account is not active."),
}
# The note of its use rides along, at most once a minute, so that it costs no statement of its own. No model is made of
# what is not asked for at every call: six of them took as long as the statement.
FIND_TOKEN = f"""
WITH found AS (
    SELECT
        CASE WHEN t.expires <= statement_timestamp() THEN 'expired' WHEN k.revoked_at IS NOT NULL THEN 'disconnected'
            WHEN NOT c.is_active THEN 'client' WHEN NOT u.is_active THEN 'buyer' ELSE '' END AS fault,
        k.id, u.uuid AS buyer, t.scope, k.scopes,
        (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS is_due,
        {", ".join(f"{alias}.{name} AS {alias}_{name}" for alias, names in PARTS for name in names)}
    FROM buyers_accesstoken t
    JOIN buyers_connection k ON k.id = t.connection_id
    JOIN buyers_client c ON c.id = t.application_id
    JOIN accounts_user u ON u.id = t.user_id
    LEFT JOIN buyers_card card ON card.id = k.card_id
    LEFT JOIN buyers_address address ON address.id = k.address_id
    WHERE t.token_checksum = %s
), noted AS (
    UPDATE buyers_connection SET last_used_at = now() FROM found
    WHERE buyers_connection.id = found.id AND found.is_due AND found.fault = ''
)
SELECT fault, id, buyer, scope, scopes, {", ".join(f"{alias}_{name}" for alias, names in PARTS for name in names)}
FROM found
"""  # noqa: S608 -- put together from constants of this file
FIND_CLIENT = f"SELECT {', '.join(CLIENT)} FROM buyers_client WHERE client_id = %s"  # noqa: S608 -- likewise


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token opens. `scopes` are what still holds of its own.

    `fault` says why it is not valid; "" if it is. `client` has only the columns of CALLER at hand.
    """

    fault: str
    connection_id: int
    buyer: UUID
    scopes: frozenset[str]
    client: Client
    card: CardFacts | None
    address: AddressFacts | None


class ClientBasic(BaseAuthentication):
    """Reads `Authorization: Basic base64(client_id:client_secret)`, each form-url-encoded (RFC 6749 §2.3.1)."""

    def authenticate(self, request: Request) -> tuple[None, Client]:
        """Return (None, client). Raises Refused with 401 or, after many of those, 429."""
        credentials = read_basic(request.META.get("HTTP_AUTHORIZATION", ""))
        if credentials is None:
            raise self.refuse(request, _("The Authorization header holds no readable Basic credentials."))
        client_id, secret = credentials
        client = find_client(client_id)
        if client is None:
            raise self.refuse(request, _("The client is not known."))
        if not secret_is_right(client, secret):
            raise self.refuse(request, _("The secret is not this client's."), client)
        if not client.is_active:
            raise self.refuse(request, _("The client is switched off."), client)
        return None, client

    def authenticate_header(self, request: Request) -> str:
        """How one authenticates here."""
        return BASIC

    def refuse(self, request: Request, cause: str, client: Client | None = None) -> Refused:
        """The same answer whatever the cause: only the request log tells it."""
        message = _("The client could not be authenticated by HTTP Basic: its ID or its secret was not recognised.")
        headers = {"WWW-Authenticate": BASIC}
        return guessing(request) or Refused(401, "invalid_client", message, headers=headers, cause=cause, client=client)


class BuyerBearer(BaseAuthentication):
    """Reads `Authorization: Bearer <access token>` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[None, Access]:
        """Return (None, what the token opens). Raises Refused with 401 or, after many of those, 429."""
        meta = request.META
        if meta.get("QUERY_STRING") and "access_token" in request._request.GET:  # noqa: SLF001 -- DRF's name says no more
            raise self.refuse(request, _("An access token in a URL is refused: URLs are written to logs."))
        scheme, _space, text = meta.get("HTTP_AUTHORIZATION", "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text or len(text) > MOST_OF_A_HEADER or "\x00" in text:
            raise self.refuse(request, _("The Authorization header holds no Bearer token."))
        access = find_token(text)
        if access is None:
            raise self.refuse(request, _("The access token is not known, or was revoked."))
        if access.fault:
            raise self.refuse(request, access.fault, access.client)
        return None, access

    def authenticate_header(self, request: Request) -> str:
        """How one authenticates here."""
        return BEARER

    def refuse(self, request: Request, cause: str, client: Client | None = None) -> Refused:
        """The same answer whatever the cause: only the request log tells it."""
        message = _("The access token is missing, expired, revoked or otherwise invalid.")
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


def find_token(text: str) -> Access | None:
    """What the access token with this text opens, valid or not.

    Its scopes are what the token, the buyer's present consent and the client's own list have in common.
    """
    rows = run(FIND_TOKEN, (digest(text),))
    if not rows:
        return None
    fault, connection_id, buyer, granted, consented, *rest = rows[0]
    client = Client.from_db(database.alias, CALLER, rest[: len(CALLER)])
    card = rest[len(CALLER) :][: len(CardFacts._fields)]
    address = rest[-len(AddressFacts._fields) :]
    return Access(
        fault=FAULTS.get(fault, ""),
        connection_id=connection_id,
        buyer=buyer,
        scopes=frozenset(granted.split()).intersection(consented, client.allowed_scopes),
        client=client,
        card=CardFacts(*card) if card[0] else None,
        address=AddressFacts(*address) if address[0] else None,
    )


def guessing(request: Request) -> Refused | None:
    """Count a wrong credential of this caller's address; what to answer instead of 401 when there were too many.

    Right credentials are not counted and always work: nobody can lock a partner out by guessing.
    """
    limit = settings.WALLET_GUESS_LIMIT
    if not limit or counter.count(f"guess:{ip_of(request)}") <= limit:
        return None
    headers = {"Retry-After": str(WINDOW - int(timezone.now().timestamp()) % WINDOW)}
    message = _("Too many calls with credentials that are not valid came from this address.")
    return Refused(429, "too_many_requests", message, headers=headers, logged=False)
