"""Money and points that go back to the member."""

import uuid
from enum import nonmember

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order, OrderItem
from passes.models import PassStatus
from shops.fields import MoneyField
from shops.models import Brand, BrandOwned
from shops.speaking import money, money_and_points


class RefundStatus(models.TextChoices):
    """Where a refund stands. Requested: the provider has still to give the money back."""

    REQUESTED = "requested", _("Requested")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")

    steps = nonmember({"requested": {"completed", "failed"}})

    def may_become(self, to: str) -> bool:
        """Whether the step from this state to `to` exists."""
        return to in self.steps.get(self.value, ())


class Refund(BrandOwned):
    """What a member gets back of a paid order, and the passes that are taken back for it."""

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds", verbose_name=_("order"))
    status = models.CharField(_("status"), max_length=10, choices=RefundStatus, default=RefundStatus.REQUESTED)
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    points = models.PositiveBigIntegerField(_("points"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.CharField(_("by"), max_length=200, help_text=_("Who asked for it."))
    restocks = models.BooleanField(
        _("put back into stock"), default=False, help_text=_("What it takes back, unless it was redeemed.")
    )
    provider_refund_id = models.CharField(_("the provider's id"), max_length=60, blank=True)
    provider_status = models.CharField(
        _("what the provider said last"), max_length=20, blank=True, help_text=_("In its own word.")
    )
    last_error = models.CharField(_("what went wrong last"), max_length=300, blank=True, db_default="")
    due_at = models.DateTimeField(db_default=Now(), editable=False)  # when to ask the provider next
    # The partner's, of orders that a partner states; as long as orders/models/lines.py says.
    external_id = models.CharField(_("the partner's ID"), max_length=270, blank=True, db_default="", editable=False)
    created_at = models.DateTimeField(_("requested"), db_default=Now(), editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    holds = models.GeneratedField(
        expression=~Q(status="failed"),  # type: ignore[arg-type]  # the stubs do not know that Q is one
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="refund_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["id", "holds"], name="refund_holds"),  # target of its items' key
            models.UniqueConstraint(
                fields=["order", "external_id"], condition=~Q(external_id=""), name="refund_stated_once"
            ),
            models.UniqueConstraint(
                fields=["order", "provider_refund_id"],
                condition=~Q(provider_refund_id=""),
                name="refund_at_provider_once",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="refund_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(status="requested", ended_at=None)
                | Q(status__in=["completed", "failed"], ended_at__isnull=False),
                name="refund_ended_or_not",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="refund_due", condition=Q(status="requested")),  # ask_providers
            models.Index(
                fields=["brand"], name="refund_came_back", condition=Q(status="completed", provider_status="failed")
            ),  # desk/hands.py
        ]

    def __str__(self) -> str:
        if self.points:
            return money_and_points(self.amount, self.currency, self.points)
        return money(self.amount, self.currency)


class RefundItem(BrandOwned):
    """An item whose pass a refund takes back. That happens once, unless the refund fails."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="items")
    item = models.ForeignKey(OrderItem, models.PROTECT, related_name="refund_items")
    pass_was = models.CharField(max_length=10, choices=PassStatus)  # to be restored if the refund fails
    holds = models.BooleanField(default=True)  # follows the refund's, by the database

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="refund_items")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(holds=True), name="refund_item_held_once"),
        ]

    def __str__(self) -> str:
        return str(self.item)
