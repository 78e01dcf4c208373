"""Payment providers behind one small interface."""

from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Protocol, cast
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import Payment, RefundStatus


class Provider(models.TextChoices):
    """The providers there are; each is a module of this package with its name."""

    SANDBOX = "sandbox", _("Sandbox (no real money)")


class ProviderSilent(Exception):
    """The provider gave no answer, so nobody knows what it did. It is asked again later."""


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """What a provider says of a refund."""

    id: str  # the provider's
    said: str  # the provider's own word for where it stands
    status: RefundStatus  # ours; REQUESTED while the provider has not decided


class PaymentProvider(Protocol):
    """What a provider's module offers."""

    def new_id(self) -> str:
        """The id under which the provider will know a payment."""

    def checkout_url(self, payment: Payment) -> str:
        """Where the member pays, an absolute address."""

    def refund(self, payment: Payment, amount: Decimal, *, key: UUID) -> ProviderRefund:
        """Give `amount` of `payment` back, once per `key`: asked again, it only says how that refund stands.

        Called outside of any transaction. Raises ProviderSilent.
        """


def provider_named(name: str) -> PaymentProvider:
    """The provider's module. Raises ValueError for one that does not exist."""
    return cast("PaymentProvider", import_module(f"orders.payments.{Provider(name).value}"))


def checkout_url(payment: Payment) -> str:
    """Where the member pays this payment."""
    return provider_named(payment.provider).checkout_url(payment)
