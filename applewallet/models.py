"""A brand's package types and their credentials; its packages; the devices that hold them; the pushes on their way."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from applewallet.kinds import KINDS, Kind
from shops.models import Brand, BrandOwned, validate_color


class KindName(models.TextChoices):
    """Which kind of package."""

    PASS = "pass", _("Passes")
    ORDER = "order", _("Orders")


class PackageType(BrandOwned):
    """A type identifier that Apple gave the brand: all its passes, or all its orders, carry it.

    Nothing of it ever changes: it stands in packages on members' phones, and so does `slug`, in their webServiceURL.
    """

    kind_name = models.CharField(_("kind"), max_length=5, choices=KindName)
    identifier = models.CharField(_("type identifier"), max_length=150, unique=True)
    team_id = models.CharField(_("team identifier"), max_length=20)
    slug = models.SlugField(max_length=60, unique=True, editable=False)
    seq = models.BigIntegerField(default=0, editable=False)  # the last tag given out
    generation = models.PositiveIntegerField(default=1, editable=False)  # raised after a restore of the database
    # The look changed: packages with this primary key and above are still to be rendered anew. Null: all are done.
    stale_from = models.BigIntegerField(null=True, editable=False)
    # Apple's token authentication for pushes, instead of the certificate. Both or none.
    apns_key_id = models.CharField(_("APNs key identifier"), max_length=20, blank=True)
    encrypted_apns_key = models.BinaryField(null=True, editable=False)
    push_paused_at = models.DateTimeField(_("pushes stopped"), null=True, editable=False)
    push_paused_reason = models.CharField(_("stopped because"), max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("package type")
        verbose_name_plural = _("package types")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="package_type_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["brand", "kind_name"], name="package_type_once_per_kind"),
            models.CheckConstraint(
                condition=Q(apns_key_id="", encrypted_apns_key__isnull=True)
                | (~Q(apns_key_id="") & Q(encrypted_apns_key__isnull=False)),
                name="package_type_apns_key_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.identifier

    @property
    def kind(self) -> Kind:
        """Apple's words for packages of this type."""
        return KINDS[self.kind_name]


class Credential(BrandOwned):
    """A certificate and its key that sign packages of one type. Renewed by a new row; the old one only retires."""

    type = models.ForeignKey(PackageType, models.PROTECT, related_name="credentials", verbose_name=_("package type"))
    certificate = models.TextField(_("certificate"), editable=False)  # PEM, as is the next
    intermediate = models.TextField(_("intermediate certificate"), editable=False)
    encrypted_key = models.BinaryField(editable=False)  # PEM within
    fingerprint = models.CharField(_("fingerprint"), max_length=64, editable=False)  # SHA-256 of the certificate
    valid_from = models.DateTimeField(_("valid from"), editable=False)
    valid_until = models.DateTimeField(_("valid until"), editable=False)
    is_test = models.BooleanField(_("for tests only"), default=False, editable=False)  # no phone accepts it
    is_active = models.BooleanField(_("in use"), default=True, editable=False)
    warned_days = models.PositiveSmallIntegerField(null=True, editable=False)  # the last warning: days before the end
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="credentials", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("signing certificate")
        verbose_name_plural = _("signing certificates")
        constraints = [
            models.UniqueConstraint(fields=["type"], name="credential_one_in_use", condition=Q(is_active=True)),
        ]

    def __str__(self) -> str:
        return f"{self.type} ({self.valid_until:%Y-%m-%d})"


class Design(BrandOwned):
    """How a brand's passes and orders look, and whom members turn to. What is empty follows the brand."""

    brand = models.OneToOneField(Brand, models.CASCADE, related_name="design", verbose_name=_("brand"))
    logo_text = models.CharField(_("text beside the logo"), max_length=30, blank=True)
    background_color = models.CharField(_("background"), max_length=7, blank=True, validators=[validate_color])
    foreground_color = models.CharField(_("text"), max_length=7, blank=True, validators=[validate_color])
    label_color = models.CharField(_("labels"), max_length=7, blank=True, validators=[validate_color])
    website = models.URLField(_("website"), blank=True)
    email = models.EmailField(_("e-mail address for questions"), blank=True)
    phone_number = models.CharField(_("phone number for questions"), max_length=30, blank=True)
    terms_en = models.TextField(_("terms, in English"), max_length=5000, blank=True)
    terms_nl = models.TextField(_("terms, in Dutch"), max_length=5000, blank=True)
    merchant_identifier = models.CharField(
        _("Apple Merchant ID"),
        max_length=150,
        blank=True,
        help_text=_("For orders; it belongs to the same Apple account as their certificate."),
    )

    class Meta:
        verbose_name = _("wallet design")
        verbose_name_plural = _("wallet designs")

    def __str__(self) -> str:
        return str(self.brand)


class Image(BrandOwned):
    """The bytes of an image as packages carry it, with the digests that manifests want. Never changes.

    `key` says what it was made of and for: the same key is the same image.
    """

    key = models.CharField(max_length=200)
    content = models.BinaryField()
    sha1 = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["brand", "key"], name="image_once")]

    def __str__(self) -> str:
        return self.key


class Subject(models.TextChoices):
    """What a package is about."""

    COUPON = "coupon", _("Coupon")  # one issued pass
    STORE_CARD = "store_card", _("Store card")  # a member's
    ORDER = "order", _("Order")
    SIGN_UP = "sign_up", _("Sign-up")  # a store card that becomes somebody's when they fill in Wallet's form


class Package(BrandOwned):
    """A pass or an order as Wallet shows it: its source, and which version of it. Signed when a device asks."""

    type = models.ForeignKey(PackageType, models.PROTECT, related_name="packages", verbose_name=_("package type"))
    subject = models.CharField(_("about"), max_length=10, choices=Subject)
    subject_uuid = models.UUIDField(_("identifier of what it is about"))
    serial = models.UUIDField(_("serial number"), default=uuid.uuid4, unique=True, editable=False)
    encrypted_token = models.BinaryField(editable=False)  # the authenticationToken; it never changes
    content = models.JSONField(_("source"))  # pass.json or order.json without the keys that say whose it is
    strings = models.JSONField(default=dict)  # language to key to text
    images = models.JSONField(default=dict)  # file name to Image's primary key
    extras = models.JSONField(default=dict)  # further JSON files by name: personalization.json
    digest = models.CharField(max_length=64, editable=False)  # of these four, to see whether anything changed
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    update_seq = models.BigIntegerField(default=0, editable=False)  # set by the database at commit
    last_modified = models.DateTimeField(_("changed"), editable=False)  # whole seconds, later with every version
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="package_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["brand", "subject", "subject_uuid"], name="package_once_per_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.serial}"


class Device(BrandOwned):
    """A phone, as one package type knows it; so no brand can touch another's rows."""

    type = models.ForeignKey(PackageType, models.PROTECT, related_name="devices", verbose_name=_("package type"))
    library_identifier = models.CharField(_("device library identifier"), max_length=200)
    push_token = models.CharField(max_length=200)
    updated_at = models.DateTimeField(_("seen"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="device_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["type", "library_identifier"], name="device_once_per_type"),
        ]
        indexes = [models.Index(fields=["type", "push_token"], name="device_by_push_token")]  # a token that died

    def __str__(self) -> str:
        return f"…{self.library_identifier[-6:]}"


class Registration(BrandOwned):
    """A device that holds a package and wants to hear of its changes."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="registrations", verbose_name=_("device"))
    package = models.ForeignKey(Package, models.PROTECT, related_name="registrations", verbose_name=_("package"))
    seq = models.BigIntegerField(default=0, editable=False)  # set by the database at commit
    registered_at = models.DateTimeField(_("registered"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        constraints = [models.UniqueConstraint(fields=["device", "package"], name="registration_once")]

    def __str__(self) -> str:
        return f"{self.device} {self.package_id}"


class PushState(models.TextChoices):
    """Where a push stands."""

    PENDING = "pending", _("Pending")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Accepted by Apple")
    DEAD = "dead", _("Given up")


class Push(BrandOwned):
    """Word to a device that something changed; it says no more than that. Written by the database with the change."""

    type = models.ForeignKey(PackageType, models.PROTECT, related_name="pushes", verbose_name=_("package type"))
    push_token = models.CharField(max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=PushState, default=PushState.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), db_default=0)
    due_at = models.DateTimeField(_("due at"), db_default=Now())
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    last_status = models.PositiveSmallIntegerField(_("last status"), null=True)
    last_reason = models.CharField(_("last reason"), max_length=100, blank=True, db_default="")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    done_at = models.DateTimeField(_("done at"), null=True, editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="pushes", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("pushes")
        constraints = [
            # One that waits is enough for whatever else changes meanwhile.
            models.UniqueConstraint(
                fields=["type", "push_token"], name="push_pending_once", condition=Q(state="pending")
            ),
            models.CheckConstraint(
                condition=Q(state="sending", lease_until__isnull=False, lease_token__isnull=False)
                | (~Q(state="sending") & Q(lease_until__isnull=True, lease_token__isnull=True)),
                name="push_lease_while_sending",
            ),
        ]
        indexes = [
            models.Index(fields=["type", "due_at"], name="push_due", condition=Q(state="pending")),  # claim
            models.Index(fields=["lease_until"], name="push_leased", condition=Q(state="sending")),  # give_back
            models.Index(fields=["type", "push_token", "-done_at"], name="push_last"),  # claim: not too often
            models.Index(fields=["done_at"], name="push_old", condition=Q(done_at__isnull=False)),  # forget_pushes
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"


class DeviceLog(BrandOwned):
    """A line that a device wrote about trouble with a package. Anybody can write one: never trust it."""

    type = models.ForeignKey(PackageType, models.PROTECT, related_name="device_logs", verbose_name=_("package type"))
    line = models.CharField(_("line"), max_length=1000)
    task = models.CharField(_("task"), max_length=60, blank=True)  # what the device was doing, read from the line
    serial = models.CharField(_("serial number"), max_length=64, blank=True)
    received_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="device_logs", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("device log line")
        verbose_name_plural = _("device log lines")
        indexes = [models.Index(fields=["type", "-received_at"], name="device_log_recent")]

    def __str__(self) -> str:
        return f"{self.task} {self.pk}".strip()


class Personalization(BrandOwned):
    """What somebody filled in on the phone to sign up (apple-wallet.md §B.9); encrypted, and once per pass."""

    package = models.OneToOneField(Package, models.PROTECT, related_name="personalization", verbose_name=_("package"))
    encrypted_answers = models.BinaryField(editable=False)
    token_digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="personalizations", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("sign-up on a phone")
        verbose_name_plural = _("sign-ups on phones")

    def __str__(self) -> str:
        return str(self.package_id)
