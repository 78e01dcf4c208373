"""Links to choose a password: for who joins a team, and for who forgot theirs. Mailed by a worker, good for one use.

Django's token holds a digest of the present password and of the last sign-in: either makes every older link void.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts import outgoing
from accounts.models import LinkMail, User

WAITS = [60, 300, 1800, 7200, 43200]  # seconds before another attempt
PAUSE = timedelta(minutes=2)  # between two links to the same person


def invite(user: User, team: str) -> None:
    """Mail a link to somebody who joined `team`. Who has a password is told of the team, and needs no link."""
    _queue(user, LinkMail.Kind.INVITED, team)


def forgot(email: str) -> None:
    """Mail a link to whoever has this address and may open the admin; nothing, where nobody has or did just now."""
    user = User.objects.filter(email__lower=email.strip().lower(), is_active=True, is_staff=True).first()
    if user and not user.link_mails.filter(kind=LinkMail.Kind.FORGOTTEN, created_at__gt=Now() - PAUSE).exists():
        _queue(user, LinkMail.Kind.FORGOTTEN, "")


def _queue(user: User, kind: LinkMail.Kind, team: str) -> None:
    user.link_mails.create(kind=kind, team=team[:100], language=(get_language() or "en")[:5])


def link_for(user: User) -> str:
    """A link that lets `user` choose a password, once, within STAFF_LINK_HOURS."""
    uid, token = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
    return settings.PUBLIC_URL + reverse("choose-password", args=[uid, token])


def whose(uid: str, token: str) -> User | None:
    """Whose link it is: None if it is spent, too old, or of somebody who may not open the admin any more."""
    try:
        key = int(urlsafe_base64_decode(uid))
    except (ValueError, OverflowError):
        return None
    user = User.objects.filter(pk=key, is_active=True, is_staff=True).first() if 0 < key < 2**63 else None
    return user if user and default_token_generator.check_token(user, token) else None


def send_due() -> int:
    """Send the links that are due; returns how many the mail server took. May run twice at once."""
    return outgoing.send_due(LinkMail.objects.select_related("user"), _send, waits=WAITS)


def _send(mail: LinkMail) -> None:
    facts = {"mail": mail, "user": mail.user, "hours": settings.STAFF_LINK_HOURS}
    with override(mail.language):
        if mail.kind == LinkMail.Kind.INVITED:
            subject = _("You are on the team of %(team)s") % {"team": mail.team}
        else:
            subject = _("Choose a new password")
        if mail.kind == LinkMail.Kind.FORGOTTEN or not mail.user.has_usable_password():
            facts["link"] = link_for(mail.user)
        facts["sign_in"] = settings.PUBLIC_URL + reverse("admin:login")
        text = render_to_string("accounts/link_mail.txt", facts)
    send_mail(" ".join(subject.split()), text, None, [mail.user.email])
