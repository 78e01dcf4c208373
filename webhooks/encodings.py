"""What programs make of a text on its way: JSON parsed and encoded again, other character sets, lenient base64."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

LONGEST_JSON = 2048  # bytes; our own bodies have some 150, and pretty printing deep nests of brackets is dear
MOST_BRACKETS = 16
COMPACT = ((None, (",", ":")),)
SPACED = ((None, (", ", ": ")), (None, (",", ": ")))
PRETTY = ((2, (",", ": ")), (4, (",", ": ")), ("\t", (",", ": ")))
OURS = ("order_id", "brand_id", "order_status")  # the keys of a webhook, as services.body_of writes them


def decoded(text: str) -> bytes:
    """Base64 as lenient libraries read it: what does not belong there is skipped, and padding is not asked for."""
    letters = re.sub(r"[^A-Za-z0-9+/]", "", text)
    whole = letters[:-1] if len(letters) % 4 == 1 else letters
    return base64.b64decode(whole + "=" * (-len(whole) % 4))


def parsed(body: bytes) -> Any:
    """The JSON value of `body`, or None when it has none that is worth encoding again."""
    if len(body) > LONGEST_JSON or body.count(b"{") + body.count(b"[") > MOST_BRACKETS:
        return None
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


def to_bytes(text: str) -> bytes:
    """UTF-8, also of half a character, of which JSON may speak."""
    return text.encode("utf-8", "surrogatepass")


def dumped(body: bytes, layouts: Any, *, sort: bool = False, ascii_only: Any = (False, True)) -> list[bytes]:
    """`body` parsed and encoded again, in each layout, with what PHP does to slashes and without."""
    value = parsed(body)
    if value is None:
        return []
    texts = [
        json.dumps(value, indent=indent, separators=separators, sort_keys=sort, ensure_ascii=narrow)
        for indent, separators in layouts
        for narrow in ascii_only
    ]
    return [to_bytes(form) for text in texts for form in (text, text.replace("/", "\\/"))]


def in_other_charsets(body: bytes) -> list[bytes]:
    """`body` as languages write text that do not default to UTF-8."""
    text = body.decode("utf-8", "replace")
    return [text.encode(name, "replace") for name in ("utf-16-le", "utf-16-be", "utf-16", "latin-1")]


def printed(body: bytes) -> list[bytes]:
    """What JavaScript, PHP and Python print of a parsed `body`."""
    value = parsed(body)
    return [b"[object Object]", b"Array"] + ([] if value is None else [to_bytes(str(value))])


def originals(body: bytes) -> Iterator[bytes]:
    """What may have been sent, when `body` is what somebody's program or clipboard made of it."""
    bare = body.removeprefix(b"\xef\xbb\xbf").strip()
    yield from (body, bare, bare.replace(b"\\/", b"/"))
    yield from dumped(bare, COMPACT)
    value = parsed(bare)
    if isinstance(value, str):  # encoded twice
        yield to_bytes(value)
    if isinstance(value, dict) and set(value) == set(OURS):
        yield to_bytes(json.dumps({name: value[name] for name in OURS}, separators=(",", ":")))
