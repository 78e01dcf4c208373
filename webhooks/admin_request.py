"""A delivery's request for eyes: all but the signatures, which are made with the key when it is sent."""

import shlex
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webhooks.models import Delivery
from webhooks.signing import USER_AGENT

SIGNED = _("made with the key when it is sent")
NOTED = _("the time, noted when it is sent")


def headers_shown(delivery: Delivery, attempt: int | None = None) -> list[tuple[str, str | Promise]]:
    """The headers in the order in which they are sent; what depends on the key or the clock is told in words."""
    message_id = str(delivery.uuid)
    return [
        ("Content-Type", "application/json"),
        ("User-Agent", USER_AGENT),
        ("wllt-signature", SIGNED),
        ("wllt-message-id", message_id),
        ("webhook-id", message_id),
        ("webhook-timestamp", NOTED),
        ("webhook-signature", SIGNED),
        ("wllt-order-version", str(delivery.version)),
        ("wllt-attempt", str(attempt or max(delivery.attempts, 1))),
        ("wllt-sent-at", NOTED),
    ]


ORDER = [
    "Content-Type",
    "User-Agent",
    "wllt-signature",
    "wllt-message-id",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "wllt-order-version",
    "wllt-attempt",
    "wllt-sent-at",
]


def in_order(headers: dict[str, str]) -> list[tuple[str, str]]:
    """Headers that the database kept, in the order in which they were sent; others behind."""
    return sorted(headers.items(), key=lambda header: ORDER.index(header[0]) if header[0] in ORDER else len(ORDER))


PLACEHOLDERS: dict[str, str] = {
    "wllt-signature": "<HMAC-SHA256 of the body, in hexadecimal>",
    "webhook-timestamp": "<seconds since 1970>",
    "webhook-signature": "v1,<HMAC-SHA256 of id.timestamp.body, in base64>",
    "wllt-sent-at": "<time>",
}


def body_shown(delivery: Delivery) -> str:
    """The exact bytes that are sent, as text."""
    return bytes(delivery.event.body).decode(errors="replace")


def curl_of(delivery: Delivery) -> str:
    """The request as a command for a shell, with a placeholder wherever the key would be needed."""
    parts: list[Any] = [f"curl --request POST {shlex.quote(delivery.endpoint.url)}"]
    for name, value in headers_shown(delivery):
        parts.append(f"--header {shlex.quote(f'{name}: {PLACEHOLDERS.get(name, value)}')}")
    parts.append(f"--data-binary {shlex.quote(body_shown(delivery))}")
    return " \\\n  ".join(parts)
