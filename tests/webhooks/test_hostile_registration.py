"""Hostile URLs (webhooks.md §E3, 1 to 29 and 42) are refused where they are typed: over the API and in the admin."""

import socket
import threading

import pytest

from accounts.models import User
from tests.admin.helping import Admin
from tests.making import make_endpoint
from tests.webhooks.hostile import canary
from tests.webhooks.hostile_urls import URLS, at

PORTS = 27  # where the ports themselves are what is refused
GOOD = "https://partner.example/hook"
FORM = {"statuses": ["paid"], "is_active": "on", "concurrency": 4}


@pytest.fixture(autouse=True)
def _as_in_life(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    settings.WEBHOOK_CONNECT_TIMEOUT = 0.3


@pytest.fixture
def _no_hurry(settings):
    """Where a resolver of the test's own answers at once: beside other work, that can take a while."""
    settings.WEBHOOK_CONNECT_TIMEOUT = 30


@pytest.fixture
def admin(db):
    return Admin(User.objects.create_superuser("root@example.com", "secret"))


@pytest.fixture
def endpoint(brand):
    """One at a good URL."""
    return make_endpoint(brand, url=GOOD, is_validated=True)[0]


def refuses(api, admin, endpoint, url):
    """Try to register a URL in every way there is."""
    added = api.post("/webhooks", {"webhook_url": url})
    changed = api.patch(f"/webhooks/{endpoint.uuid}", {"webhook_url": url, "statuses": ["expired"]})
    assert (added.status_code, list(added.json().get("errors", {}))) == (422, ["webhook_url"]), url
    assert (changed.status_code, list(changed.json().get("errors", {}))) == (422, ["webhook_url"]), url
    page = admin.post("webhooks_endpoint_add", brand=endpoint.brand.pk, url=url, **FORM)
    assert (page.status_code, list(page.context["adminform"].form.errors)) == (200, ["url"]), url


def refuses_the_change(admin, endpoint, url):
    page = admin.post("webhooks_endpoint_change", endpoint.pk, url=url, **FORM)
    assert (page.status_code, list(page.context["adminform"].form.errors)) == (200, ["url"]), url


@pytest.mark.parametrize("number", URLS)
def test_a_hostile_url_is_not_registered(api, admin, brand, endpoint, settings, number):
    settings.WEBHOOK_ALLOWED_PORTS = ["80", "443"] if number == PORTS else ["*"]
    before = brand.endpoints.filter(pk=endpoint.pk).values().get()
    with canary() as port:
        for url in URLS[number]:
            refuses(api, admin, endpoint, at(url, port))
        refuses_the_change(admin, endpoint, at(URLS[number][0], port))
    assert brand.endpoints.values().get() == before


def answers(*addresses):
    family = {False: socket.AF_INET, True: socket.AF_INET6}
    return [(family[":" in address], socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]


@pytest.mark.usefixtures("_no_hurry")
@pytest.mark.parametrize(
    "found",
    [
        ("127.0.0.1",),
        ("8.8.8.8", "127.0.0.1"),
        ("127.0.0.1", "8.8.8.8"),
        ("8.8.8.8", "1.1.1.1", "9.9.9.9", "10.0.0.1"),
        ("2606:4700:4700::1111", "::1"),
        ("::1", "2606:4700:4700::1111"),
        ("8.8.8.8", "fd00:ec2::254"),
        ("64:ff9b::a9fe:a9fe",),
    ],
    ids=" ".join,
)
def test_a_name_with_one_forbidden_address_is_not_registered(api, admin, brand, endpoint, monkeypatch, found):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: answers(*found))
    for host in ("two-faced.example", "xn--bcher-kva.example", "bücher.example"):
        refuses(api, admin, endpoint, f"https://{host}/")
    refuses_the_change(admin, endpoint, "https://two-faced.example/")
    assert brand.endpoints.get().url == GOOD


def failing(error):
    def resolve(*_args, **_kw):
        raise error

    return resolve


RESOLVERS = {
    "NXDOMAIN": failing(socket.gaierror(socket.EAI_NONAME, "Name or service not known")),
    "SERVFAIL": failing(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")),
    "a public address": lambda *_args, **_kw: answers("8.8.8.8", "2606:4700:4700::1111"),
}


@pytest.mark.usefixtures("_no_hurry")
@pytest.mark.parametrize("name", RESOLVERS)
def test_a_name_that_may_lead_somewhere_tomorrow_is_registered(api, brand, monkeypatch, name):
    """It is looked up at every connection (tests/webhooks/test_hostile_urls.py); a partner's DNS may be down today."""
    monkeypatch.setattr(socket, "getaddrinfo", RESOLVERS[name])
    assert api.post("/webhooks", {"webhook_url": "https://bücher.example/hook"}).status_code == 201
    assert brand.endpoints.get().url == "https://bücher.example/hook"


def test_nobody_waits_for_a_slow_name_longer_than_for_a_connection(api, brand, monkeypatch):
    """Its resolver is silent as long as anybody waits; the forbidden address that it says then comes too late."""
    given_up, waited = threading.Event(), []

    def resolve(*_args, **_kw):
        waited.append(given_up.wait(60))
        return answers("127.0.0.1")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        assert api.post("/webhooks", {"webhook_url": "https://bücher.example/hook"}).status_code == 201
        assert waited == []
    finally:
        given_up.set()
    assert brand.endpoints.get().url == "https://bücher.example/hook"
