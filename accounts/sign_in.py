"""Signing in with a password: failures are counted by e-mail address and by IP address, in PostgreSQL.

There, because nobody can sign in without it anyway: the count neither fails open nor locks everybody out when Redis is
down. Of an address that has no account the same is said and counted as of one that has.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm

from accounts.addresses import ip_of
from accounts.models import SignInTry

MINUTES = 15  # after the first failure the count begins anew
MOST_BY_EMAIL = 10
MOST_BY_IP = 100  # an office has many people behind one

COUNT = """
INSERT INTO accounts_signintry AS try (key, failures, started_at) VALUES (%(key)s, 1, now())
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN try.started_at < now() - %(window)s::interval THEN 1 ELSE try.failures + 1 END,
    started_at = CASE WHEN try.started_at < now() - %(window)s::interval THEN now() ELSE try.started_at END
RETURNING failures
"""


@dataclass(frozen=True, slots=True)
class Tries:
    """What counts the attempts of one request."""

    email: str
    ip: str

    def begin(self) -> bool:
        """Count an attempt before it is looked at, so that many at once count too. False: it is one too many."""
        by_email, by_ip = _count(_key("email", self.email)), _count(_key("ip", self.ip)) if self.ip else 0
        return by_email <= MOST_BY_EMAIL and by_ip <= MOST_BY_IP

    def succeeded(self) -> None:
        """Forget the failures of the e-mail address, and take this attempt off the IP address's count."""
        forgive(self.email)
        SignInTry.objects.filter(key=_key("ip", self.ip), failures__gt=0).update(failures=F("failures") - 1)


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind} {text.strip().lower()}".encode()).hexdigest()


def _count(key: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "window": f"{MINUTES} minutes"})
        return int(cursor.fetchone()[0])


def forgive(email_or_ip: str) -> bool:
    """Let an e-mail address or an IP address try again at once. False if nothing was counted."""
    keys = [_key("email", email_or_ip), _key("ip", email_or_ip)]
    return bool(SignInTry.objects.filter(key__in=keys).delete()[0])


def forget_old() -> int:
    """Delete counts that are over; returns how many."""
    return SignInTry.objects.filter(started_at__lt=Now() - timedelta(minutes=MINUTES)).delete()[0]


class SignInForm(AuthenticationForm):
    """E-mail address and password."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This e-mail address and this password do not open the admin."),
        "too_many": _("Too many attempts. Wait %(minutes)d minutes, or choose a new password."),
    }

    def clean(self) -> dict[str, Any]:
        """Check the password, unless there were too many attempts."""
        request: HttpRequest = self.request
        tries = Tries(self.cleaned_data.get("username", ""), ip_of(request))
        if not tries.begin():
            raise forms.ValidationError(self.error_messages["too_many"], "too_many", {"minutes": MINUTES})
        data = super().clean()
        tries.succeeded()
        return data
