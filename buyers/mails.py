"""Mails to buyers. None holds up a page: whether the mail server took it is told, and noted in the log."""

from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from buyers.models import Connection
from buyers.visitors import find_buyer

logger = structlog.get_logger(__name__)


def sign_in_link(email: str, url: str) -> bool:
    """A link that signs in, or that makes an account; a disabled account is told that it is."""
    buyer = find_buyer(email)
    is_closed = buyer is not None and not buyer.is_active
    facts = {"url": url, "is_new": buyer is None, "is_closed": is_closed}
    subject = _("Create your wallet") if buyer is None else _("Sign in to your wallet")
    return _send(subject, "sign_in", buyer.email if buyer else email, facts)


def connected(connection: Connection, device: str) -> bool:
    """An app was allowed something, with the browser `device`."""
    subject = _("%(app)s can now use your wallet") % {"app": connection.client.name}
    return _tell(subject, "connected", connection, device)


def disconnected(connection: Connection, device: str) -> bool:
    """An app was disconnected, with the browser `device`."""
    subject = _("%(app)s can no longer use your wallet") % {"app": connection.client.name}
    return _tell(subject, "disconnected", connection, device)


def _tell(subject: str, template: str, connection: Connection, device: str) -> bool:
    facts = {"connection": connection, "device": device, "url": f"{settings.PUBLIC_URL}/wallet/connections"}
    return _send(subject, template, connection.buyer.email, facts)


def _send(subject: str, template: str, email: str, facts: dict[str, Any]) -> bool:
    line = " ".join(subject.split())  # a partner's name must not break a header
    try:
        send_mail(line, render_to_string(f"buyers/mails/{template}.txt", facts), None, [email])
    except OSError as error:  # what smtplib and sockets raise
        logger.warning("mail not sent", mail=template, error=type(error).__name__)
        return False
    return True
