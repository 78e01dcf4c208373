"""An order is one row; orders/services.py changes it."""

import uuid
from decimal import Decimal
from enum import nonmember

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from passes.models import Pass
from shops.fields import MoneyField
from shops.models import Brand, BrandOwned, Member
from shops.money import rounded


class OrderStatus(models.TextChoices):
    """The order's state: what the `status` filter and the webhooks speak of."""

    OPEN = "open", _("Open")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Canceled")
    EXPIRED = "expired", _("Expired")

    steps = nonmember({"open": {"paid", "failed", "canceled", "expired"}})

    def may_become(self, to: str) -> bool:
        """Whether the step from this state to `to` exists. All states but open are final."""
        return to in self.steps.get(self.value, ())


class ProcessingStatus(models.TextChoices):
    """What staff did with the order."""

    OPEN = "open", _("Open")
    BEING_PROCESSED = "being_processed", _("Being processed")
    PROCESSED = "processed", _("Processed")
    ARCHIVED = "archived", _("Archived")

    steps = nonmember(
        {
            "open": {"being_processed", "archived"},
            "being_processed": {"open", "processed"},
            "processed": {"archived"},
        }
    )

    def may_become(self, to: str) -> bool:
        """Whether the step from this state to `to` exists."""
        return to in self.steps.get(self.value, ())


class OrderSource(models.TextChoices):
    """Where an order comes from, and who may change it."""

    SHOP = "shop", _("Our shop")
    WALLET = "wallet", _("A partner, through the buyer wallet")


class Order(BrandOwned):
    """A member's purchase: coupons for points and money, or what a partner says was bought (orders/stated.py)."""

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveBigIntegerField(
        _("number"), editable=False, help_text=_("Runs per brand without gaps; never changes.")
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="orders", verbose_name=_("member"))
    status = models.CharField(_("status"), max_length=10, choices=OrderStatus, default=OrderStatus.OPEN)
    processing_status = models.CharField(
        _("processing"), max_length=15, choices=ProcessingStatus, default=ProcessingStatus.OPEN
    )
    processed_at = models.DateTimeField(_("processed at"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    total = MoneyField(_("total"), help_text=_("Due in money, after the points."))
    total_order_points_price = models.PositiveBigIntegerField(_("price in points"))
    points_used = models.PositiveBigIntegerField(_("points used"))
    refunded = MoneyField(
        _("refunded"), default=0, db_default=0, help_text=_("Of the total: given back, or on its way.")
    )
    points_refunded = models.PositiveBigIntegerField(
        _("points refunded"), default=0, db_default=0, help_text=_("Of the points used: given back, or on their way.")
    )
    point_value = models.PositiveIntegerField(_("points for one unit of money"), help_text=_("When it was placed."))
    member_partner_id = models.CharField(_("the partner's id of the member"), max_length=100, blank=True)
    mail_delivered_in_inbox = models.BooleanField(_("mail delivered"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1, help_text=_("Counts its changes."))
    expires_at = models.DateTimeField(_("to be paid by"), null=True, blank=True)
    created_at = models.DateTimeField(_("placed at"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated at"), db_default=Now(), editable=False)

    # Of orders that a partner states: who, its words, and what the member earned by it.
    source = models.CharField(
        _("source"), max_length=6, choices=OrderSource, default=OrderSource.SHOP, db_default=OrderSource.SHOP
    )
    stated_by = models.CharField(_("stated by"), max_length=255, blank=True, db_default="")
    stated_id = models.CharField(_("the partner's ID"), max_length=128, blank=True, db_default="")
    stated_number = models.CharField(_("the partner's number"), max_length=128, blank=True, db_default="")
    stated_payment = models.CharField(
        _("what the partner said of the payment"), max_length=20, blank=True, db_default=""
    )
    earn_rate = models.DecimalField(
        _("points earned per unit of money"), max_digits=9, decimal_places=3, default=0, db_default=0
    )
    points_earned = models.PositiveBigIntegerField(_("points earned"), default=0, db_default=0)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="order_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["brand", "uuid"], name="order_brand_uuid"),  # target of the events' key
            models.UniqueConstraint(fields=["brand", "number"], name="order_number_once"),  # also: pages of the list
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=Q(points_used__lte=F("total_order_points_price")), name="order_points_within_price"
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("total")), name="order_refunded_within_total"
            ),
            models.CheckConstraint(
                condition=Q(points_refunded__lte=F("points_used")), name="order_points_refunded_within_used"
            ),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(
                condition=Q(processing_status__in=ProcessingStatus.values), name="order_processing_status_known"
            ),
            models.CheckConstraint(
                condition=Q(source="shop", stated_by="", stated_id="", stated_number="", stated_payment="")
                | Q(~Q(stated_by=""), ~Q(stated_id=""), source="wallet", points_used=0, total_order_points_price=0),
                name="order_of_its_source",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "status", "-number"], name="order_by_status"),  # ?status=
            models.Index(
                fields=["brand", "processing_status", "status", "-number"], name="order_by_both"
            ),  # ?processing_status=&status=
            models.Index(fields=["brand", "processing_status", "-number"], name="order_by_processing"),
            models.Index(fields=["member", "-number"], name="order_by_member"),  # by-email, by-member-id
            models.Index(fields=["brand", "updated_at"], name="order_by_update"),  # ?modified_since=
            models.Index(
                fields=["brand", "-number"], name="order_of_partners", condition=Q(source="wallet")
            ),  # the admin's filter
            models.Index(fields=["expires_at"], name="order_to_expire", condition=Q(status="open")),  # expire_unpaid
        ]

    def __str__(self) -> str:
        return self.shown_number

    def worth(self, points: int) -> Decimal:
        """What `points` are in money, at the point value of the day on which it was placed."""
        return rounded(Decimal(points) / self.point_value, self.currency)

    @property
    def is_stated(self) -> bool:
        """Whether a partner keeps it: what it is, that partner says."""
        return self.source == OrderSource.WALLET

    @property
    def shown_number(self) -> str:
        """What people read: the partner's number where there is one, else ours."""
        return self.stated_number or str(self.number)


class OrderItem(BrandOwned):
    """One pass in an order, with the price it had then."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="items", verbose_name=_("order"))
    issued_pass = models.OneToOneField(Pass, models.PROTECT, related_name="item", verbose_name=_("pass"))
    points = models.PositiveIntegerField(_("price in points"))

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_items", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="order_item_brand_id"),  # target of composite keys
        ]

    def __str__(self) -> str:
        return str(self.issued_pass)


class Payment(BrandOwned):
    """The money part of an order, at a payment provider. An order that needs no money has none."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.OneToOneField(Order, models.PROTECT, related_name="payment", verbose_name=_("order"))
    provider = models.CharField(_("provider"), max_length=20)
    provider_id = models.CharField(
        _("the provider's id"), max_length=60, null=True, blank=True, help_text=_("None until the provider knows it.")
    )
    status = models.CharField(
        _("status"), max_length=20, default="open", help_text=_("What the provider said last, in its own word.")
    )
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    checkout_url = models.TextField(_("where the member pays, at the provider"), blank=True, db_default="")
    is_test = models.BooleanField(_("test payment"), default=False, db_default=False)
    due_at = models.DateTimeField(null=True, editable=False)  # when to ask the provider next; null: never again
    asked_at = models.DateTimeField(_("asked last"), null=True, editable=False)
    asks = models.PositiveSmallIntegerField(_("times asked"), default=0, db_default=0, editable=False)
    last_error = models.CharField(_("what went wrong last"), max_length=300, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_id"], name="payment_provider_id_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="payment_due", condition=Q(due_at__isnull=False))  # look_at_payments
        ]

    def __str__(self) -> str:
        return self.provider_id or str(self.uuid)


class OrderCount(BrandOwned):
    """How many orders of a brand stand in each pair of states: the exact totals of filtered lists.

    A database trigger keeps it in the transaction that places or changes an order; nothing else writes it.
    """

    status = models.CharField(max_length=10)
    processing_status = models.CharField(max_length=15)
    count = models.BigIntegerField()

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_counts")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brand", "status", "processing_status"], name="order_count_once"),
            models.CheckConstraint(condition=Q(count__gte=0), name="order_count_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.status}/{self.processing_status}: {self.count}"
