"""Mail to the member about an order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.outgoing import Outgoing
from orders.models.orders import Order
from passes.models import Pass
from shops.models import Brand, BrandOwned


class MailKind(models.TextChoices):
    """What a mail holds."""

    BOUGHT = "bought", _("What was bought")
    PASS = "pass", _("The link to a pass")


class OrderMail(Outgoing, BrandOwned):
    """A mail about an order; sent by a worker.

    The first tells what was bought, and is written in the transaction that made the order paid. Others, of that kind or
    with the link to one pass, staff ask for.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="mails", verbose_name=_("order"), db_index=False)
    kind = models.CharField(
        _("what it holds"), max_length=6, choices=MailKind, default=MailKind.BOUGHT, db_default=MailKind.BOUGHT
    )
    issued_pass = models.ForeignKey(
        Pass, models.PROTECT, null=True, related_name="mails", verbose_name=_("pass"), db_index=False
    )
    asked_by = models.CharField(
        _("asked for by"), max_length=200, blank=True, db_default="", help_text=_("Empty: sent by itself.")
    )
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_mails", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="order_mail_sent_or_not",
            ),
            models.CheckConstraint(
                condition=Q(kind="bought", issued_pass=None) | Q(kind="pass", issued_pass__isnull=False),
                name="order_mail_of_its_kind",
            ),
            models.UniqueConstraint(fields=["order"], condition=Q(asked_by=""), name="order_mail_by_itself_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="order_mail_due", condition=Q(state="pending")),  # send_due
            models.Index(fields=["order", "id"], name="order_mail_of_order"),
            models.Index(
                fields=["issued_pass"], name="order_mail_of_pass", condition=Q(issued_pass__isnull=False)
            ),  # its foreign key
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.order}"
