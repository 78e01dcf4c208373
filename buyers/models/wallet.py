"""What a buyer keeps: cards and addresses. No card number is ever stored (buyer-wallet.md §C)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Network(models.TextChoices):
    """Card networks, in the words of the API (buyer-wallet.md §A.13)."""

    AMERICAN_EXPRESS = "AMERICAN_EXPRESS", "American Express"
    BANCONTACT = "BANCONTACT", "Bancontact"
    CARTES_BANCAIRES = "CARTES_BANCAIRES", "Cartes Bancaires"
    DINERS_CLUB = "DINERS_CLUB", "Diners Club"
    DISCOVER = "DISCOVER", "Discover"
    ELO = "ELO", "Elo"
    JCB = "JCB", "JCB"
    MAESTRO = "MAESTRO", "Maestro"
    MASTERCARD = "MASTERCARD", "Mastercard"
    UNIONPAY = "UNIONPAY", "UnionPay"
    VISA = "VISA", "Visa"
    UNKNOWN = "UNKNOWN", _("Unknown")


class CardType(models.TextChoices):
    """How a card is funded, in the words of the API (buyer-wallet.md §A.7)."""

    CREDIT = "CREDIT", _("Credit")
    DEBIT = "DEBIT", _("Debit")
    PREPAID = "PREPAID", _("Prepaid")
    UNKNOWN = "UNKNOWN", _("Unknown")


class Card(models.Model):
    """A buyer's card: what may be shown of it, and where its number is.

    `vault` names who keeps the number and `vault_reference` is its word there. The vault "test" keeps none: its
    references name the published test cards.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="cards")
    vault = models.CharField(max_length=30)
    vault_reference = models.CharField(max_length=200)
    network = models.CharField(max_length=20, choices=Network, default=Network.UNKNOWN)
    type = models.CharField(max_length=7, choices=CardType, default=CardType.UNKNOWN)
    last_four = models.CharField(max_length=4)
    expiry_month = models.PositiveSmallIntegerField()
    expiry_year = models.PositiveSmallIntegerField()
    fingerprint = models.CharField(max_length=60)  # the same card is the same fingerprint, whoever asks
    encrypted_details = models.BinaryField()  # JSON within: the holder's name and the billing address
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["buyer", "fingerprint"], name="card_once_per_buyer"),
            models.UniqueConstraint(fields=["buyer", "id"], name="card_buyer_id"),  # target of composite keys
            models.CheckConstraint(condition=Q(last_four__regex=r"^\d{4}$"), name="card_last_four_digits"),
            models.CheckConstraint(condition=Q(expiry_month__range=(1, 12)), name="card_expiry_month"),
            # However long a card number is, it does not fit: a reference of digits alone is none.
            models.CheckConstraint(condition=~Q(vault_reference__regex=r"^[\d -]{12,}$"), name="card_number_not_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.get_network_display()} •••• {self.last_four}"

    @property
    def is_test(self) -> bool:
        """Whether no bank knows it."""
        return self.vault == "test"

    @property
    def has_expired(self) -> bool:
        """Whether its month is over."""
        today = timezone.now().date()
        return (self.expiry_year, self.expiry_month) < (today.year, today.month)


class Address(models.Model):
    """Where a buyer wants things sent: the members of the W3C's PaymentAddress, encrypted."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="addresses")
    encrypted_details = models.BinaryField()  # JSON within
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["buyer", "id"], name="address_buyer_id"),  # target of composite keys
        ]

    def __str__(self) -> str:
        return str(self.uuid)
