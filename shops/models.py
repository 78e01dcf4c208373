"""Tenants and their people."""

import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now, Upper
from django.utils.translation import gettext_lazy as _

from shops.money import minor_units, rounded, validate_currency
from shops.origins import validate_origin
from shops.speaking import validate_time_zone

validate_color = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write a colour as #rrggbb."))


class Brand(models.Model):
    """A tenant: one loyalty shop with its members, coupons, orders and staff."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(_("short name in URLs"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    logo = models.ImageField(_("logo"), upload_to="logos", blank=True)
    primary_color = models.CharField(_("colour"), max_length=7, default="#1f4e79", validators=[validate_color])
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[validate_currency])
    point_value = models.PositiveIntegerField(
        _("points for one unit of money"),
        default=100,
        validators=[MinValueValidator(1)],
        help_text=_("With 100, one euro is worth 100 points."),
    )
    earn_rate = models.DecimalField(
        _("points earned per unit of money"),
        max_digits=9,
        decimal_places=3,
        default=0,
        db_default=0,
        validators=[MinValueValidator(0)],
        help_text=_("By orders that partners report, in this brand's currency. With 2.5, ten euros earn 25 points."),
    )
    minutes_to_pay = models.PositiveIntegerField(
        _("minutes to pay"), default=60, help_text=_("An order that is not paid by then expires.")
    )
    language = models.CharField(
        _("language"),
        max_length=5,
        choices=[("en", _("English")), ("nl", _("Dutch"))],
        default="en",
        db_default="en",
        help_text=_("Of the shop until a visitor chooses another, and of its mails."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=50,
        default="Europe/Amsterdam",
        db_default="Europe/Amsterdam",
        validators=[validate_time_zone],
    )
    frame_hosts = ArrayField(
        models.CharField(max_length=255, validators=[validate_origin]),
        verbose_name=_("sites that may show the quickshop"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_("Such as https://www.example.com, with commas between several. Empty: none may."),
    )
    payment_provider = models.CharField(_("payment provider"), max_length=20, default="sandbox")
    encrypted_mollie_key = models.BinaryField(null=True, editable=False)  # orders/payments/keys.py
    mollie_key_hint = models.CharField(_("Mollie key"), max_length=12, blank=True, db_default="", editable=False)
    mails_orders = models.BooleanField(
        _("mail what was bought"),
        default=False,
        help_text=_("Members get their passes by mail when an order is paid. Leave it off if a partner mails them."),
    )
    return_policy_url = models.URLField(
        _("page about returns"), blank=True, help_text=_("With it, members find in their wallet how to return things.")
    )
    return_policy_description = models.CharField(_("returns in short"), max_length=500, blank=True)
    return_days = models.PositiveSmallIntegerField(
        _("days to return"), null=True, blank=True, help_text=_("Counted from the day an order was placed.")
    )
    order_count = models.PositiveBigIntegerField(
        default=0, editable=False, help_text=_("The last order number given out; numbers have no gaps.")
    )
    deleted_numbers = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        editable=False,
        help_text=_("Of test orders that were deleted, the newest first; they are not given out again."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        constraints = [
            models.CheckConstraint(condition=Q(point_value__gte=1), name="brand_point_value_positive"),
            models.CheckConstraint(condition=Q(earn_rate__gte=0), name="brand_earn_rate_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def minor_units(self) -> int:
        """Decimals of this brand's currency."""
        return minor_units(self.currency)

    def worth_of(self, points: int) -> Decimal:
        """What so many points are worth in money, rounded half up to the currency's minor unit."""
        return rounded(Decimal(points) / self.point_value, self.currency)


class BrandOwned(models.Model):
    """A row of one brand. Reach it through the brand (`brand.orders`), never through `.objects`."""

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="%(class)ss", verbose_name=_("brand"))

    class Meta:
        abstract = True


class Role(models.TextChoices):
    """What somebody may do in a brand's admin."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    SUPPORT = "support", _("Support")
    VIEWER = "viewer", _("Viewer")


class Staff(BrandOwned):
    """A user's place in a brand's team."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="places", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="staff", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        constraints = [models.UniqueConstraint(fields=["user", "brand"], name="staff_once_per_brand")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Member(BrandOwned):
    """A customer of one brand. `points` always equals the sum of the member's points entries."""

    ERASED = "@erased.invalid"  # how the address of somebody ends who was forgotten

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    points = models.BigIntegerField(_("points"), default=0, editable=False)
    signed_in_at = models.DateTimeField(_("signed in"), null=True, editable=False)
    created_at = models.DateTimeField(_("member since"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint("brand", Lower("email"), name="member_email_once_per_brand"),
            models.UniqueConstraint(fields=["brand", "id"], name="member_brand_id"),  # target of composite keys
            models.CheckConstraint(condition=Q(points__gte=0), name="member_points_not_negative"),
        ]
        indexes = [
            # Staff search by how an address begins, and LIKE takes no other index unless the database sorts by C.
            models.Index(OpClass(Lower("email"), name="text_pattern_ops"), name="member_by_email_start"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="member_by_part_of_name"),  # as icontains asks
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_erased(self) -> bool:
        """Whether nobody is to know any more who this was."""
        return self.email.endswith(self.ERASED)


class PointsReason(models.TextChoices):
    """Why a member's points changed."""

    EARNED = "earned", _("Earned")
    SPENT = "spent", _("Spent")
    GIVEN_BACK = "given_back", _("Given back")
    TAKEN_BACK = "taken_back", _("Taken back")
    CORRECTION = "correction", _("Correction")


class PointsEntry(BrandOwned):
    """One line of the points ledger. Append-only: the database refuses changes and deletions."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="points_entries", verbose_name=_("member"))
    points = models.BigIntegerField(_("points"), help_text=_("Negative when they were spent."))
    balance = models.BigIntegerField(_("balance after it"))
    reason = models.CharField(_("reason"), max_length=10, choices=PointsReason)
    reference = models.CharField(
        _("reference"), max_length=60, help_text=_("What it belongs to; a reason is booked once per reference.")
    )
    created_at = models.DateTimeField(_("booked at"), db_default=Now(), editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="points_entries", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("points entry")
        verbose_name_plural = _("points entries")
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="points_entry_not_zero"),
            models.UniqueConstraint(fields=["member", "reason", "reference"], name="points_entry_once"),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="points_entry_of_member"),  # for a member's page
            # The list: how a reference begins, and the reasons that are not every order's.
            models.Index(OpClass("reference", name="varchar_pattern_ops"), name="points_entry_by_reference"),
            models.Index(
                fields=["brand", "reason", "-id"],
                name="points_entry_of_rare_reason",
                condition=~Q(reason="earned") & ~Q(reason="spent"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points:+d} {self.get_reason_display()}"


class ApiToken(BrandOwned):
    """A brand's bearer secret. Only its digest is kept; the text is shown once.

    The text is `id|secret`, as Laravel Sanctum writes it: 40 random letters and digits and their CRC-32 in hex.
    """

    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("ends in"), max_length=4, editable=False)
    abilities = ArrayField(models.CharField(max_length=60), verbose_name=_("abilities"), default=list)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="token_brand_id"),  # target of composite keys
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"

    along: tuple[Any, ...] | None = None  # read together with the token: shops/authentication.py

    def can(self, ability: str) -> bool:
        """Whether this token carries `ability`. `*` carries all; there are no wildcards within a word."""
        return "*" in self.abilities or ability in self.abilities


class IdempotencyKey(BrandOwned):
    """The answer to a write that carried an `Idempotency-Key`, kept to be given again for 24 hours."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="idempotency_keys")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64, help_text=_("SHA-256 of method, path and what the body says."))
    answer_status = models.PositiveSmallIntegerField(null=True)
    answer = models.BinaryField(null=True)
    answer_etag = models.CharField(max_length=100, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="idempotency_keys")

    class Meta:
        db_table = "orders_idempotencykey"  # from when orders alone had writes
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]  # forget_idempotency_keys

    def __str__(self) -> str:
        return self.key
