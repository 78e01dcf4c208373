"""The limit: the buyer wallet as a bare WSGI function with as many round trips to PostgreSQL as the product.

It authenticates, decrypts, prints, locks, writes and logs the rows that the product does, and does nothing else: no
framework, no rate limit, no request log, no metrics, no validation of an order, no findings, no list of what changed.
"""

import base64
import hashlib
import hmac
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import psycopg
from cryptography.fernet import Fernet

FIND = """
WITH found AS (
    SELECT k.id AS used, t.scope, u.uuid AS buyer, c.id AS client, card.uuid AS card, card.last_four, card.network,
        card.type, card.fingerprint, address.uuid AS address, address.encrypted_details,
        (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS is_due
    FROM buyers_accesstoken t
    JOIN buyers_connection k ON k.id = t.connection_id
    JOIN buyers_client c ON c.id = t.application_id
    JOIN accounts_user u ON u.id = t.user_id
    LEFT JOIN buyers_card card ON card.id = k.card_id
    LEFT JOIN buyers_address address ON address.id = k.address_id
    WHERE t.token_checksum = $1 AND t.expires > now() AND k.revoked_at IS NULL AND c.is_active AND u.is_active
), noted AS (
    UPDATE buyers_connection SET last_used_at = now() FROM found WHERE buyers_connection.id = found.used AND is_due
)
SELECT client, buyer, card, last_four, network, type, fingerprint, address, encrypted_details FROM found
"""
NOTE = """
WITH hurry AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO buyers_clientrequest (client_id, request_id, method, path, status, cause)
SELECT $1::bigint, $2::text, $3::text, $4::text, 200, '' FROM hurry
"""
CLIENT = "SELECT id, client_secret FROM buyers_client WHERE client_id = $1 AND is_active"
LOCK = "SELECT id, state FROM buyers_walletorder WHERE client_id = $1 AND external_id = $2 FOR UPDATE"
WRITE = "UPDATE buyers_walletorder SET state = $2::jsonb, findings = '[]', updated_at = now() WHERE id = $1"
MERCHANT = "SELECT brand_id FROM buyers_merchant WHERE client_id = $1 AND merchant_id = $2"
REVISE = "INSERT INTO buyers_walletorderrevision (wallet_order_id, digest, changes) VALUES ($1, $2, '[]')"
FORGET = """
DELETE FROM buyers_walletorderrevision WHERE id IN (
    SELECT id FROM buyers_walletorderrevision WHERE wallet_order_id = $1 ORDER BY id DESC OFFSET 50
)
"""
SHOWN = ("uuid", "lastFourDigits", "network", "type", "fingerprint")
local = threading.local()
fernet = Fernet(os.environ["ENCRYPTION_KEYS"].split(",")[0])


def _run(statement: str, *parameters: Any) -> Any:
    if not hasattr(local, "connection"):
        parts = urlsplit(os.environ["DATABASE_URL"])
        address = parts._replace(scheme="postgresql").geturl()
        local.connection = psycopg.connect(address, autocommit=True)
        local.connection.execute("SET plan_cache_mode = force_generic_plan")
    with psycopg.RawCursor(local.connection) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return cursor.fetchone() if cursor.description else None


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """GET /pay/wallet and PUT /pay/wallet/orders/<id>."""
    if environ["REQUEST_METHOD"] == "PUT":
        _put(environ)
        start_response("204 No Content", [])
        return []
    body = _wallet(environ)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _wallet(environ: dict[str, Any]) -> bytes:
    token = environ["HTTP_AUTHORIZATION"][7:]
    client, buyer, *card, address, details = _run(FIND, hashlib.sha256(token.encode()).hexdigest())
    shipping = {"uuid": address, **orjson.loads(fernet.decrypt(bytes(details)))}
    shown = dict(zip(SHOWN, card, strict=True))
    body = orjson.dumps({"user": {"uuid": buyer}, "card": shown, "shippingAddress": shipping})
    _run(NOTE, client, str(uuid4()), "GET", environ["PATH_INFO"])
    return body


def _put(environ: dict[str, Any]) -> None:
    name, _colon, secret = base64.b64decode(environ["HTTP_AUTHORIZATION"][6:]).decode().partition(":")
    client, encoded = _run(CLIENT, name)
    _algorithm, salt, digest = encoded.split("$")
    if not hmac.compare_digest(digest, hashlib.sha256((salt + secret).encode()).hexdigest()):
        raise PermissionError
    text = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    body = orjson.loads(text)
    _run("BEGIN")
    found, _state = _run(LOCK, client, environ["PATH_INFO"].rpartition("/")[2])
    _run(MERCHANT, client, body["merchant"]["merchantId"])
    _run(WRITE, found, text.decode())
    _run(REVISE, found, hashlib.sha256(text).hexdigest())
    _run(FORGET, found)
    _run("COMMIT")
    _run(NOTE, client, str(uuid4()), "PUT", environ["PATH_INFO"])
