import pytest

from tests.admin.conftest import staff, superuser  # noqa: F401 -- fixtures


@pytest.fixture
def owner(staff):  # noqa: F811
    return staff("owner").user
