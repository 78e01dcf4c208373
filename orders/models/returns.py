"""Items that come back. Words and fields are those of Apple's order.json (apple-wallet.md §A.3)."""

import uuid
from enum import nonmember

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order, OrderItem
from orders.models.refunds import Refund
from shops.models import Brand, BrandOwned


class ReturnStatus(models.TextChoices):
    """Where a return stands."""

    OPEN = "open", _("Open")
    ON_THE_WAY = "onTheWay", _("On the way")
    PROCESSING = "processing", _("Processing")
    ISSUE = "issue", _("Issue")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")

    # What is on its way, or has arrived, is cancelled by way of an issue.
    steps = nonmember(
        {
            "open": {"onTheWay", "processing", "completed", "issue", "cancelled"},
            "onTheWay": {"processing", "completed", "issue"},
            "processing": {"completed", "issue"},
            "issue": {"open", "onTheWay", "processing", "completed", "cancelled"},
        }
    )


class Return(BrandOwned):
    """Some items of an order that the member sends or brings back. Money comes back by a refund."""

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="returns", verbose_name=_("order"))
    return_number = models.CharField(
        _("return number"), max_length=30, editable=False, help_text=_("The order's number, and which return it is.")
    )
    status = models.CharField(_("status"), max_length=10, choices=ReturnStatus, default=ReturnStatus.OPEN)
    status_description = models.CharField(_("what the status means"), max_length=200, blank=True)
    notes = models.CharField(_("notes for the member"), max_length=500, blank=True)
    carrier = models.CharField(_("carrier"), max_length=100, blank=True)
    initiated_at = models.DateTimeField(_("initiated"), db_default=Now())
    drop_off_by = models.DateTimeField(_("to be handed in by"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned"), null=True, blank=True)
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="returns", verbose_name=_("refund")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    holds = models.GeneratedField(
        expression=~Q(status="cancelled"),  # type: ignore[arg-type]  # the stubs do not know that Q is one
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="return_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["id", "holds"], name="return_holds"),  # target of its items' key
            models.UniqueConstraint(fields=["brand", "return_number"], name="return_number_once"),
            models.CheckConstraint(condition=Q(status__in=ReturnStatus.values), name="return_status_known"),
        ]

    def __str__(self) -> str:
        return self.return_number

    def may_become(self, to: str) -> bool:
        """Whether the step from its state to `to` exists. Completed and cancelled are final."""
        return to in ReturnStatus.steps.get(self.status, ())


class ReturnItem(BrandOwned):
    """An item in a return. It is in one at most that is not cancelled."""

    of_return = models.ForeignKey(Return, models.PROTECT, related_name="items")
    item = models.ForeignKey(OrderItem, models.PROTECT, related_name="return_items")
    holds = models.BooleanField(default=True)  # follows the return's, by the database

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="return_items")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(holds=True), name="return_item_held_once"),
        ]

    def __str__(self) -> str:
        return str(self.item)
