"""The sandbox: a page where one chooses how the payment ends. For demos, tests and partners who integrate."""

import secrets

from django.conf import settings
from django.urls import reverse

from orders.models import Payment


def new_id() -> str:
    """An id in the form of Mollie's, which the original product passes on."""
    return f"tr_{secrets.token_urlsafe(8)}"


def checkout_url(payment: Payment) -> str:
    """The sandbox's page for this payment."""
    return settings.PUBLIC_URL + reverse("sandbox-payment", args=[payment.uuid])
