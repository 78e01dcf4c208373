"""How the admin names, colours and explains the states of certificates and pushes."""

from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from applewallet.credentials import days_left, state_of
from applewallet.models import Credential, PushState

CREDENTIAL_COLORS = {
    "active": "success",
    "test": "warning",
    "soon": "warning",
    "expired": "danger",
    "none": "danger",
    "replaced": "",
}
PUSH_COLORS = {
    PushState.PENDING: "warning",
    PushState.SENDING: "info",
    PushState.SENT: "success",
    PushState.DEAD: "danger",
}


def credential_badge(credential: Credential | None, now: Any) -> tuple[str, Any]:
    """A certificate's state, and the words for it; None is for a type that has none in use."""
    if credential is None:
        return "none", _("None in use")
    state, days = state_of(credential, now), days_left(credential, now)
    words = {
        "active": _("In use"),
        "soon": ngettext_lazy("Expires in %d day", "Expires in %d days", days) % days,
        "expired": _("Expired"),
        "replaced": _("Replaced"),
    }
    if not credential.is_test:
        return state, words[state]
    if state == "active":
        return "test", _("For tests only")
    return state, format_lazy("{} · {}", _("For tests only"), words[state])


THE_PHONE = _("The phone does not want this push any more: the package or Wallet was removed. Nothing is to be done.")
THE_TOPIC = _(
    "Apple does not let this certificate or key push for this type identifier. Upload the certificate of exactly this"
    " identifier, or a key for pushes of the same team."
)
THE_CERTIFICATE = _(
    "Apple does not accept the certificate: it is for tests, expired or revoked. Upload one that is valid."
)
THE_KEY = _(
    "Apple does not accept the key for pushes: another team's, revoked, or under another identifier. Store it anew, or"
    " remove it so that the certificate is used."
)
APPLE = _("Apple's service had a fault. It is tried again by itself.")
OUR_FAULT = _("Something is wrong in how we push. Tell whoever runs this installation; the log of the worker has more.")
NO_ANSWER = _(
    "Apple was not reached, or broke off. It is tried again by itself; if it stays, look at the network and APNS_URL."
)
REASONS: dict[str, str | Promise] = {
    "Unregistered": THE_PHONE,
    "ExpiredToken": THE_PHONE,
    "BadDeviceToken": THE_PHONE,
    "DeviceTokenNotForTopic": THE_TOPIC,
    "BadTopic": THE_TOPIC,
    "TopicDisallowed": THE_TOPIC,
    "MissingTopic": THE_TOPIC,
    "BadCertificate": THE_CERTIFICATE,
    "BadCertificateEnvironment": THE_CERTIFICATE,
    "Forbidden": THE_CERTIFICATE,
    "InvalidProviderToken": THE_KEY,
    "MissingProviderToken": THE_KEY,
    "UnrelatedKeyIdInToken": THE_KEY,
    "ExpiredProviderToken": _("Apple finds our token too old: the clock of the server is wrong."),
    "TooManyRequests": _("This phone was pushed too often. It is told later by itself."),
    "TooManyProviderTokenUpdates": _("New tokens came too often. It is tried again by itself."),
}


def reason_words(status: int | None, reason: str) -> str | Promise:
    """What an answer of Apple's push service means, and what to do (apple-wallet.md §D.3)."""
    if reason in REASONS:
        return REASONS[reason]
    if status is None:
        return NO_ANSWER
    return APPLE if status >= 500 else OUR_FAULT  # noqa: PLR2004 -- HTTP's word for "not your fault"
