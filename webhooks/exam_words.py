"""What a report of the receiver exam says. It is kept in English, for partners, and shown in the reader's language."""

from typing import Any

from django.utils.translation import gettext_noop as _

from shops.sentences import in_language

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


def step_in_language(step: dict[str, Any]) -> dict[str, Any]:
    """A step of a report, with our words in the language that is active."""
    exchanges = [
        one | {"received": one["received"] | {"problem": in_language(one["received"]["problem"])}}
        for one in step["exchanges"]
    ]
    named = ("purpose", "expected", "reason", "advice")  # not all of them in the oldest reports
    texts = {name: in_language(step[name]) for name in named if name in step}
    return step | texts | {"exchanges": exchanges}
