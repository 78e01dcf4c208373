"""What tests of payments share."""

import pytest

from orders.payments.keys import keep_key
from tests.making import make_brand
from tests.orders.mollie import TEST_KEY, running


@pytest.fixture
def mollie(settings, db):
    """A stand-in for Mollie, which our client talks to."""
    with running() as stand_in:
        settings.MOLLIE_URL = stand_in.url
        settings.MOLLIE_TIMEOUT = 0.5
        settings.PUBLIC_URL = "https://shop.example"
        yield stand_in


@pytest.fixture
def shop(mollie):
    """A brand that is paid by way of Mollie."""
    return mollie_brand()


def mollie_brand(key=TEST_KEY, **columns):
    brand = make_brand(payment_provider="mollie", **columns)
    keep_key(brand, key)
    return brand
