"""Bodies of partners' calls, read strictly: whatever is doubtful is refused with 400, and nothing ends in a 500."""

from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils.translation import gettext_noop as _

from buyers.errors import Refused

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 32 * 1024  # bytes
LARGEST_JSON = 256 * 1024  # bytes (buyer-wallet.md §A.17)
LONGEST_VALUE = 4096  # characters
MOST_FIELDS = 50


def read_body(request: HttpRequest, limit: int) -> bytes:
    """The body as it came. Raises Refused if it has more than `limit` bytes, or broke off."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        body = request.body if length <= limit else None
    except (ValueError, UnreadablePostError, RawPostDataException):
        raise refused(_("The body could not be read.")) from None
    if body is None or len(body) > limit:
        raise refused(_("The body is larger than %(most)s bytes.") % {"most": limit})
    return body


def read_json(request: HttpRequest, limit: int = LARGEST_JSON) -> Any:
    """The JSON value in the body. Raises Refused."""
    kind = _content_type(request)[0]
    if kind != "application/json" and not kind.endswith("+json"):
        raise refused(_("The Content-Type must be application/json."))
    try:
        return orjson.loads(read_body(request, limit))
    except orjson.JSONDecodeError as error:
        raise refused(_("The body is not valid JSON: %(error)s.") % {"error": error}) from None


def read_form(request: HttpRequest) -> dict[str, str]:
    """The parameters in the body; those without a value are as if they were not there (RFC 6749 §3.2). Raises Refused.

    The URL may carry none: it is written to logs.
    """
    if request.META.get("QUERY_STRING"):
        raise refused(_("Parameters belong in the body, not in the URL."))
    kind, charset = _content_type(request)
    if kind != FORM or charset not in {"", "utf-8"}:
        raise refused(_("The Content-Type must be %(form)s, in UTF-8.") % {"form": FORM})
    try:
        text = read_body(request, LARGEST_FORM).decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise refused(_("The body is not readable as %(form)s in UTF-8.") % {"form": FORM}) from None
    return _as_dict(pairs)


def refused(message: str) -> Refused:
    """The answer to a call that cannot be read."""
    return Refused(400, "invalid_request", message)


def _as_dict(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise refused(_("The parameter %(name)s is given more than once.") % {"name": name[:40]})
        if len(value) > LONGEST_VALUE or "\x00" in value:
            raise refused(_("The parameter %(name)s is too long or not readable.") % {"name": name[:40]})
        found[name] = value
    return {name: value for name, value in found.items() if value}


def _content_type(request: HttpRequest) -> tuple[str, str]:
    """The media type and its charset, both lower case."""
    kind, _semicolon, rest = request.META.get("CONTENT_TYPE", "").lower().partition(";")
    name, _equals, value = rest.strip().partition("=")
    return kind.strip(), value.strip().strip('"') if name == "charset" else ""
