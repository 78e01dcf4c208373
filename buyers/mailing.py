"""Sends the mails to buyers that wait (accounts/outgoing.py)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import outgoing
from accounts.outgoing import MailState, NotWanted
from buyers.models import BuyerMail
from buyers.visitors import LINK_LASTS, find_buyer, sign_in_url

WAITS = [5, 15, 60, 300, 1800, 7200, 43200]  # seconds before another attempt
KEPT = timedelta(days=7)
Kind = BuyerMail.Kind
MANAGED_AT = {
    Kind.CONNECTED: "/wallet/connections",
    Kind.DISCONNECTED: "/wallet/connections",
    Kind.PASSWORD_SET: "/wallet/account",
    Kind.PASSWORD_REMOVED: "/wallet/account",
}


def send_due() -> int:
    """Send the mails that are due; returns how many the mail server took. May run twice at once."""
    return _send(BuyerMail.objects.all())


def send_now(mail: BuyerMail) -> bool:
    """Send this one, unless a worker does. False if the mail server does not take it now."""
    rows = BuyerMail.objects.filter(pk=mail.pk)
    return bool(_send(rows)) or not rows.exclude(last_error="").exists()


def forget() -> int:
    """Delete mails that are over since seven days; returns how many."""
    over = Q(created_at__lt=Now() - KEPT) & ~Q(state=MailState.PENDING)
    return BuyerMail.objects.filter(over).delete()[0]


def _send(rows: QuerySet[BuyerMail]) -> int:
    return outgoing.send_due(rows, lambda mail: _message(mail).send(), waits=WAITS, done=_forget_person)


def _forget_person(mail: BuyerMail) -> None:
    BuyerMail.objects.filter(pk=mail.pk).update(email="", facts={})


def _message(mail: BuyerMail) -> EmailMessage:
    """The mail, in its language. Raises NotWanted for one that is of no use any more."""
    with override(mail.language):
        facts = _sign_in_facts(mail) if mail.kind == Kind.SIGN_IN else {}
        facts |= mail.facts | {"url": facts.get("url") or settings.PUBLIC_URL + MANAGED_AT.get(Kind(mail.kind), "")}
        subject = " ".join(_subject(mail, facts).split())  # a partner's name must not break a header
        text = render_to_string(f"buyers/mails/{mail.kind}.txt", facts)
    name = f"<wallet-{mail.uuid}@{urlsplit(settings.PUBLIC_URL).hostname}>"
    return EmailMessage(subject, text, to=[mail.email], headers={"Message-ID": name})


def _subject(mail: BuyerMail, facts: Mapping[str, Any]) -> str:
    if mail.kind == Kind.SIGN_IN:
        return _("Create your wallet") if facts["is_new"] else _("Sign in to your wallet")
    texts = {
        Kind.CONNECTED: _("%(app)s can now use your wallet"),
        Kind.DISCONNECTED: _("%(app)s can no longer use your wallet"),
        Kind.PASSWORD_SET: _("Your wallet has a new password"),
        Kind.PASSWORD_REMOVED: _("Your wallet has no password any more"),
        Kind.CLOSED: _("Your wallet is closed"),
    }
    return texts[Kind(mail.kind)] % mail.facts


def _sign_in_facts(mail: BuyerMail) -> dict[str, Any]:
    """The link is made only now, so that no row holds one; nobody waits for it who signed in meanwhile, or gave up."""
    buyer = find_buyer(mail.email)
    has_signed_in = buyer is not None and buyer.last_login is not None and buyer.last_login > mail.created_at
    if has_signed_in or mail.created_at < timezone.now() - timedelta(seconds=LINK_LASTS):
        raise NotWanted
    return {
        "url": sign_in_url(mail.email, mail.facts["after"]),
        "is_new": buyer is None,
        "is_closed": buyer is not None and not buyer.is_active,
    }
