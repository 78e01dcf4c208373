"""What the tests of the whole API share."""

import pytest
from django.core import signals
from django.db import close_old_connections


@pytest.fixture
def one_connection(db):
    """Keep requests that do not come from Django's test client from closing the test's connection."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)
