"""What a report of the receiver exam says. It is kept in English, for partners, and shown in the reader's language."""

import re
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

NO_TIME_LEFT = _("Not sent: the time of the exam was used up.")
ANSWERED = _("It answered %(status)s.")
GONE = _("It answered %(status)s. In life, 410 switches the endpoint off.")
REDIRECTED = _("It answered %(status)s, a redirect, and we follow none: give the URL that it leads to.")
NOT_TAKEN = _("A 2xx was expected. %(outcome)s")
FORGERY_REDIRECTED = _("A 4xx is best. %(outcome)s")
FORGERY_BROKE = _("A forged message must not break the receiver. %(outcome)s")
OLD_BROKE = _("A 4xx or a 2xx was expected. %(outcome)s")
TAKEN_LATER = _("It took the message at the second attempt. At the first: %(outcome)s")
NEVER_TAKEN = _("The second attempt was to be taken. %(outcome)s")
TIMELY = _("The slowest answer to a valid message took %(slowest)s ms.")
SLOW = _(
    "The slowest answer to a valid message took %(slowest)s ms. Answer first, work later: less than %(limit)s ms is"
    " good."
)
TOO_SLOW = _(
    "The slowest answer to a valid message took %(slowest)s ms. Each is to come within %(limit)s ms: answer first, work"
    " later."
)
QUICK = _("Less than %(limit)s seconds for each")
OUTCOMES = [ANSWERED, GONE, REDIRECTED]
TOLD = [NOT_TAKEN, FORGERY_REDIRECTED, FORGERY_BROKE, OLD_BROKE, TAKEN_LATER, NEVER_TAKEN]  # with an outcome
FORMS = [*OUTCOMES, *TOLD, TIMELY, SLOW, TOO_SLOW, QUICK]
PLACE = re.compile(r"%\((\w+)\)s")


def _pattern_of(form: str) -> re.Pattern[str]:
    """What a text of this form looks like: an outcome is a sentence, everything else a number."""
    parts = PLACE.split(form)  # a text, a name, a text, and so on
    parts[::2] = [re.escape(text) for text in parts[::2]]
    parts[1::2] = [f"(?P<{name}>.+)" if name == "outcome" else rf"(?P<{name}>\d+)" for name in parts[1::2]]
    return re.compile("".join(parts), re.DOTALL)


PATTERNS = [(form, _pattern_of(form)) for form in FORMS]


def in_language(text: str) -> str:
    """A text of a report in the language that is active; one that is not of our making stays as it is."""
    for form, pattern in PATTERNS:
        if found := pattern.fullmatch(text):
            return gettext(form) % {name: in_language(value) for name, value in found.groupdict().items()}
    return gettext(text) if text else ""


def step_in_language(step: dict[str, Any]) -> dict[str, Any]:
    """A step of a report, with our words in the language that is active."""
    exchanges = [
        one | {"received": one["received"] | {"problem": in_language(one["received"]["problem"])}}
        for one in step["exchanges"]
    ]
    named = ("purpose", "expected", "reason", "advice")  # not all of them in the oldest reports
    texts = {name: in_language(step[name]) for name in named if name in step}
    return step | texts | {"exchanges": exchanges}
