"""How a signature is written: the digest behind a text that somebody gives, and what is odd about the writing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from webhooks.encodings import decoded
from webhooks.mistakes import Mistake

AROUND = " \t\r\n\"'"
ALGORITHM_NAME = re.compile(r"(?i)(hmac-?)?sha-?256[=:]")
HEX_DIGITS = re.compile(r"[0-9a-fA-F]{32,128}")
BASE64_LETTERS = re.compile(r"[A-Za-z0-9+/_-]{22,171}={0,2}")

QUOTED = Mistake("quotes_or_blanks", _("There are quotes, blanks or a line break around the result. Take them away."))
ALGORITHM = Mistake(
    "algorithm_prefix", _("The result has the name of the hash in front. Our header has the digest alone.")
)
VERSION = Mistake(
    "version_prefix", _("The result has v1, in front. That belongs to webhook-signature, not to wllt-signature.")
)
NO_VERSION = Mistake(
    "version_prefix_missing",
    _("The result is right but for the v1, that stands before each signature in webhook-signature. Put it in front."),
)
BYTES = Mistake(
    "bytes_as_text",
    _("The result is Python's way of printing bytes, b'…'. Turn them into text with .decode()."),
)
UPPER = Mistake("upper_case_hex", _("The hexadecimal digits are in upper case. wllt-signature has them in lower case."))
HEX = Mistake(
    "hex_instead_of_base64",
    _("The digest is written in hexadecimal digits. webhook-signature has the digest's raw bytes in base64."),
)
BASE64 = Mistake(
    "base64_instead_of_hex",
    _("The digest is written in base64. wllt-signature has it in lower-case hexadecimal digits."),
)
BASE64_OF_HEX = Mistake(
    "base64_of_hex",
    _(
        "The hexadecimal digits of the digest were turned into base64. Ask your HMAC function for raw bytes"
        " (in PHP: true as the last argument) and encode those."
    ),
)
URL_SAFE = Mistake(
    "url_safe_base64", _("The digest is in URL-safe base64, with - and _. Use the usual one, with + and /.")
)
UNPADDED = Mistake("padding_missing", _("The = at the end of the base64 is missing."))
TRUNCATED = Mistake(
    "truncated", _("The beginning is right, but the end is cut off. Look for a field that is too short.")
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A digest, and what is odd about how it was written; nothing is when the header writes it so."""

    digest: bytes
    oddities: tuple[Mistake, ...]


def readings(text: str, *, standard: bool) -> list[Reading]:
    """The digests in `text`, which may be a list of several, as webhook-signature is."""
    quoted = (QUOTED,) if text != text.strip(AROUND) else ()
    return [
        Reading(digest, (*oddities, *quoted))
        for entry in text.strip(AROUND).split()
        for digest, oddities in _read(entry, standard=standard)
    ]


def _read(entry: str, *, standard: bool) -> Iterator[tuple[bytes, tuple[Mistake, ...]]]:
    named = ALGORITHM_NAME.match(entry)
    bare = entry[named.end() :] if named else entry
    versioned = bare.startswith("v1,")
    bare = bare.removeprefix("v1,")
    prefixes = [ALGORITHM] if named else []
    if bare.startswith(("b'", 'b"')):  # what stood at the end is taken away already
        bare = bare[2:].rstrip(AROUND)
        prefixes.append(BYTES)
    if versioned != standard:
        prefixes.append(VERSION if versioned else NO_VERSION)
    if HEX_DIGITS.fullmatch(bare):
        odd = [HEX] if standard else [UPPER] if bare != bare.lower() else []
        # What is in hexadecimal digits lacks more than v1, in front: that would be one remark too many.
        yield bytes.fromhex(bare[: len(bare) // 2 * 2]), (*odd, *(one for one in prefixes if one is not NO_VERSION))
    elif BASE64_LETTERS.fullmatch(bare):
        digest, odd = _from_base64(bare, standard=standard)
        yield digest, (*odd, *prefixes)


def _from_base64(text: str, *, standard: bool) -> tuple[bytes, list[Mistake]]:
    digest = decoded(text.replace("-", "+").replace("_", "/"))
    if HEX_DIGITS.fullmatch(digest.decode("latin-1")):
        return bytes.fromhex(digest[: len(digest) // 2 * 2].decode()), [BASE64_OF_HEX]
    odd = [] if standard else [BASE64]
    if "-" in text or "_" in text:
        odd.append(URL_SAFE)
    elif len(text) % 4:
        odd.append(UNPADDED)
    return digest, odd
