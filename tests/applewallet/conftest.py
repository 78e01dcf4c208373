"""Apple's push service, as these tests have it."""

import pytest

from applewallet import push
from tests.applewallet.making import make_package
from tests.applewallet.pushing import running_apns
from tests.making import make_brand


@pytest.fixture
def package(db):
    """Of a brand; nobody holds it yet."""
    return make_package(make_brand())


@pytest.fixture(scope="session")
def _apns(tmp_path_factory):
    with running_apns(tmp_path_factory.mktemp("apns")) as one:
        yield one


@pytest.fixture
def use_apns(settings):
    """Have pushes go to a stand-in, as many a second as there are."""

    def use(apns):
        settings.APNS_URL, settings.APNS_CA_FILE = apns.url, apns.ca_file
        settings.APNS_PUSHES_PER_SECOND = 0
        return apns

    yield use
    push.channels.close()
    push._stopping.clear()


@pytest.fixture
def apns(_apns, use_apns):
    """A stand-in that several tests share: look at what it got by topic."""
    return use_apns(_apns)
