"""Payment providers behind one small interface.

What a provider says is asked of the provider, never believed from whoever calls us: its webhook only says "look". All
that goes over a network happens with no transaction open (orders/paying.py, orders/refunds.py).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Protocol, cast
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Payment, RefundStatus
from shops.errors import InvalidInput
from shops.models import Brand

SETTLED = frozenset({"paid", "failed", "canceled", "expired"})  # words of a payment's status that never change again


class Provider(models.TextChoices):
    """The providers there are; each is a module of this package with its name."""

    SANDBOX = "sandbox", gettext_lazy("Sandbox (no real money)")
    MOLLIE = "mollie", "Mollie"


class NoPayments(InvalidInput):
    """A brand whose payment provider is not set up: nothing can be sold for money."""

    def __init__(self) -> None:
        super().__init__({"payment": [_("This shop cannot take payments at the moment.")]})


class ProviderSilent(Exception):
    """The provider gave no answer that makes sense, so nobody knows what it did. It is asked again later."""


class KeyRefused(ProviderSilent):
    """The provider does not know the brand's key, or there is none: nothing was done. It may be mended, so: later."""


class AskedTooOften(ProviderSilent):
    """The provider wants to be left alone with this brand's key for a while. Other brands have their own."""


class AnotherSum(ProviderSilent):
    """The provider speaks of a payment or a sum that is not what we asked for. Somebody has to look into it."""


class ProviderRefused(Exception):
    """The provider said no, and did nothing. The text has its reason."""


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund in a provider's list, whoever made it."""

    id: str  # the provider's
    said: str  # the provider's own word for where it stands
    status: RefundStatus
    amount: Decimal
    key: UUID | None = None  # ours, of one that we asked for
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SeenChargeback:
    """A chargeback in a provider's list."""

    id: str  # the provider's
    amount: Decimal
    charged_at: datetime
    reversed_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A refund or chargeback among a provider's newest, over all payments of a brand."""

    payment_id: str  # the provider's, as the next
    id: str
    state: str  # of a refund the provider's own word; of a chargeback "reversed", or ""
    is_chargeback: bool


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """What a provider says of a payment."""

    id: str  # the provider's
    status: str  # in the provider's own word; SETTLED has those that are final
    checkout_url: str = ""  # where the member pays, while that is possible
    is_test: bool = False  # no real money moves
    is_cancelable: bool = False
    refunds: tuple[SeenRefund, ...] = ()
    chargebacks: tuple[SeenChargeback, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """What a provider says of a refund."""

    id: str  # the provider's
    said: str  # the provider's own word for where it stands
    status: RefundStatus  # ours; REQUESTED while the provider has not decided
    reason: str = ""  # why it was refused


class PaymentProvider(Protocol):
    """What a provider's module offers. Call `create`, `fetch`, `cancel` and `refund` outside of any transaction.

    These four raise ProviderSilent and what is of its kind; `create`, `fetch` and `cancel` ProviderRefused too.
    """

    IS_REMOTE: bool  # whether one has to ask somebody else; one that is not may be called in a transaction

    def check(self, brand: Brand) -> None:
        """Raise NoPayments if the brand has not set this provider up."""

    def checkout_url(self, payment: Payment) -> str:
        """Our page from which the member goes on to pay, an absolute address. Asks nobody."""

    def create(self, payment: Payment) -> ProviderPayment:
        """Make the payment known to the provider; within an hour asked again, it is the same one."""

    def fetch(self, payment: Payment) -> ProviderPayment:
        """Say how the payment stands."""

    def cancel(self, payment: Payment) -> ProviderPayment:
        """Cancel a payment that is_cancelable."""

    def refund(self, payment: Payment, amount: Decimal, *, key: UUID, known: str = "") -> ProviderRefund:
        """Give `amount` of `payment` back, once per `key`: asked again, it only says how that refund stands.

        `known` is the provider's id of the refund, if it told one before: then nothing is given back any more.
        """

    def moved(self, brand: Brand) -> list[Moved]:
        """The newest refunds and chargebacks of all the brand's payments. Raises as `refund` does."""


def provider_named(name: str) -> PaymentProvider:
    """The provider's module. Raises ValueError for one that does not exist."""
    return cast("PaymentProvider", import_module(f"orders.payments.{Provider(name).value}"))


def checkout_url(payment: Payment) -> str:
    """Our page on which the member pays this payment, or from which it goes on to the provider's."""
    return provider_named(payment.provider).checkout_url(payment)
