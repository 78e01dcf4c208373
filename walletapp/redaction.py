"""No log line holds a card number, a token or a secret, whoever wrote it (buyer-wallet.md §C.6).

`redact` is the last step but one of every line, ours and the libraries', exceptions' text included. A reporter of
errors that does not read our lines can call `redacted` on what it is about to send.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from buyers.luhn import CARD_DIGITS, is_luhn

MASK = "[masked]"
KEYS = (
    "access_token",
    "authorization",
    "certificate",
    "client_secret",
    "code",
    "code_verifier",
    "paymentSessionId",
    "refresh_token",
    "token",
)
SECRET = frozenset(key.lower() for key in KEYS)
SMALLEST = 10 ** (CARD_DIGITS[0] - 1)
OURS = frozenset({"timestamp", "level", "logger"})  # written by no one else

# Most texts hold none of these, and are done with.
WORDS = ("bearer", "basic", "west-", "code", "token", "secret", "certificate", "authorization", "session")
MANY_DIGITS = re.compile("[0-9][0-9 -]{11}[0-9 -]*[0-9]")

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # may look like a card number, and is none
UUID_ALONE = re.compile(UUID)
DIGITS = re.compile(rf"(?<![0-9a-f]){UUID}|[0-9](?:[ -]?[0-9]){{12,}}")
GROUP = re.compile("[0-9]+")
CREDENTIALS = re.compile(r"(?i)\b(bearer|basic)(\s+)(?!realm=)[A-Za-z0-9+/=._~|-]{6,}")
SESSION = re.compile("west-[0-9a-f]{32}")
# key=value of a URL or a form, "key": "value" of JSON and of Python, key: value of a header. Short words may stay.
PAIRS = re.compile(
    rf"""(?ix) (?<![A-Za-z0-9])
    ((?:{"|".join(KEYS)}) (?: \\?["'] \s* [:=] \s* b?\\?["'] | = | :\s ))
    [^\s"'&\\,;)}}\]]{{8,}}"""
)


def redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Mask what a line holds. A processor of structlog."""
    return {key: value if key in OURS else _masked(key, value) for key, value in event.items()}


def redacted(text: str) -> str:
    """A text without the secrets that can be told by their looks."""
    lowered = text.lower()
    if any(word in lowered for word in WORDS):
        text = CREDENTIALS.sub(rf"\1\2{MASK}", text)
        text = PAIRS.sub(rf"\1{MASK}", SESSION.sub(MASK, text))
    return DIGITS.sub(_without_cards, text) if MANY_DIGITS.search(text) else text


def _masked(key: object, value: Any) -> Any:
    """A value of a line, however deep, in types that become JSON."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):  # a code that is a number is none of those that open anything
        text = redacted(str(value)) if abs(value) >= SMALLEST else ""
        return text if MASK in text else value
    if value and isinstance(key, str) and key.lower() in SECRET:
        return MASK
    return redacted(value) if isinstance(value, str) else _within(value)


def _within(value: Any) -> Any:
    """The same for what holds others, or is told by its repr()."""
    if isinstance(value, Mapping):
        return {redacted(str(name)): _masked(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", inner) for inner in value]
    return redacted(repr(value))


def _without_cards(match: re.Match[str]) -> str:
    """A run of digits, spaces and hyphens, without the groups that may be a card number or a part of one."""
    text = match[0]
    if UUID_ALONE.fullmatch(text):
        return text
    groups = list(GROUP.finditer(text))
    secret = {index for first in range(len(groups)) for index in _cards_from(groups, first)}
    kept, end = [], 0
    for index in sorted(secret):
        if index - 1 not in secret:
            kept.append(text[end : groups[index].start()] + MASK)
        end = groups[index].end()
    return "".join(kept) + text[end:]


def _cards_from(groups: list[re.Match[str]], first: int) -> Iterator[int]:
    """The groups of every card number that may begin with group `first`: as many digits, and Luhn's test passed."""
    digits = ""
    for last in range(first, len(groups)):
        digits += groups[last][0]
        if len(digits) > CARD_DIGITS[-1]:
            return
        if len(digits) in CARD_DIGITS and is_luhn(digits):
            yield from range(first, last + 1)
