"""Signatures of webhooks, two from one key, so that a receiver may verify either way."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

USER_AGENT = "WalletApp-Webhooks/1"  # the number is the version of the messages


def wllt_signature(key: str, body: bytes) -> str:
    """The original product's signature: HMAC-SHA256 of the body in lower-case hex, keyed with the key's text.

    Source: shop-orders.md §A.4. PHP: hash_hmac('sha256', $body, $webhook_key).
    """
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The Standard Webhooks signature `v1,<base64>` of `id.timestamp.body`, keyed with the bytes behind `whsec_`.

    `timestamp` counts seconds since 1970, of this attempt. Source: Standard Webhooks, "Signature scheme".
    """
    secret = base64.b64decode(key.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()}"


def headers_of(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that prove where a webhook comes from.

    `keys` are the current one and, while a rotation lasts, the previous one: Standard Webhooks lists a signature of
    each; the original's single header is signed with the current key.
    """
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "wllt-signature": wllt_signature(keys[0], body),
        "wllt-message-id": message_id,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(standard_signature(key, message_id, timestamp, body) for key in keys),
    }
