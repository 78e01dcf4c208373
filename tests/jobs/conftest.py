import pytest

from jobs import leases
from tests.admin.conftest import staff, superuser  # noqa: F401 -- fixtures


@pytest.fixture(autouse=True)
def _nobody_stops():
    """A test that tells this process to stop leaves no trace."""
    leases.stopping.clear()
    yield
    leases.stopping.clear()
