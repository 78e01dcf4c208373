"""Bearer token → `request.auth`, in one statement."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from shops.models import ApiToken, Brand
from shops.numbers import whole_number
from shops.prepared import run
from shops.tokens import digest, read_bearer

# Found by the digest: a stranger who measures how long a comparison takes learns something of SHA-256, not of a token.
# The note of its use rides along, at most once a minute, so that it costs no statement of its own.
FIND = """
WITH token AS (
    SELECT t.id, t.name, t.abilities, t.last_used_at, t.brand_id, b.uuid, b.name AS brand_name
    FROM shops_apitoken t JOIN shops_brand b ON b.id = t.brand_id
    WHERE t.digest = %(digest)s AND (%(id)s::bigint IS NULL OR t.id = %(id)s::bigint)
      AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
), used AS (
    UPDATE shops_apitoken SET last_used_at = now() FROM token
    WHERE shops_apitoken.id = token.id
      AND (token.last_used_at IS NULL OR token.last_used_at < now() - interval '1 minute')
)
SELECT id, brand_id, name, abilities, brand_id, uuid, brand_name{columns} FROM token{along}
"""


@dataclass(frozen=True, slots=True)
class Along:
    """Something to read in the statement that finds the token, to save a round trip.

    `statement` may name token.brand_id, token.uuid and token.brand_name. What it reads stands in ApiToken.along, for
    the view to use after its own checks; so it may read nothing but rows of that brand.
    """

    statement: str
    columns: tuple[str, ...]
    parameters: dict[str, Any]


class BearerTokenAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer id|secret`. Missing, malformed, wrong, expired and revoked look the same."""

    def authenticate(self, request: Request) -> tuple[None, ApiToken] | None:
        """Return (None, token), or None without a bearer header. Raises AuthenticationFailed for an unknown token."""
        text = read_bearer(request.META.get("HTTP_AUTHORIZATION", ""))
        if not text:
            return None
        view: Any = (request.parser_context or {}).get("view")
        token = find_token(text, view.read_along(request) if hasattr(view, "read_along") else None)
        if token is None:
            raise AuthenticationFailed
        return None, token

    def authenticate_header(self, request: Request) -> str:
        """Makes DRF answer 401 rather than 403."""
        return "Bearer"


def find_token(text: str, along: Along | None = None) -> ApiToken | None:
    """The valid token written `text` (`id|secret`, or the secret alone), or None."""
    written, separator, secret = text.rpartition("|")
    number = whole_number(written)
    if separator and number is None:
        return None
    row = _run({"id": number, "digest": digest(secret)}, along)
    if row is None:
        return None
    # from_db leaves the columns that were not asked for deferred, so that no default value can pass for the truth.
    token = ApiToken.from_db(connection.alias, ["id", "brand_id", "name", "abilities"], row[:4])
    token.brand = Brand.from_db(connection.alias, ["id", "uuid", "name"], row[4:7])
    token.along = row[7:] or None
    return token


FIND_ALONE = FIND.format(columns="", along="")


@cache  # the same text, already hashed, is found faster among the prepared ones
def _find_with(statement: str, columns: tuple[str, ...]) -> str:
    names = "".join(f", along.{name}" for name in columns)
    return FIND.format(columns=names, along=f", LATERAL ({statement}) along")


def _run(parameters: dict[str, Any], along: Along | None) -> tuple[Any, ...] | None:
    statement = FIND_ALONE
    if along is not None:
        statement = _find_with(along.statement, along.columns)
        parameters |= along.parameters
    rows = run(statement, parameters)
    return rows[0] if rows else None
