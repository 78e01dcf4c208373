"""Mails to buyers."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.outgoing import Outgoing


class BuyerMail(Outgoing):
    """A mail to a buyer, or to an address that nobody has yet. What it says of a person goes when it was sent."""

    class Kind(models.TextChoices):
        """What it tells."""

        SIGN_IN = "sign_in", _("Link to sign in")
        CONNECTED = "connected", _("App connected")
        DISCONNECTED = "disconnected", _("App disconnected")
        PASSWORD_SET = "password_set", _("Password chosen")
        PASSWORD_REMOVED = "password_removed", _("Password removed")
        CLOSED = "closed", _("Wallet closed")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="wallet_mails")
    kind = models.CharField(max_length=16, choices=Kind)
    email = models.EmailField(max_length=254, blank=True)
    language = models.CharField(max_length=5)
    facts = models.JSONField(default=dict)  # an app's name and channel, a browser, a page

    class Meta:
        verbose_name = _("mail to a buyer")
        verbose_name_plural = _("mails to buyers")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="buyer_mail_sent_or_not",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="buyer_mail_due", condition=Q(state="pending")),  # send_due
            models.Index(fields=["created_at"], name="buyer_mail_age", condition=~Q(state="pending")),  # forget
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uuid}"
