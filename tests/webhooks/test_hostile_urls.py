"""Hostile URLs (webhooks.md §E3, 1 to 29 and 42) at send time: whatever is in a row, and whatever DNS says by now."""

import socket
import threading
import time

import pytest

from tests.making import make_endpoint, make_order
from tests.webhooks.hostile import OK, canary, listening, read_request
from tests.webhooks.hostile_urls import ALL, URLS, at
from webhooks import delivery
from webhooks.exam import run_exam
from webhooks.models import Call
from webhooks.services import send_test
from webhooks.transport import AddressNotAllowed, NoAnswer, check_address, check_url, post

LONGEST = 2000  # characters of a URL that a row can hold


@pytest.fixture(autouse=True)
def _as_in_life(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    settings.WEBHOOK_CONNECT_TIMEOUT = 0.4
    settings.WEBHOOK_READ_TIMEOUT = 0.5
    settings.WEBHOOK_TOTAL_TIMEOUT = 0.6


@pytest.fixture
def _no_hurry(settings):
    """Where everything answers at once: beside other work, that can take a while."""
    settings.WEBHOOK_CONNECT_TIMEOUT = settings.WEBHOOK_READ_TIMEOUT = settings.WEBHOOK_TOTAL_TIMEOUT = 30


@pytest.fixture
def endpoint(transactional_db, settings, brand):
    """One at a URL that was good when it was registered."""
    return make_endpoint(brand, url="https://partner.example/hook")[0]


@pytest.mark.parametrize("url", ALL, ids=lambda url: url[:40])
def test_no_hostile_url_connects(settings, monkeypatch, url):
    settings.WEBHOOK_ALLOWED_PORTS = ["80", "443", "7777"]
    connected = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    with pytest.raises(NoAnswer):
        post(at(url, 7777), b"{}", {})
    assert connected == []


def deliver(endpoint):
    make_order(endpoint.brand)
    endpoint.brand.endpoints.filter(pk=endpoint.pk).update(open_until=None, failures_in_a_row=0)
    delivery.drain()
    call = Call.objects.latest("pk")
    assert call.http_status_code is call.remote_ip is None
    return call.outcome in {"blocked", "failed"} and call.response


def test_call(endpoint):
    result = send_test(endpoint)
    assert (result.delivered, result.http_status_code) == (False, None)
    return result.response


test_call.__test__ = False


def examine(endpoint):
    report = run_exam(endpoint)
    [exchange] = report.steps[0]["exchanges"]
    assert (report.grade, len(report.steps), exchange["received"]["status"]) == ("failed", 1, None)
    return exchange["received"]["problem"]


@pytest.mark.parametrize("way", [deliver, test_call, examine])
def test_no_way_of_sending_reaches_the_canary(endpoint, settings, way):
    """A row may hold what is not registered any more: rules change, and rows are restored from backups."""
    settings.WEBHOOK_ALLOWED_PORTS = ["*"]
    with canary() as port:
        for url in (at(url, port) for number, urls in URLS.items() if number != 27 for url in urls):
            if len(url) <= LONGEST:
                endpoint.url = url
                endpoint.save()
                assert way(endpoint)
    if way is deliver:
        assert Call.objects.count() > 80


def answers(*addresses, port=80):
    family = {False: socket.AF_INET, True: socket.AF_INET6}
    return [(family[":" in address], socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]


MOVED = [
    ("127.0.0.1",),
    ("8.8.8.8", "127.0.0.1"),
    ("127.0.0.1", "8.8.8.8"),
    ("::1", "2606:4700:4700::1111"),
    ("2606:4700:4700::1111", "::1"),
    ("::ffff:127.0.0.1",),
]


@pytest.mark.usefixtures("_no_hurry")
@pytest.mark.parametrize("way", [deliver, test_call, examine])
@pytest.mark.parametrize("found", MOVED, ids=" ".join)
def test_a_name_that_moved_after_its_registration_reaches_nobody(endpoint, settings, monkeypatch, way, found):
    settings.WEBHOOK_ALLOWED_PORTS = ["*"]
    with canary() as port:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: answers(*found, port=port))
        assert way(endpoint) == "The address is not on the public internet."


@pytest.mark.usefixtures("_no_hurry")
@pytest.mark.parametrize("found", [*MOVED, ("10.0.0.1",), ("8.8.8.8", "1.1.1.1", "9.9.9.9", "8.8.4.4", "10.0.0.1")])
def test_one_forbidden_answer_refuses_the_name(monkeypatch, found):
    connected = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: answers(*found))
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    with pytest.raises(AddressNotAllowed):
        post("http://two-faced.example/", b"{}", {})
    assert connected == []


@pytest.mark.usefixtures("_no_hurry")
def test_a_rebinding_name_is_asked_once_and_what_was_checked_is_called(settings, monkeypatch):
    settings.WEBHOOK_ALLOWED_PORTS = ["*"]
    asked, connected = [], []

    def connect(_self, address):
        connected.append(address)
        raise ConnectionRefusedError

    with canary() as port:
        faces = iter([answers("8.8.8.8", port=port), answers("127.0.0.1", port=port)])
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: asked.append(1) or next(faces))
        monkeypatch.setattr(socket.socket, "connect", connect)
        with pytest.raises(NoAnswer):
            post(f"http://rebinding.example:{port}/", b"{}", {})
    assert (len(asked), connected) == (1, [("8.8.8.8", port)])


@pytest.mark.usefixtures("_no_hurry")
def test_each_connection_looks_the_name_up_anew(settings, monkeypatch):
    """Public for the first call, and loopback for the next: no earlier look-up vouches for a later call."""
    settings.WEBHOOK_ALLOWED_PORTS = ["*"]
    with canary() as port:
        faces = iter([answers("8.8.8.8", port=port), answers("127.0.0.1", port=port)])
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: next(faces))
        with monkeypatch.context() as patched:
            patched.setattr(socket.socket, "connect", lambda _self, _address: (_ for _ in ()).throw(TimeoutError))
            with pytest.raises(NoAnswer, match="timed out"):
                post(f"http://rebinding.example:{port}/", b"{}", {})
        with pytest.raises(AddressNotAllowed):
            post(f"http://rebinding.example:{port}/", b"{}", {})


@pytest.mark.usefixtures("_no_hurry")
def test_a_peer_that_is_not_whom_we_called_is_told_nothing(settings, monkeypatch):
    settings.WEBHOOK_ALLOWED_PORTS = ["*"]
    heard = []
    with listening(lambda connection, _stop: heard.append(connection.recv(10))) as url:
        port = int(url.rsplit(":", 1)[1].strip("/"))
        real = socket.socket.connect
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: answers("8.8.8.8"))
        monkeypatch.setattr(socket.socket, "connect", lambda self, _address: real(self, ("127.0.0.1", port)))
        with pytest.raises(AddressNotAllowed):
            post("http://routed.example/", b"{}", {})
        until = time.monotonic() + 10
        while not heard and time.monotonic() < until:
            time.sleep(0.01)
    assert heard == [b""]


@pytest.mark.usefixtures("_no_hurry")
def test_a_line_break_in_a_path_stays_in_the_path(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS, settings.WEBHOOK_ALLOWED_PORTS = ["127.0.0.0/8"], ["*"]
    heard = []

    def behave(connection, _stop):
        heard.append(read_request(connection))
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")

    with listening(behave) as url:
        assert post(f"{url}%0d%0aX-Injected:%201%0d%0a", b"{}", {}).status == 200
    lines = heard[0].split(b"\r\n")
    assert lines[0] == b"POST /%0D%0AX-Injected:%201%0D%0A HTTP/1.1"
    assert not any(line.lower().startswith(b"x-injected") for line in lines)


def test_a_slow_name_is_given_up(monkeypatch):
    given_up = threading.Event()
    waited = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: waited.append(given_up.wait(60)) or [])
    with pytest.raises(NoAnswer):
        post("http://slow.example/", b"{}", {})
    assert waited == []  # the resolver still has not answered
    given_up.set()


@pytest.mark.usefixtures("_no_hurry")
@pytest.mark.parametrize(
    "error", [socket.gaierror(socket.EAI_NONAME, "x"), socket.gaierror(socket.EAI_AGAIN, "x"), UnicodeError("too long")]
)
def test_a_name_that_does_not_resolve_is_a_failure(monkeypatch, error):
    def resolve(*_args, **_kw):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(NoAnswer):
        post("http://nobody.example/", b"{}", {})


@pytest.mark.parametrize("port", ["80", "443", "8443"])
def test_ports(settings, port):
    settings.WEBHOOK_ALLOWED_PORTS = ["80", "443"]
    if port == "8443":
        with pytest.raises(AddressNotAllowed, match="Port 8443 is not allowed"):
            check_url("https://partner.example:8443/hook")
    else:
        check_url(f"https://partner.example:{port}/hook")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111"])
def test_the_internet_is_allowed(address):
    check_address(address)
    check_url(f"https://[{address}]/" if ":" in address else f"https://{address}/")
