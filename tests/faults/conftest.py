"""Worlds for scenarios. FAULTS=whole makes them large and slow; `dev.py faults` does that."""

import os

import pytest

from devtools.environment import one_at_a_time
from tests.faults.networks import DividedWorld, why_not
from tests.faults.world import WHOLE, make_template, new_world


@pytest.fixture
def size():
    """The first of two sizes in the short form, the second in the whole."""
    return lambda short, whole: whole if WHOLE else short


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """PostgreSQL's data with our tables, made once for all the processes of a parallel run."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / "faults-template"
    with one_at_a_time(root / "faults-template.lock"):
        if not (folder / "secrets.json").exists():
            make_template(folder)
    return folder


@pytest.fixture
def world(template):
    with new_world(template) as one:
        yield one


@pytest.fixture
def durable_world(template):
    """A PostgreSQL with its normal safety, for what kills it."""
    with new_world(template, hurried=False) as one:
        yield one


@pytest.fixture
def divided_world(template):
    """A world in which each program has a network of its own, with a cable that can be pulled."""
    if reason := why_not():
        pytest.skip(reason)
    with new_world(template, kind=DividedWorld) as one:
        yield one
