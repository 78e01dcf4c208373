import pytest

from tests.buyers.ordering import confirm, introduce
from tests.making import make_brand


@pytest.fixture
def brand(db):
    return make_brand(currency="USD", earn_rate="10")


@pytest.fixture
def wallet_order(partner, buyer, brand):
    introduce(partner.client, brand)
    return confirm(partner.client, buyer)
