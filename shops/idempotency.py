"""`Idempotency-Key`: a write that is sent twice happens once."""

import hashlib
from collections.abc import Callable

import orjson
from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from shops.errors import InvalidInput
from shops.models import ApiToken, IdempotencyKey

HEADER = "Idempotency-Key"

# Waits for another transaction that is just using the key; a key older than a day counts as new.
CLAIM = """
INSERT INTO orders_idempotencykey (brand_id, token_id, key, request_digest) VALUES (%s, %s, %s, %s)
ON CONFLICT (token_id, key) DO UPDATE
SET request_digest = excluded.request_digest, answer_status = NULL, answer = NULL, answer_etag = '', created_at = now()
WHERE orders_idempotencykey.created_at < now() - interval '24 hours'
RETURNING id
"""


def once(request: Request, token: ApiToken, write: Callable[[], Response]) -> Response:
    """Answer with `write()`, or with what it answered when this key came first.

    The key is kept in the transaction of the write, for 24 hours: a refused write leaves no key behind. Raises
    InvalidInput if the key came with another request before, or is too long.
    """
    key = key_of(request)
    if not key:
        return write()
    asked = orjson.dumps([request.method, request.path, request.data], option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(asked).hexdigest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, [token.brand_id, token.pk, key, digest])
            claimed = cursor.fetchone()
        kept: IdempotencyKey = token.idempotency_keys.get(key=key)
        if claimed is None:
            return _replay(kept, digest)
        response = write()
        kept.answer_status = response.status_code
        kept.answer = orjson.dumps(response.data)
        kept.answer_etag = response.headers.get("ETag", "")
        kept.save(update_fields=["answer_status", "answer", "answer_etag"])
        return response


def key_of(request: Request) -> str:
    """The request's key, or "". Raises InvalidInput if it is too long."""
    key = request.headers.get(HEADER, "")
    if len(key) > 255 or "\0" in key:  # noqa: PLR2004 -- the column's length
        raise InvalidInput({HEADER: ["The Idempotency-Key may have 255 characters at most."]})
    return key


def _replay(kept: IdempotencyKey, digest: str) -> Response:
    if kept.request_digest != digest:
        raise InvalidInput({HEADER: ["This Idempotency-Key was used for another request."]})
    headers = {"Idempotent-Replayed": "true"} | ({"ETag": kept.answer_etag} if kept.answer_etag else {})
    return Response(orjson.Fragment(bytes(kept.answer or b"")), kept.answer_status, headers=headers)
