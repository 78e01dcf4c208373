"""Money that a member's bank or card took back from the brand."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order
from shops.fields import MoneyField
from shops.models import BrandOwned


class Chargeback(BrandOwned):
    """What a bank took back of an order's payment, as the payment provider tells. Staff decide what follows from it."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="chargebacks", verbose_name=_("order"))
    provider_id = models.CharField(_("the provider's id"), max_length=60)
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=200, blank=True, help_text=_("In the provider's words."))
    charged_at = models.DateTimeField(_("charged back"))
    reversed_at = models.DateTimeField(_("reversed"), null=True, blank=True, help_text=_("The brand has it again."))
    decided_at = models.DateTimeField(_("dealt with"), null=True, blank=True)
    decided_by = models.CharField(_("dealt with by"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("seen"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("chargeback")
        verbose_name_plural = _("chargebacks")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "provider_id"], name="chargeback_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="chargeback_amount_positive"),
        ]
        indexes = [  # desk/hands.py
            models.Index(fields=["brand"], name="chargeback_undecided", condition=Q(decided_at=None, reversed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"
