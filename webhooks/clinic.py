"""The signature clinic: a partner shows what arrived and what their code made of it, and hears what is wrong.

It answers with words only. It never gives a signature, for it would then sign whatever text somebody shows it; and it
calls a result cut off only when 16 bytes of it are right, so that nobody finds a signature piece by piece.
Source: shop-orders.md §C.2 item 3; the table of mistakes is webhooks/mistakes.py.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.encryption import decrypt
from shops.errors import InvalidInput
from webhooks.encodings import originals, to_bytes
from webhooks.mistakes import BODIES, OLD_KEY, OTHER_SCHEME, Message, Mistake, right
from webhooks.models import Endpoint
from webhooks.readings import AROUND, NO_VERSION, QUOTED, TRUNCATED, Reading, readings
from webhooks.trials import trials

LIMITS = {"body": 65_536, "header": 2048, "own_result": 2048, "message_id": 255, "timestamp": 64}  # bytes
TOLERANCE = 300  # seconds that a webhook-timestamp may be away from the receiver's clock
LEAST = 16  # bytes of a digest that was cut off
MILLISECONDS = 13  # digits

VERDICTS: dict[str, str | Promise] = {
    "matches": _("Everything fits: the header is our signature of this body with the key of this endpoint."),
    "header_missing": _(
        "There is no signature in the header. Look how your framework names headers:"
        " in PHP it is $_SERVER['HTTP_WLLT_SIGNATURE'] or $_SERVER['HTTP_WEBHOOK_SIGNATURE']."
    ),
    "id_or_timestamp_missing": _(
        "webhook-signature covers the headers webhook-id and webhook-timestamp as well. Give both, as they arrived."
    ),
    "header_changed": _("The header was signed by us, but its text was changed on its way to your code."),
    "header_truncated": _("The beginning of the header is right, but its end is cut off. Look for a field too short."),
    "body_not_read": BODIES[0].explanation,
    "body_changed": _("The header fits the body that we sent, but the body here is another text of the same content."),
    "timestamp_in_milliseconds": _(
        "The header fits, but the timestamp given is in milliseconds; the header has seconds."
    ),
    "signed_with_old_key": _(
        "The message was signed with the previous key of this endpoint, before the key was replaced."
        " Messages and attempts since then are signed with the new key."
    ),
    "too_old": _(
        "The signature is right, but the timestamp is more than 5 minutes in the past. If it was so when the message"
        " arrived, set your clock; if not, this is the reason why it would be refused now."
    ),
    "in_future": _("The signature is right, but the timestamp is more than 5 minutes in the future. Set your clock."),
    "only_first_entry": _(
        "The result is in the header's list, but does not stand first, and it was made with the previous key."
        " Compare with every entry of the list; and change to the new key before the old one ends."
    ),
    "compared_with_itself": _(
        "What you gave as the header is your own result. Keep the header that arrived and the result in two variables;"
        " otherwise every message passes."
    ),
    "consistent_but_foreign": _(
        "Header and result are the same, but were not made with a key of this endpoint. Either your code compares its"
        " own result with itself, or both belong to another endpoint: look at the last four characters of the key."
    ),
    "header_foreign": _(
        "Your result is right for this body, but the header does not belong to it. Did they come with one message?"
        " If they did, it was not signed by us: refuse it."
    ),
    "own_result_unexplained": _(
        "The header fits the body and the key; your result fits neither, nor any known mistake. Check that your program"
        " has the key of this endpoint by its last four characters, and print what it signs, byte by byte."
    ),
    "nothing_fits": _(
        "Neither the body nor the key fits. Take the raw body and the header of one and the same message, and check"
        " that it came from this endpoint: compare the last four characters of the key."
    ),
}
HEADER_TOO = _("Besides, the header does not belong to this body: take both from one message.")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the clinic found: a code for programs, words for people, and the header it took it for."""

    verdict: str
    explanation: str
    scheme: str  # wllt-signature or webhook-signature


@dataclass(frozen=True, slots=True)
class Origin:
    """What we signed, found by the header: with which body, id and time, and with which key."""

    message: Message
    old: bool
    oddities: tuple[Mistake, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known when the checks begin."""

    keys: tuple[str, ...]  # the current one first
    message: Message  # as it was given
    header: str
    own: str
    now: float
    origin: Origin | None = None
    mistakes: tuple[Mistake, ...] | None = None  # in the own result: none if it is right, None if nothing explains it

    @property
    def sent(self) -> Origin:
        """The origin, to ask for where an earlier check has made sure that it was found."""
        return cast("Origin", self.origin)

    def entries(self) -> list[Reading]:
        """The digests in the header."""
        return readings(self.header, standard=self.message.standard)

    def results(self) -> list[Reading]:
        """The digests in the partner's own result."""
        return readings(self.own, standard=self.message.standard)


def examine(
    endpoint: Endpoint,
    *,
    body: str | bytes,
    header: str,
    own_result: str = "",
    message_id: str = "",
    timestamp: str = "",
    now: float | None = None,
) -> Diagnosis:
    """Say what is wrong with a signature, or that nothing is.

    `header` is what arrived as wllt-signature or webhook-signature, `own_result` what the partner's code computed;
    webhook-signature needs `message_id` and `timestamp` as well. `now` counts seconds since 1970. Raises InvalidInput
    for what is too long.
    """
    given = {"body": body if isinstance(body, bytes) else to_bytes(body)}
    texts = {"header": header, "own_result": own_result, "message_id": message_id, "timestamp": timestamp}
    given |= {name: to_bytes(text) for name, text in texts.items()}
    long = {name: [f"No more than {most} bytes."] for name, most in LIMITS.items() if len(given[name]) > most}
    if long:
        raise InvalidInput(long)
    standard = "v1," in header or header.strip(AROUND).endswith("=")  # which hexadecimal digits never do
    message = Message(given["body"], given["message_id"].strip(), given["timestamp"].strip(), standard)
    case = Case(_keys(endpoint), message, header, own_result, time.time() if now is None else now)
    case = replace(case, origin=_origin(case))
    if own_result.strip(AROUND):
        case = replace(case, mistakes=_mistakes(case, case.origin.message if case.origin else message))
    return _diagnosis(case, next(code for code, applies in CHECKS if applies(case)))


def _keys(endpoint: Endpoint) -> tuple[str, ...]:
    kept = (endpoint.encrypted_key, endpoint.previous_key)
    return tuple(decrypt(bytes(key)) for key in kept if key is not None)


def _origin(case: Case) -> Origin | None:
    """Find what we signed, if the header is ours, though the body may have been changed since."""
    stamps = [case.message.timestamp]
    if len(stamps[0]) >= MILLISECONDS:
        stamps.append(stamps[0][:-3])
    entries = case.entries()
    for whole in (True, False):
        for body in originals(case.message.body):
            for message in (replace(case.message, body=body, timestamp=stamp) for stamp in stamps):
                for old, key in enumerate(case.keys):
                    digest = right(message.secret(key), message.content(body))
                    for entry in entries:
                        if _same(entry.digest, digest, whole=whole):
                            return Origin(message, bool(old), entry.oddities, whole)
    return None


def _same(one: bytes, digest: bytes, *, whole: bool = True) -> bool:
    """Compare in constant time: all of a digest, or at least LEAST bytes of its beginning."""
    if not whole and not LEAST <= len(one) < len(digest):
        return False
    return hmac.compare_digest(one, digest if whole else digest[: len(one)])


def _mistakes(case: Case, message: Message) -> tuple[Mistake, ...] | None:
    """What makes the own result of the right one: nothing, mistakes of the table, or None."""
    results = case.results()
    for old, key in enumerate(case.keys):
        before = (OLD_KEY,) if old else ()
        if _of_the_other_scheme(case, message, key):
            return (*before, OTHER_SCHEME[message.standard])
        for mistakes, digest in trials(key, message):
            for result in results:
                if _same(result.digest, digest):
                    return (*before, *mistakes, *result.oddities)
                if not mistakes and _same(result.digest, digest, whole=False):
                    return (*before, TRUNCATED)
    return None


def _of_the_other_scheme(case: Case, message: Message, key: str) -> bool:
    other = replace(message, standard=not message.standard)
    digest = right(other.secret(key), other.content(other.body))
    results = readings(case.own, standard=other.standard)
    return any(_same(one.digest, digest) and {*one.oddities} <= {QUOTED, NO_VERSION} for one in results)


def _altered(case: Case) -> tuple[Mistake, ...]:
    """What turns the body that we sent into the one that was given."""
    sent = case.origin.message.body if case.origin else b""
    return tuple(one for one in BODIES if case.message.body in one.make(sent))[:1]


def _own_is_the_header(case: Case) -> bool:
    return hmac.compare_digest(to_bytes(case.own.strip(AROUND)), to_bytes(case.header.strip(AROUND)))


def _only_the_old_key(case: Case) -> bool:
    return case.mistakes == (OLD_KEY,) and case.origin is not None


def _in_the_list(case: Case) -> bool:
    return any(_same(one.digest, entry.digest) for one in case.results() for entry in case.entries())


def _age(case: Case) -> float:
    stamp = case.message.timestamp
    return case.now - int(stamp) if case.message.standard and stamp.isdigit() else 0.0


Check = tuple[str, Callable[[Case], Any]]
CHECKS: tuple[Check, ...] = (  # the first that applies is the verdict
    ("header_missing", lambda case: not case.header.strip(AROUND)),
    (
        "id_or_timestamp_missing",
        lambda case: case.message.standard and not (case.message.id and case.message.timestamp),
    ),
    ("compared_with_itself", lambda case: not case.origin and case.mistakes and _own_is_the_header(case)),
    ("consistent_but_foreign", lambda case: not case.origin and case.mistakes is None and _own_is_the_header(case)),
    ("header_foreign", lambda case: not case.origin and case.mistakes == ()),
    (
        "only_first_entry",
        lambda case: _only_the_old_key(case) and not case.sent.old and _in_the_list(case),
    ),
    ("mistakes", lambda case: case.mistakes and not (_only_the_old_key(case) and case.sent.old)),
    ("own_result_unexplained", lambda case: case.origin and case.own.strip(AROUND) and case.mistakes is None),
    ("body_not_read", lambda case: not case.origin and not case.message.body),
    ("nothing_fits", lambda case: not case.origin),
    ("header_truncated", lambda case: not case.sent.whole),
    ("header_changed", lambda case: not {*case.sent.oddities} <= {QUOTED, NO_VERSION}),
    ("timestamp_in_milliseconds", lambda case: case.sent.message.timestamp != case.message.timestamp),
    ("body_changed", lambda case: case.mistakes is None and case.sent.message.body != case.message.body),
    ("signed_with_old_key", lambda case: case.sent.old),
    ("too_old", lambda case: _age(case) > TOLERANCE),
    ("in_future", lambda case: _age(case) < -TOLERANCE),
    ("matches", lambda _case: True),
)


def _diagnosis(case: Case, verdict: str) -> Diagnosis:
    parts: list[str | Promise] = [VERDICTS[verdict]] if verdict in VERDICTS else []
    if verdict == "mistakes":
        found = case.mistakes or ()
        verdict = found[0].code
        parts = [*(one.explanation for one in found), *([] if case.origin else [HEADER_TOO])]
    elif verdict == "body_changed":
        found = _altered(case)
        verdict = found[0].code if found else verdict
        parts += [one.explanation for one in found]
    scheme = "webhook-signature" if case.message.standard else "wllt-signature"
    return Diagnosis(verdict, " ".join(dict.fromkeys(str(part) for part in parts)), scheme)
