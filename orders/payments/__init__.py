"""Payment providers behind one small interface."""

from importlib import import_module
from typing import Protocol, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import Payment


class Provider(models.TextChoices):
    """The providers there are; each is a module of this package with its name."""

    SANDBOX = "sandbox", _("Sandbox (no real money)")


class PaymentProvider(Protocol):
    """What a provider's module offers."""

    def new_id(self) -> str:
        """The id under which the provider will know a payment."""

    def checkout_url(self, payment: Payment) -> str:
        """Where the member pays, an absolute address."""


def provider_named(name: str) -> PaymentProvider:
    """The provider's module. Raises ValueError for one that does not exist."""
    return cast("PaymentProvider", import_module(f"orders.payments.{Provider(name).value}"))


def checkout_url(payment: Payment) -> str:
    """Where the member pays this payment."""
    return provider_named(payment.provider).checkout_url(payment)
