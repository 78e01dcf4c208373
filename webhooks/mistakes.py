"""The mistakes that people make when they verify a signature: a table, from which the clinic tries one after the other.

Each says in plain words what was done, and makes what comes of it: other keys, other bodies, other texts to sign,
other digests. Sources: shop-orders.md §C.2 item 3 and webhooks.md §D, and what PHP, Python, JavaScript and C# do
when one does not watch out.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webhooks.encodings import (
    COMPACT,
    LONGEST_JSON,
    PRETTY,
    SPACED,
    decoded,
    dumped,
    in_other_charsets,
    printed,
    to_bytes,
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way to go wrong: its name, what to tell the developer, and what it makes of the right thing."""

    code: str
    explanation: str | Promise
    make: Callable[..., list[bytes]] = lambda *_right: []


@dataclass(frozen=True, slots=True)
class Message:
    """What a signature covers. Without the id and the time it is the original's, with them Standard Webhooks'."""

    body: bytes
    id: bytes
    timestamp: bytes
    standard: bool

    def content(self, body: bytes) -> bytes:
        """The text that is signed when `body` is the body."""
        return b"%b.%b.%b" % (self.id, self.timestamp, body) if self.standard else body

    def secret(self, key: str) -> bytes:
        """The bytes that `key` stands for in this scheme; none if its base64 is broken."""
        return decoded(key.removeprefix("whsec_")) if self.standard else key.encode()


def right(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA256, which both schemes use."""
    return hmac.digest(key, content, "sha256")


# What the body became. The more exact the finding, the earlier it stands.
BODIES = (
    Mistake(
        "body_not_read",
        _(
            "The body was empty. Read the raw body once, before anything else does: $_POST is empty for JSON,"
            " and a stream that a framework has read is at its end."
        ),
        lambda _body: [b"", b"[]", b"{}", b"null", b"undefined", b'""'],
    ),
    Mistake(
        "trailing_newline",
        _("There is a line break behind the body. Sign the raw bytes as they arrive; our bodies end with a brace."),
        lambda body: [body + b"\n", body + b"\r\n"],
    ),
    Mistake(
        "byte_order_mark",
        _("There is a byte order mark (BOM) before the body. Sign the raw bytes as they arrive."),
        lambda body: [b"\xef\xbb\xbf" + body],
    ),
    Mistake(
        "slashes_escaped",
        _(
            "The body was encoded again, with its slashes escaped, as PHP's json_encode does."
            " Sign the raw body, in PHP file_get_contents('php://input')."
        ),
        lambda body: [body.replace(b"\\/", b"/").replace(b"/", b"\\/")],
    ),
    Mistake(
        "slashes_unescaped",
        _("The body was encoded again, without the backslashes before its slashes. Sign the raw body."),
        lambda body: [body.replace(b"\\/", b"/")],
    ),
    Mistake(
        "non_ascii_unescaped",
        _("The body was encoded again, with letters where it had \\u escapes. Sign the raw body."),
        lambda body: dumped(body, COMPACT, ascii_only=(False,))[:1],
    ),
    Mistake(
        "non_ascii_escaped",
        _("The body was encoded again, with \\u escapes where it had letters beyond ASCII. Sign the raw body."),
        lambda body: dumped(body, COMPACT, ascii_only=(True,))[:1],
    ),
    Mistake(
        "php_json_encode",
        _(
            "The body was encoded again as PHP's json_encode does it, with slashes and letters beyond ASCII escaped."
            " Sign the raw body, file_get_contents('php://input')."
        ),
        lambda body: dumped(body, COMPACT),
    ),
    Mistake(
        "json_spaces",
        _(
            "The body was parsed and encoded again with blanks behind commas and colons, as Python's json.dumps does."
            " Sign the raw body."
        ),
        lambda body: dumped(body, SPACED),
    ),
    Mistake(
        "json_pretty",
        _("The body was parsed and printed again over several lines. Sign the raw body."),
        lambda body: dumped(body, PRETTY) + [text.replace(b"\n", b"\r\n") for text in dumped(body, PRETTY)],
    ),
    Mistake(
        "json_sorted",
        _("The body was parsed and encoded again with its keys sorted. Sign the raw body."),
        lambda body: dumped(body, COMPACT + SPACED + PRETTY, sort=True),
    ),
    Mistake(
        "json_in_json",
        _("The body was encoded as a JSON string, with quotes around it. Sign the raw body."),
        lambda body: [to_bytes(json.dumps(body.decode("utf-8", "replace")))] if len(body) <= LONGEST_JSON else [],
    ),
    Mistake(
        "not_json",
        _(
            "A parsed body was turned into text by the language ([object Object], or Python's dict with single quotes)."
            " Sign the raw body."
        ),
        printed,
    ),
    Mistake(
        "other_charset",
        _("The body was turned into another character set, such as UTF-16, before it was signed. Sign the raw bytes."),
        in_other_charsets,
    ),
)

# The text of webhook-signature, put together otherwise. `make` takes the message and a body.
TEXTS = (
    Mistake(
        "body_only",
        _(
            "Only the body was signed. webhook-signature covers the webhook-id, a dot, the webhook-timestamp, a dot,"
            " and then the raw body."
        ),
        lambda _message, body: [body],
    ),
    Mistake(
        "id_missing",
        _("The webhook-id is missing in the signed text: it stands first, before a dot and the timestamp."),
        lambda message, body: [b"%b.%b" % (message.timestamp, body), b".%b.%b" % (message.timestamp, body)],
    ),
    Mistake(
        "timestamp_missing",
        _("The webhook-timestamp is missing in the signed text: it stands between the webhook-id and the body."),
        lambda message, body: [b"%b.%b" % (message.id, body), b"%b..%b" % (message.id, body)],
    ),
    Mistake(
        "milliseconds",
        _("The timestamp is in milliseconds. Use the text of the header webhook-timestamp as it is: it has seconds."),
        lambda message, body: [b"%b.%b000.%b" % (message.id, message.timestamp, body)],
    ),
    Mistake(
        "wrong_separator",
        _("The parts of the signed text are joined otherwise than by dots: webhook-id.webhook-timestamp.body."),
        lambda message, body: [
            message.id + between + message.timestamp + before + body
            for between, before in [(sign, sign) for sign in (b"", b":", b"|", b"\n", b",", b" ", b"-", b"_", b";")]
            + [(b".", b""), (b".", b"\n"), (b"\n", b".")]
        ],
    ),
    Mistake(
        "parts_in_wrong_order",
        _("The parts of the signed text are in another order than webhook-id, webhook-timestamp, body."),
        lambda message, body: [
            b".".join(parts)
            for parts in (
                (message.timestamp, message.id, body),
                (body, message.id, message.timestamp),
                (body, message.timestamp, message.id),
            )
        ],
    ),
)

BLANK_KEY = Mistake(
    "key_empty",
    _("The key was empty. Look whether the variable that should hold it is set where your program runs."),
    lambda _key: [b""],
)
EXAMPLE_KEY = Mistake(
    "key_of_the_example",
    _("The key was the one of the documentation's example. Use the key of this endpoint."),
    lambda _key: [b"test-key"],
)

# What the key became. `make` takes its text.
WLLT_KEYS = (
    Mistake(
        "key_decoded",
        _("The key was decoded from base64. wllt-signature takes the key's whole text, whsec_ included."),
        lambda key: [decoded(key.removeprefix("whsec_")), decoded(key), decoded(key.replace("_", "/"))],
    ),
    Mistake(
        "key_without_prefix",
        _("The key was used without whsec_. wllt-signature takes the key's whole text, whsec_ included."),
        lambda key: [key.removeprefix("whsec_").encode()],
    ),
    Mistake(
        "key_with_blanks",
        _("The key has a blank or a line break at an end, perhaps from the file it was read from. Trim it."),
        lambda key: [
            form.encode() for form in (f"{key}\n", f"{key}\r\n", f"{key} ", f" {key}", f"{key}\t", f"{key}\r")
        ],
    ),
    Mistake(
        "key_in_quotes",
        _("The key has quotes around it, perhaps from a settings file. Take them away."),
        lambda key: [f'"{key}"'.encode(), f"'{key}'".encode()],
    ),
    BLANK_KEY,
    EXAMPLE_KEY,
)
STANDARD_KEYS = (
    Mistake(
        "key_not_decoded",
        _(
            "The key was used as text. webhook-signature takes the bytes that the base64 behind whsec_ stands for:"
            " cut off whsec_ and decode the rest."
        ),
        lambda key: [key.encode(), key.removeprefix("whsec_").encode()],
    ),
    Mistake(
        "key_decoded_with_prefix",
        _("The key was decoded together with whsec_. Cut off whsec_ first, and decode the rest from base64."),
        lambda key: [decoded(key), decoded(key.replace("_", "/"))],
    ),
    BLANK_KEY,
    EXAMPLE_KEY,
)
OLD_KEY = Mistake(
    "old_key",
    _("The result was made with the previous key of this endpoint. The key has been replaced: use the new one."),
)

_OTHER_HASH = _("The HMAC was made with another hash function than SHA-256. Both signatures use HMAC-SHA256.")

# What was done instead of HMAC-SHA256. `make` takes the key and the text.
METHODS = (
    Mistake("hmac_sha1", _OTHER_HASH, lambda key, text: [hmac.digest(key, text, "sha1")]),
    Mistake(
        "hmac_sha512", _OTHER_HASH, lambda key, text: [hmac.digest(key, text, name) for name in ("sha512", "sha384")]
    ),
    Mistake("hmac_md5", _OTHER_HASH, lambda key, text: [hmac.digest(key, text, "md5")]),
    Mistake(
        "hash_without_key",
        _("It is the SHA-256 of the text alone, which anybody can make. Use HMAC-SHA256 with the key."),
        lambda _key, text: [hashlib.sha256(text).digest()],
    ),
    Mistake(
        "hash_with_key",
        _("It is the SHA-256 of the key and the text put together. Use your language's HMAC function, with SHA-256."),
        lambda key, text: [hashlib.sha256(key + text).digest(), hashlib.sha256(text + key).digest()],
    ),
    Mistake(
        "roles_swapped",
        _("The key and the text have changed places. Look up the order of arguments of your HMAC function."),
        lambda key, text: [right(text, key)],
    ),
)
OTHER_SCHEME = (
    Mistake(
        "made_for_webhook_signature",
        _(
            "The result is the right one for the header webhook-signature, but was compared with wllt-signature."
            " Compare each with its own header."
        ),
    ),
    Mistake(
        "made_for_wllt_signature",
        _(
            "The result is the right one for the header wllt-signature, but was compared with webhook-signature."
            " Compare each with its own header."
        ),
    ),
)
