"""Codes and tokens: how they are made, what is stored of them, and their end.

Whoever writes beneath a connection locks the connection's row first, so that no token survives its end.
"""

import hashlib
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from oauth2_provider.settings import oauth2_settings

from accounts.models import User
from buyers.models import AccessToken, Client, Connection, Grant, RefreshToken

ALPHABET = string.ascii_letters + string.digits  # nothing that form-url-encoding would change (RFC 6749 §2.3.1)
LENGTH = 48  # characters; each is worth 5.95 bits
KEPT_CODES = timedelta(days=7)  # after their end: a replay is seen, and ends the tokens
KEPT_ACCESS = timedelta(days=1)  # likewise: the request log can say that one had expired
KEPT_REFRESH = timedelta(days=90)  # likewise: `invalid_refresh_token` tells the partner to ask the buyer again


def new_secret() -> str:
    """A client's secret, a code, an access or a refresh token: more than 256 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def digest(secret: str) -> str:
    """What is stored of a code or token: SHA-256 in hex. It needs no salt: nobody can guess what is that random."""
    return hashlib.sha256(secret.encode()).hexdigest()


def save_access(connection: Connection, text: str, *, family: UUID, scope: str, seconds: int) -> AccessToken:
    """Keep an access token, valid for `seconds`. In a transaction, after `lock`."""
    return connection.access_tokens.create(
        user_id=connection.buyer_id,
        application_id=connection.client_id,
        token_checksum=digest(text),
        family=family,
        scope=scope,
        expires=timezone.now() + timedelta(seconds=seconds),
    )


def save_refresh(connection: Connection, text: str, *, family: UUID) -> RefreshToken:
    """Keep a refresh token. In a transaction, after `lock`."""
    return connection.refresh_tokens.create(
        user_id=connection.buyer_id,
        application_id=connection.client_id,
        token_checksum=digest(text),
        token_family=family,
    )


def lock(connections: QuerySet[Connection]) -> list[Connection]:
    """Lock what writes beneath these connections, until the transaction ends; reading goes on."""
    return list(connections.select_for_update(of=("self",), no_key=True).order_by("pk"))


def end_family(connection: Connection, family: UUID) -> None:
    """End the tokens that one code was exchanged for, and all that came of them. In a transaction, after `lock`."""
    _end(connection.refresh_tokens.filter(token_family=family), connection.access_tokens.filter(family=family))


def end_token(client: Client, text: str) -> bool:
    """End a token of this client, access or refresh, with its family. Whether there was such a token."""
    with transaction.atomic():
        for kind, name in (("access_tokens", "family"), ("refresh_tokens", "token_family")):
            named = {f"{kind}__token_checksum": digest(text)}
            for connection in lock(client.connections.filter(**named)):
                rows: QuerySet[Any] = getattr(connection, kind)
                for family in rows.filter(token_checksum=digest(text)).values_list(name, flat=True):
                    end_family(connection, family)
                return True
    return False


def disconnect(connection: Connection) -> None:
    """The buyer takes back what the client was allowed: all its tokens end at once, unused codes as well."""
    with transaction.atomic():
        lock(Connection.objects.filter(pk=connection.pk))
        connection.grants.update(used_at=Now())
        _end(connection.refresh_tokens.all(), connection.access_tokens.all())
        Connection.objects.filter(pk=connection.pk, revoked_at=None).update(revoked_at=Now())
    connection.refresh_from_db(fields=["revoked_at"])


def end_all(client: Client) -> int:
    """End all tokens and unused codes of a client; its buyers stay connected. Returns how many refresh tokens."""
    with transaction.atomic():
        lock(client.connections.all())
        client.grant_set.filter(used_at=None).update(used_at=Now())
        return _end(
            RefreshToken.objects.filter(connection__client=client),
            AccessToken.objects.filter(connection__client=client),
        )


@dataclass(frozen=True)
class Standing:
    """What a valid token stands for, until when."""

    buyer: User
    scopes: list[str]
    expires: datetime


def find(client: Client, text: str) -> Standing | None:
    """What this text stands for as a valid access or refresh token of this client; None for everything else."""
    return _find_access(client, text) or _find_refresh(client, text)


def _find_access(client: Client, text: str) -> Standing | None:
    token = client.accesstoken_set.select_related("connection", "user").filter(token_checksum=digest(text)).first()
    if token is None or token.expires <= timezone.now() or not _stands(token.connection, token.user):
        return None
    lasting = lasting_scopes(token.connection, client)
    return Standing(token.user, [scope for scope in token.scope.split() if scope in lasting], token.expires)


def _find_refresh(client: Client, text: str) -> Standing | None:
    token = client.refreshtoken_set.select_related("connection", "user").filter(token_checksum=digest(text)).first()
    if token is None or token.revoked or ends(token) <= timezone.now() or not _stands(token.connection, token.user):
        return None
    return Standing(token.user, lasting_scopes(token.connection, client), ends(token))


def _stands(connection: Connection, buyer: User) -> bool:
    return connection.revoked_at is None and buyer.is_active


def ends(token: RefreshToken) -> datetime:
    """When a refresh token expires: so long after its issue, however often it is used."""
    issued: datetime = token.created
    return issued + timedelta(seconds=oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS)


def lasting_scopes(connection: Connection, client: Client) -> list[str]:
    """What the buyer allows at present, as far as the client may still ask for it."""
    return [scope for scope in connection.scopes if scope in client.allowed_scopes]


def _end(refresh: QuerySet[RefreshToken], access: QuerySet[AccessToken]) -> int:
    ended = refresh.filter(revoked=None).update(revoked=Now(), updated=Now())
    access.delete()
    return ended


def forget() -> int:
    """Delete what nobody can use any more, once it need not be told from what never was. Returns how many rows."""
    now = timezone.now()
    year = timedelta(seconds=oauth2_settings.REFRESH_TOKEN_EXPIRE_SECONDS)
    old = [
        Grant.objects.filter(expires__lt=now - KEPT_CODES),
        AccessToken.objects.filter(expires__lt=now - KEPT_ACCESS),
        RefreshToken.objects.filter(created__lt=now - year - KEPT_REFRESH),
        RefreshToken.objects.filter(revoked__lt=now - KEPT_REFRESH),
    ]
    return sum(rows.delete()[0] for rows in old)
