"""The sandbox: a page where one chooses how the payment ends. For demos, tests and partners who integrate."""

import secrets
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from orders.models import Payment, RefundStatus
from orders.payments import ProviderRefund


def new_id() -> str:
    """An id in the form of Mollie's, which the original product passes on."""
    return f"tr_{secrets.token_urlsafe(8)}"


def checkout_url(payment: Payment) -> str:
    """The sandbox's page for this payment."""
    return settings.PUBLIC_URL + reverse("sandbox-payment", args=[payment.uuid])


def refund(payment: Payment, amount: Decimal, *, key: UUID) -> ProviderRefund:  # noqa: ARG001 -- the interface's
    """Give back at once what was never paid. The id follows from the key, so that the same key is the same refund."""
    return ProviderRefund(id=f"re_{key.hex[:12]}", said="refunded", status=RefundStatus.COMPLETED)
