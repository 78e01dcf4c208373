"""Mail to the member about an order."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order
from shops.models import Brand, BrandOwned


class MailState(models.TextChoices):
    """Where a mail stands."""

    PENDING = "pending", _("Pending")
    SENT = "sent", _("Accepted by the mail server")
    FAILED = "failed", _("Given up")


class OrderMail(BrandOwned):
    """What was bought, by mail. Written in the transaction that made the order paid; sent by a worker."""

    order = models.OneToOneField(Order, models.PROTECT, related_name="mail", verbose_name=_("order"))
    state = models.CharField(_("state"), max_length=7, choices=MailState, default=MailState.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), db_default=0)
    due_at = models.DateTimeField(db_default=Now(), editable=False)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_mails", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="order_mail_sent_or_not",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="order_mail_due", condition=Q(state="pending"))]  # send_due

    def __str__(self) -> str:
        return str(self.order)
