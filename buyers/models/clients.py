"""Partners' clients: who may ask buyers for access, and with what."""

import secrets
import string

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from shops.models import Brand

LETTERS = string.ascii_lowercase + string.digits


def new_client_id() -> str:
    """An identifier that stands in URLs, logs and Basic credentials as it is: no colon, nothing to escape."""
    return "".join(secrets.choice(LETTERS) for _ in range(24))


class Environment(models.TextChoices):
    """What a client is for. A sandbox works with test cards alone."""

    SANDBOX = "sandbox", _("Sandbox")
    LIVE = "live", _("Live")


class OrderChecks(models.TextChoices):
    """What happens to an order whose sums or references do not agree (buyer-wallet.md §A.16)."""

    FINDINGS = "findings", _("Accept it, and note what is wrong")
    STRICT = "strict", _("Refuse it")


class Client(AbstractApplication):
    """A partner's confidential OAuth client. Of its secrets only digests are kept; two may be valid at a time."""

    client_id = models.CharField(_("client ID"), max_length=100, unique=True, default=new_client_id, editable=False)
    environment = models.CharField(
        _("environment"), max_length=7, choices=Environment, default=Environment.SANDBOX, db_default=Environment.SANDBOX
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    logo = models.ImageField(_("logo"), upload_to="client-logos", blank=True)
    verified_domain = models.CharField(
        _("verified domain"), max_length=253, blank=True, help_text=_("Shown to buyers beside the name.")
    )
    allowed_scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("scopes it may ask for"), default=list)
    require_pkce = models.BooleanField(_("PKCE required"), default=False, db_default=False)
    order_checks = models.CharField(
        _("orders whose sums do not agree"), max_length=8, choices=OrderChecks, default=OrderChecks.FINDINGS
    )
    previous_secret = models.CharField(max_length=255, blank=True, editable=False)  # a digest
    previous_secret_until = models.DateTimeField(_("previous secret valid until"), null=True, editable=False)
    secret_hint = models.CharField(_("secret ends in"), max_length=4, blank=True, editable=False)
    developers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        related_name="clients",
        verbose_name=_("developers"),
        blank=True,
        help_text=_("The partner's people, who may manage this client here."),
    )

    class Meta(AbstractApplication.Meta):
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [
            models.CheckConstraint(condition=Q(environment__in=Environment.values), name="client_environment_known"),
            models.CheckConstraint(condition=Q(client_type="confidential"), name="client_confidential"),
            models.CheckConstraint(
                condition=Q(authorization_grant_type="authorization-code"), name="client_with_codes"
            ),
        ]

    @property
    def is_live(self) -> bool:
        """Whether it works with real cards."""
        return self.environment == Environment.LIVE

    def get_allowed_schemes(self) -> list[str]:
        """Redirect schemes: a sandbox may use http, as the reference's own sample does."""
        return ["https"] if self.is_live else ["https", "http"]

    def clean(self) -> None:
        """Nothing of the toolkit's: buyers/redirects.py says which redirect URIs there may be."""

    def is_usable(self, request: object) -> bool:
        """Whether the toolkit may serve it."""
        return self.is_active


class ClientCertificate(models.Model):
    """A certificate that card data may be encrypted to (buyer-wallet.md §A.12)."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="certificates", verbose_name=_("client"))
    certificate = models.TextField(_("certificate"), editable=False)  # PEM
    fingerprint = models.CharField(_("fingerprint"), max_length=64, editable=False)  # SHA-256, hex
    valid_from = models.DateTimeField(_("valid from"), editable=False)
    valid_until = models.DateTimeField(_("valid until"), editable=False)
    is_issued_here = models.BooleanField(_("issued here"), default=False, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    created_at = models.DateTimeField(_("registered"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("client certificate")
        verbose_name_plural = _("client certificates")
        constraints = [models.UniqueConstraint(fields=["client", "fingerprint"], name="client_certificate_once")]

    def __str__(self) -> str:
        return self.fingerprint[:16]


class Authority(models.Model):
    """The certificate authority of this installation, which signs what live clients ask for. The newest one signs."""

    certificate = models.TextField()  # PEM
    encrypted_key = models.BinaryField()  # PEM within
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}"


class Merchant(models.Model):
    """Which brand a partner means by a `merchantId`. Whose merchant is unknown, its orders are the buyer's alone."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="merchants", verbose_name=_("client"))
    merchant_id = models.CharField(_("merchant ID"), max_length=128)
    brand = models.ForeignKey(Brand, models.CASCADE, related_name="merchants", verbose_name=_("brand"))
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        constraints = [models.UniqueConstraint(fields=["client", "merchant_id"], name="merchant_once_per_client")]

    def __str__(self) -> str:
        return self.merchant_id


class ClientRequest(models.Model):
    """A client's call, for its developers to look up; kept for seven days. Holds no body and no secret."""

    client = models.ForeignKey(Client, models.CASCADE, null=True, related_name="requests", verbose_name=_("client"))
    request_id = models.CharField(_("request ID"), max_length=64)
    method = models.CharField(_("method"), max_length=7)
    path = models.CharField(_("path"), max_length=200)
    status = models.PositiveSmallIntegerField(_("status"))
    cause = models.CharField(_("cause"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["client", "-id"], name="client_request_latest"),
            models.Index(fields=["created_at"], name="client_request_age"),
            models.Index(fields=["request_id"], name="client_request_by_id"),  # the list's search
            models.Index(fields=["-id"], name="client_request_refused", condition=Q(status__gte=400)),  # its filter
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status}"
