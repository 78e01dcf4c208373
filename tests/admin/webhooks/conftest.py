import pytest

from orders.services import cancel
from webhooks.services import add_endpoint


@pytest.fixture
def endpoint(brand):
    return add_endpoint(brand, url="http://127.0.0.1:9/hook")[0]


@pytest.fixture
def delivery(endpoint, order):
    return endpoint.deliveries.get()


@pytest.fixture
def their_delivery(other, their_order):
    """Another brand's, given up, to an endpoint whose address could leak."""
    theirs = add_endpoint(other, url="http://127.0.0.1:9/velo-secret")[0]
    cancel(their_order)
    theirs.deliveries.update(state="exhausted")
    return theirs.deliveries.get()
