import pytest

from tests.admin.applewallet.helping import phone_with
from tests.applewallet.making import make_package


@pytest.fixture
def package(brand):
    """A store card that a phone holds, with a push on its way and a line in the device log."""
    made = make_package(brand)
    phone_with(made)
    return made


@pytest.fixture
def theirs(other):
    """The same of another brand, with words that could leak."""
    made = make_package(other)
    phone_with(made, library_identifier="velo-secret-device", push_token="velo0secret0push0token")
    return made
