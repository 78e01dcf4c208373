"""Mails that wait in rows. The rows are the truth: they are written in the transaction of what they tell of.

A worker takes one for LEASE, sends it with no transaction open, and notes that. If it dies between the mail server's
yes and the note, the mail goes out again; senders whose mails stay the same give it the same Message-ID, by which mail
programs know it.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.db import models, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

LEASE = timedelta(minutes=5)  # longer than a mail server may take
BATCH = 100
REFUSALS = (OSError, ValueError)  # what smtplib and sockets raise; an address that no mail may have
logger = structlog.get_logger(__name__)


class MailState(models.TextChoices):
    """Where a mail stands."""

    PENDING = "pending", _("Pending")
    SENT = "sent", _("Accepted by the mail server")
    FAILED = "failed", _("Given up")


class Outgoing(models.Model):
    """A mail that a worker sends."""

    state = models.CharField(_("state"), max_length=7, choices=MailState, default=MailState.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), db_default=0)
    due_at = models.DateTimeField(db_default=Now(), editable=False)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)

    class Meta:
        abstract = True


Mail = TypeVar("Mail", bound=Outgoing)


class NotWanted(Exception):
    """A mail that is of no use any more. Its row goes."""


def send_due(
    rows: QuerySet[Mail],
    send: Callable[[Mail], Any],
    *,
    waits: Sequence[int],
    done: Callable[[Mail], Any] = lambda _mail: None,
) -> int:
    """Send those of `rows` that are due; returns how many the mail server took. May run twice at once.

    `send` may raise REFUSALS, and is called again after so many of `waits`,
    seconds; NotWanted deletes the row. `done` is called in the transaction that notes a success.
    """
    sent = 0
    for _turn in range(BATCH):
        mail = _take(rows)
        if mail is None:
            break
        sent += _send(rows, mail, send, waits, done)
    return sent


@transaction.atomic
def _take(rows: QuerySet[Mail]) -> Mail | None:
    """Take the mail that has waited longest, for LEASE."""
    due = rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
    mail = due.filter(state=MailState.PENDING, due_at__lte=Now()).order_by("due_at").first()
    if mail is not None:
        mail.attempts += 1
        rows.filter(pk=mail.pk).update(attempts=mail.attempts, due_at=Now() + LEASE)
    return mail


def _send(
    rows: QuerySet[Mail],
    mail: Mail,
    send: Callable[[Mail], Any],
    waits: Sequence[int],
    done: Callable[[Mail], Any],
) -> bool:
    row = rows.filter(pk=mail.pk, state=MailState.PENDING)
    try:
        send(mail)
    except NotWanted:
        row.delete()
        return False
    except REFUSALS as error:
        name = type(error).__name__
        logger.warning("mail not sent", of=type(mail).__name__, row=mail.pk, attempt=mail.attempts, error=name)
        if mail.attempts > len(waits):
            row.update(state=MailState.FAILED, last_error=name)
        else:
            row.update(due_at=Now() + timedelta(seconds=waits[mail.attempts - 1]), last_error=name)
        return False
    with transaction.atomic():
        if row.update(state=MailState.SENT, sent_at=Now(), last_error=""):
            done(mail)
    return True
