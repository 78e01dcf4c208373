"""What every test may use. Each names what it needs; nothing is made behind its back."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.db import connection
from django.utils import timezone, translation
from playwright.sync_api import expect, sync_playwright

from accounts.kept_secrets import ensure_keys_fit
from tests.client import Api
from tests.making import make_brand, token_for

ROOT = Path(__file__).resolve().parent.parent


def pytest_sessionstart():
    """Load the admin's pages in their own order, whichever of them a test imports first."""
    admin.autodiscover()


def pytest_configure(config):
    """Give each process of every run its own corner of Redis, which may hold more than this run."""
    # Playwright keeps an event loop in the thread of the tests, which Django would take for an asynchronous caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=30_000)  # milliseconds, as its other waits: a busy machine is no fault
    os.environ["REDIS_PREFIX"] = f"test-{uuid4()}"


@pytest.fixture(autouse=True)
def _quiet(settings):
    """No rate limit and the weakest hash, except where a test is about them; loopback is the internet here."""
    settings.API_RATE_LIMIT = settings.WEBHOOK_TESTS_PER_MINUTE = settings.WEBHOOK_EXAMS_PER_HOUR = 0
    settings.WALLET_RATE_LIMIT = settings.WALLET_GUESS_LIMIT = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "buyers.hashers.ClientSecretHasher"]
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.WEBHOOK_ALLOWED_PORTS = ["*"]


@pytest.fixture(autouse=True)
def _words_and_times():
    """What a page activates stays with its thread until the next page: not into the next test."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The database goes in the end, whatever thread of a server that a browser talked to still holds a connection.

    In the beginning a look at its secrets, as each process takes one: no test counts the statements of that.
    """
    with django_db_blocker.unblock():
        ensure_keys_fit()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def _nothing_secret_is_logged():
    """At the end of a run, no line that was logged holds a test card's number or a secret; each process looks itself.

    What tests/secrecy.py cannot see being made, a test notes by its `remember`.
    """
    from tests.secrecy import Watch  # noqa: PLC0415 -- models are there only now

    watch = Watch()
    watch.start()
    yield
    watch.stop()
    assert watch.leaks() == []


@pytest.fixture
def brand(db):
    return make_brand()


@pytest.fixture
def other(db):
    """Another brand, whose rows nobody of `brand` may see."""
    return make_brand("Velo Works", currency="GBP", point_value=50)


@pytest.fixture
def api(brand):
    """The API with a token of `brand` that may do everything."""
    return Api(brand, token_for(brand))


@pytest.fixture
def api_with(brand):
    """The API with a token of `brand` that carries just the abilities given."""
    return lambda *abilities: Api(brand, token_for(brand, *abilities))


@pytest.fixture
def statements(monkeypatch):
    """The SQL statements that were sent, also those that go around Django's own cursors."""
    sent = []
    run = psycopg.Cursor.execute

    def execute(self, query, *args, **kwargs):
        sent.append(query)
        return run(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    return sent


@pytest.fixture
def receiver(tmp_path):
    """A partner's receiver: a real process. Gives its URL; `receiver.calls()` what arrived."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "demo" / "receiver.py"), "--port", "0", "--keys-file", str(tmp_path / "keys.json")],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Receiver(process.stdout.readline().split()[-1], tmp_path / "keys.json")
    finally:
        process.kill()
        process.communicate()


class Receiver:
    """Talks to demo/receiver.py."""

    def __init__(self, url, keys_file):
        self.url = url
        self.keys_file = keys_file

    def knows(self, *keys):
        """Give it the webhook keys to verify with."""
        self.keys_file.write_text(json.dumps(keys))

    def calls(self):
        """What arrived, the oldest first."""
        with urlopen(f"{self.url}/calls", timeout=5) as answer:
            return json.load(answer)


class BrowserPage:
    """A page in Debian's Chromium that keeps what went wrong in it."""

    def __init__(self, page):
        self._page = page
        self.errors = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)

    def __getattr__(self, name):
        return getattr(self._page, name)

    def axe(self):
        """What axe finds: the id of each rule that is broken and where."""
        found = Axe().run(self._page).response["violations"]
        return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]


@pytest.fixture(scope="session")
def _browser():
    """One Chromium for the whole run."""
    options = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=options)
        yield browser
        browser.close()


def chromium():
    """The path of the browser that dev.py made sure of."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "Chromium is missing: apt-get install chromium"
    return found


@pytest.fixture
def browser_page(_browser):
    """Opens pages of a width and a colour scheme."""
    contexts = []

    def open_page(width=1400, scheme="light", **options):
        size = {"width": width, "height": 900}
        contexts.append(_browser.new_context(viewport=size, color_scheme=scheme, **options))
        return BrowserPage(contexts[-1].new_page())

    yield open_page
    for context in contexts:
        context.close()
