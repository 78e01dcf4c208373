"""The sandbox: a page where one chooses how the payment ends. For demos, tests and partners who integrate."""

import secrets
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from orders.models import Payment, RefundStatus
from orders.payments import Moved, ProviderPayment, ProviderRefund
from shops.models import Brand

IS_REMOTE = False


def check(brand: Brand) -> None:
    """Every brand may use it."""


def checkout_url(payment: Payment) -> str:
    """The sandbox's page for this payment."""
    return f"{settings.PUBLIC_URL}{reverse('sandbox-payment', args=[payment.uuid])}"


def create(payment: Payment) -> ProviderPayment:
    """Give the payment an id in the form of Mollie's, which the original product passes on."""
    return ProviderPayment(id=f"tr_{secrets.token_urlsafe(8)}", status=payment.status)


def fetch(payment: Payment) -> ProviderPayment:
    """What was chosen on its page is written down already."""
    return ProviderPayment(id=payment.provider_id or "", status=payment.status)


def cancel(payment: Payment) -> ProviderPayment:
    """Nothing to take back: its page offers no choice once the order has ended."""
    return fetch(payment)


def refund(payment: Payment, amount: Decimal, *, key: UUID, known: str = "") -> ProviderRefund:  # noqa: ARG001 -- the interface's
    """Give back at once what was never paid. The id follows from the key, so that the same key is the same refund."""
    return ProviderRefund(id=f"re_{key.hex[:12]}", said="refunded", status=RefundStatus.COMPLETED)


def moved(brand: Brand) -> list[Moved]:  # noqa: ARG001 -- the interface's
    """Nothing moves here that we did not move."""
    return []
