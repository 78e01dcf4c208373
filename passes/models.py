"""Coupons and the passes issued of them."""

import uuid
from decimal import Decimal
from enum import nonmember

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shops.models import Brand, BrandOwned, Member


class Coupon(BrandOwned):
    """What a shop sells. Its money price follows from its points and the brand's point value."""

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=150)
    description = models.TextField(_("description"), blank=True)
    external_reference = models.CharField(_("your reference"), max_length=100, blank=True)
    image = models.ImageField(_("image"), upload_to="coupons", blank=True)
    points = models.PositiveIntegerField(_("price in points"))
    stock = models.PositiveIntegerField(
        _("stock"), null=True, blank=True, help_text=_("Empty means: as many as are asked for.")
    )
    valid_days = models.PositiveIntegerField(
        _("valid for days"), null=True, blank=True, help_text=_("Counted from the day it is paid.")
    )
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    is_active = models.BooleanField(_("for sale"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="coupon_brand_id"),  # target of composite keys
            models.UniqueConstraint(
                fields=["brand", "external_reference"],
                name="coupon_reference_once",
                condition=~Q(external_reference=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def price(self) -> Decimal:
        """What one copy costs in money alone, in the brand's currency."""
        return self.brand.worth_of(self.points)


class PassStatus(models.TextChoices):
    """Where a pass stands."""

    ACTIVE = "active", _("Active")
    REDEEMED = "redeemed", _("Redeemed")
    EXPIRED = "expired", _("Expired")
    BLOCKED = "blocked", _("Blocked")

    steps = nonmember({"active": {"redeemed", "expired", "blocked"}, "blocked": {"active"}})

    def may_become(self, to: str) -> bool:
        """Whether the step from this state to `to` exists. Redeemed and expired are final."""
        return to in self.steps.get(self.value, ())


class Pass(BrandOwned):
    """One issued copy of a coupon. It has no QR code before its order is paid."""

    uuid = models.UUIDField(_("serial number"), default=uuid.uuid4, unique=True, editable=False)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="passes", verbose_name=_("coupon"))
    member = models.ForeignKey(  # found along pass_of_member
        Member, models.PROTECT, related_name="passes", verbose_name=_("member"), db_index=False
    )
    qr_code = models.CharField(_("QR code"), max_length=40, blank=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=PassStatus, default=PassStatus.ACTIVE, editable=False)
    expiration_date = models.DateTimeField(_("expires"), null=True, blank=True, editable=False)
    redeemed_at = models.DateTimeField(_("redeemed"), null=True, blank=True, editable=False)
    redeemed_by = models.CharField(
        _("redeemed by"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("The name of a person or a device."),
    )
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True, editable=False)
    blocked_reason = models.CharField(
        _("blocked because"), max_length=200, blank=True, default="", db_default="", editable=False
    )
    # Its order came to nothing or was refunded. Then nobody unblocks it.
    voided_at = models.DateTimeField(_("taken back"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="passes", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("pass")
        verbose_name_plural = _("passes")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="pass_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["qr_code"], name="pass_qr_code_once", condition=~Q(qr_code="")),
            models.CheckConstraint(
                condition=Q(status="redeemed", redeemed_at__isnull=False)
                | (~Q(status="redeemed") & Q(redeemed_at__isnull=True, redeemed_by="")),
                name="pass_redemption_whole",
            ),
            models.CheckConstraint(
                condition=Q(blocked_at__isnull=True, blocked_reason="")
                | (Q(status="blocked", blocked_at__isnull=False) & ~Q(blocked_reason="")),
                name="pass_block_whole",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | Q(status="blocked"), name="pass_voided_is_blocked"
            ),
        ]
        indexes = [
            models.Index(
                fields=["expiration_date"], name="pass_to_expire", condition=Q(status="active")
            ),  # for expire_passes
            models.Index(fields=["brand", "status", "-id"], name="pass_by_status"),  # the list's filter and order
            models.Index(fields=["member", "-id"], name="pass_of_member"),  # a member's wallet
            models.Index(
                fields=["member", "-id"], name="pass_of_member_active", condition=Q(status="active")
            ),  # what stands first there
        ]

    def __str__(self) -> str:
        return f"{self.coupon} {self.qr_code}".strip()

    is_over: bool | None = None  # whether its date is past by the database's clock, where that was asked for

    @property
    def is_void_by_staff(self) -> bool:
        """Whether it was taken back by somebody's decision, and not with its order: then both times are the same."""
        return self.voided_at is not None and self.voided_at == self.blocked_at

    @property
    def standing(self) -> PassStatus:
        """Its status; expired as soon as its date is past, also before expire_passes has come by."""
        if self.status == PassStatus.ACTIVE and self.is_over:
            return PassStatus.EXPIRED
        return PassStatus(self.status)
