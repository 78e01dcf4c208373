"""Sentences of ours that rows keep, such as why a job failed, shown in the reader's language.

A row keeps a sentence as it was written, with its facts filled in: in English where partners read it too, else in the
language of whoever was at work. `in_language` finds the text of the catalogue that it was made of and says that anew.
What is not of our making, such as a payment provider's reason, stays as it is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import read_mo
from django.conf import settings
from django.utils.translation import get_language, gettext

PLACE = re.compile(r"%(?:\((?P<name>\w+)\))?[-+.\d]*(?P<kind>[sdf])")
LOOKS = {"s": "(.*)", "d": r"([-+]?\d+)", "f": r"([-+]?\d+\.\d+)"}
READ: dict[str, Callable[[str], Any]] = {"s": str, "d": int, "f": float}
WORD = re.compile(r"[^\W\d_]{2,}")
FEWEST_WORDS = 2  # of its own: a text with fewer fits almost anything
SENTENCES = {"what", "outcome", "error"}  # facts that are texts of ours themselves
STATES = {"was", "to", "state"}
LONGEST = 1000  # characters; rows keep no longer sentence of ours, and what strangers send may be any length


@dataclass(frozen=True, slots=True)
class Form:
    """A text of the catalogue with places for facts, as it looks in one language with the facts in them."""

    msgid: str
    own: tuple[str, ...]  # the words between the facts
    look: re.Pattern[str]
    places: tuple[tuple[str, str], ...]  # name ("" for %s) and kind of each

    def read(self, text: str) -> re.Match[str] | None:
        """The facts in `text`, if it is this one. Looking for its own words first is quick, whatever the text."""
        at = 0
        for part in self.own:
            at = text.find(part, at)
            if at < 0:
                return None
            at += len(part)
        return self.look.fullmatch(text)

    def say(self, found: re.Match[str]) -> str:
        """The text in the language that is active, with the facts that were found."""
        facts = [
            (name, _fact(name, READ[kind](fact)))
            for (name, kind), fact in zip(self.places, found.groups(), strict=True)
        ]
        named = all(name for name, _kind in self.places)
        return gettext(self.msgid) % (dict(facts) if named else tuple(fact for _name, fact in facts))


def _fact(name: str, fact: Any) -> Any:
    if name in STATES:
        return state_in_language(fact)
    return in_language(fact) if name in SENTENCES else fact


def in_language(text: str) -> str:
    """A sentence that a row keeps, in the language that is active; unchanged if it is none of ours."""
    return _said(text, get_language() or "en") if 0 < len(text) <= LONGEST else text


def state_in_language(state: str) -> str:
    """A state within a sentence: its own word in English, as the API says it; in other languages its label."""
    if not state:
        return ""
    label = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", state).capitalize()
    known = gettext(label)
    return known.lower() if known != label else state.replace("_", " ")


@lru_cache(maxsize=2048)  # the lines of a job say the same again and again
def _said(text: str, language: str) -> str:  # noqa: ARG001 -- part of the cache's key
    if (known := gettext(text)) != text:
        return known
    fixed, forms = _catalogue()
    if text in fixed:
        return gettext(fixed[text])
    matches = ((form, form.read(text)) for form in forms)
    return next((form.say(found) for form, found in matches if found), text)


@cache
def _catalogue() -> tuple[dict[str, str], list[Form]]:
    """The translations without facts, with their English; all texts with facts, those with the most letters first."""
    fixed: dict[str, str] = {}
    forms: list[tuple[int, Form]] = []
    for msgid, translation in _texts():
        if not PLACE.search(msgid):
            fixed.setdefault(translation, msgid)
            continue
        for text in (msgid, translation):
            own = PLACE.sub(" ", text)
            if len(WORD.findall(own)) >= FEWEST_WORDS:
                forms.append((len(own), _form(msgid, text)))
    return fixed, [form for _own, form in sorted(forms, key=lambda pair: -pair[0])]


def _texts() -> Iterator[tuple[str, str]]:
    """Each text of ours with its translation; those with a plural are not kept by rows."""
    for path in sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.mo")):
        with path.open("rb") as file:
            yield from ((one.id, str(one.string)) for one in read_mo(file) if one.id and isinstance(one.id, str))


def _form(msgid: str, text: str) -> Form:
    places = [(found["name"] or "", found["kind"]) for found in PLACE.finditer(text)]
    own = [part.replace("%%", "%") for part in PLACE.sub("\0", text).split("\0")]
    rest = zip(places, own[1:], strict=True)
    look = re.escape(own[0]) + "".join(LOOKS[kind] + re.escape(part) for (_name, kind), part in rest)
    return Form(msgid, tuple(own), re.compile(look, re.DOTALL), tuple(places))
