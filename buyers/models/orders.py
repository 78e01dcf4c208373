"""Orders that partners keep us informed of, and sessions in which they may be paid."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from buyers.models.clients import Client
from buyers.models.connections import Connection
from buyers.models.wallet import Card
from orders.models import Order


class WalletOrder(models.Model):
    """A client's order of a buyer. Who the buyer is never changes; the rest is as the client said last.

    `order` is the platform's own, once the client has named a merchant that is one of our brands.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="orders", verbose_name=_("client"))
    external_id = models.CharField(_("the client's ID"), max_length=128)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="wallet_orders")
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, related_name="orders")
    order = models.OneToOneField(Order, models.PROTECT, null=True, related_name="wallet_order", verbose_name=_("order"))
    # As the client names it; of an order that has its brand, the one that led there.
    merchant_id = models.CharField(_("merchant ID"), max_length=255, blank=True, db_default="", editable=False)
    state = models.JSONField(_("state"), null=True, editable=False)  # the last body, whole
    findings = models.JSONField(_("findings"), default=list, editable=False)
    created_at = models.DateTimeField(_("confirmed at"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("wallet order")
        verbose_name_plural = _("wallet orders")
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["client", "external_id"], name="wallet_order_once")]
        indexes = [
            models.Index(fields=["buyer", "-id"], name="wallet_order_of_buyer"),
            models.Index(fields=["external_id"], name="wallet_order_by_external_id"),  # the list's search
            models.Index(
                fields=["client", "merchant_id"],
                name="wallet_order_without_brand",  # map_waiting_orders
                condition=Q(order=None, state__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class WalletOrderRevision(models.Model):
    """What an update changed: the paths, and a digest of the whole. The last fifty are kept."""

    wallet_order = models.ForeignKey(WalletOrder, models.CASCADE, related_name="revisions")
    digest = models.CharField(max_length=64)  # SHA-256, hex
    changes = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["wallet_order", "-id"], name="revision_latest")]

    def __str__(self) -> str:
        return self.digest[:12]


class PaymentSession(models.Model):
    """A `paymentSessionId`: for an hour, the platform's checkout may charge this card for these orders, each once."""

    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the id, hex
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="payment_sessions")
    card = models.ForeignKey(Card, models.CASCADE, related_name="payment_sessions")
    order_ids = ArrayField(models.CharField(max_length=128))
    redeemed = ArrayField(models.CharField(max_length=128), default=list)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="payment_session_age")]

    def __str__(self) -> str:
        return self.digest[:12]
