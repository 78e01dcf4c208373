"""Hostile URLs and hostile receivers (webhooks.md §E3), with a canary that must see nobody."""

import resource
import socket
import threading
import time
import zlib
from contextlib import contextmanager

import pytest
import requests

from webhooks import transport
from webhooks.transport import AddressNotAllowed, check_address, check_url, post

SECONDS = 0.6


@pytest.fixture(autouse=True)
def _short_budget(settings):
    settings.WEBHOOK_CONNECT_TIMEOUT = 0.4
    settings.WEBHOOK_READ_TIMEOUT = 0.5
    settings.WEBHOOK_TOTAL_TIMEOUT = SECONDS


@contextmanager
def listening(behave, count=1):
    """A server on loopback that treats each connection with `behave`; yields its URL."""
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve():
        for _ in range(count):
            try:
                connection, _address = server.accept()
            except OSError:
                return
            with connection:
                try:
                    behave(connection, stop)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
    finally:
        stop.set()
        server.shutdown(socket.SHUT_RDWR)  # wakes accept, as close would not
        server.close()
        thread.join(5)


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return data


def dripping(before, drop=b"x"):
    def behave(connection, stop):
        read_request(connection)
        connection.sendall(before)
        while not stop.is_set():
            connection.sendall(drop)
            time.sleep(0.05)

    return behave


def answering(data):
    def behave(connection, stop):
        read_request(connection)
        connection.sendall(data)

    return behave


def flooding(before, block):
    def behave(connection, stop):
        read_request(connection)
        connection.sendall(before)
        while not stop.is_set():
            connection.sendall(block)

    return behave


OK = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "never answers": dripping(b"", b""),
    "drips the status line": dripping(b"", b"H"),
    "drips headers": dripping(OK, b"a: b\r\n"),
    "drips the body": dripping(OK + b"Content-Length: 99999\r\n\r\n"),
    "says 100 Continue for ever": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_receiver_is_cut_at_the_budget(name):
    started = time.monotonic()
    with listening(SLOW[name]) as url, pytest.raises(requests.RequestException):
        post(url, b"{}", {})
    assert time.monotonic() - started < SECONDS + 0.5


def test_a_cut_call_is_a_failure_though_a_status_had_come():
    with listening(dripping(OK, b"a: b\r\n")) as url, pytest.raises(requests.Timeout):
        post(url, b"{}", {})


BIG = b"x" * 65536
HUGE = {
    "endless body": flooding(OK + b"Content-Length: 2000000000\r\n\r\n", BIG),
    "endless chunks": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + BIG + b"\r\n"),
    "redirect with an endless body": flooding(
        b"HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 1000000000\r\n\r\n", BIG
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_answer_is_not_read(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with listening(HUGE[name]) as url:
        answer = post(url, b"{}", {})
    assert len(answer.body) == transport.MOST_BYTES
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_a_gzip_bomb_is_not_unpacked():
    bomb = zlib.compress(b"\0" * 50_000_000)
    head = OK + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with listening(answering(head + bomb)) as url:
        assert len(post(url, b"{}", {}).body) == transport.MOST_BYTES


BROKEN = {
    "hangs up": answering(b""),
    "greets as SSH": answering(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "sends a short body": answering(OK + b"Content-Length: 99\r\n\r\nshort"),
    "sends a broken chunk": answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "sends 200 headers": answering(OK + b"a: b\r\n" * 200 + b"\r\n"),
    "sends a long header": answering(OK + b"a: " + b"b" * 70_000 + b"\r\n\r\n"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_failure(name):
    with listening(BROKEN[name]) as url, pytest.raises(requests.RequestException):
        post(url, b"{}", {})


def test_tls_is_not_spoken_to_a_plain_port():
    with listening(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url, pytest.raises(requests.RequestException):
        post(url.replace("http:", "https:"), b"{}", {})


def test_a_cookie_is_not_given_back():
    heard = []

    def behave(connection, stop):
        for _ in range(2):
            heard.append(read_request(connection))
            connection.sendall(OK + b"Set-Cookie: tenant=secret\r\nContent-Length: 0\r\n\r\n")

    with listening(behave) as url:
        post(url, b"", {})
        post(url, b"", {})
    assert len(heard) == 2
    assert b"cookie" not in heard[1].lower()


def test_the_environment_has_no_say(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with listening(answering(OK + b"Content-Length: 2\r\n\r\nhi")) as url:
        assert post(url, b"{}", {}).body == b"hi"


@contextmanager
def canary():
    """A listener that counts who comes."""
    seen = []
    with listening(lambda connection, stop: seen.append(connection.getpeername()), count=5) as url:
        yield url, seen
        time.sleep(0.05)
    assert seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(status):
    with canary() as (url, _seen):
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()
        with listening(answering(head)) as start:
            assert post(start, b"{}", {}).status == status


URLS = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1%25eth0]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[ff02::1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://user:pass@10.0.0.1/",
    "http://8.8.8.8@127.0.0.1/",
    "http://127.0.0.1#@8.8.8.8/",
    "http://8.8.8.8\\@127.0.0.1/",
    "gopher://127.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "http:///x",
    "http://",
    "",
    "x",
    "http://127.0.0.1:22/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:x/",
    "http://127.0.0.1/\r\nX-Injected: 1",
    "http://127.0.0.1/\tx",
    "http://127.0.0.1/ x",
    "http://[::1",
    "http://" + "a" * 10_000 + ".example/",
    "http://a..b/",
]


@pytest.mark.parametrize("url", URLS, ids=lambda url: url[:40])
def test_no_hostile_url_connects(settings, monkeypatch, url):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    settings.WEBHOOK_ALLOWED_PORTS = ["80", "443"]
    connected = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    with pytest.raises(requests.RequestException):
        post(url, b"{}", {})
    assert connected == []


def answers(*addresses):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]


@pytest.mark.parametrize("found", [("8.8.8.8", "127.0.0.1"), ("127.0.0.1", "8.8.8.8"), ("10.0.0.1",)])
def test_one_forbidden_answer_refuses_the_name(settings, monkeypatch, found):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    connected = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: answers(*found))
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: connected.append(address))
    with pytest.raises(AddressNotAllowed):
        post("http://two-faced.example/", b"{}", {})
    assert connected == []


def test_a_rebinding_name_is_asked_once_and_what_was_checked_is_called(settings, monkeypatch):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    asked, connected = [], []
    faces = iter([answers("8.8.8.8"), answers("127.0.0.1")])

    def resolve(*_args, **_kw):
        asked.append(1)
        return next(faces)

    def connect(_self, address):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(requests.ConnectionError):
        post("http://rebinding.example/", b"{}", {})
    assert (len(asked), connected) == (1, [("8.8.8.8", 80)])


def test_a_peer_that_is_not_whom_we_called_is_refused(settings, monkeypatch):
    with canary() as (url, seen):
        port = int(url.rsplit(":", 1)[1].strip("/"))
        settings.WEBHOOK_ALLOWED_NETWORKS = []
        real = socket.socket.connect
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: answers("8.8.8.8"))
        monkeypatch.setattr(socket.socket, "connect", lambda self, _address: real(self, ("127.0.0.1", port)))
        with pytest.raises(AddressNotAllowed):
            post("http://routed.example/", b"{}", {})
        time.sleep(0.05)
        seen.clear()  # the connection was made; nothing was said over it


def test_a_slow_name_is_given_up(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kw: time.sleep(1.5) or [])
    started = time.monotonic()
    with pytest.raises(requests.RequestException):
        post("http://slow.example/", b"{}", {})
    assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("error", [socket.gaierror(-2, "x"), UnicodeError("label too long")])
def test_a_name_that_does_not_resolve_is_a_failure(monkeypatch, error):
    def resolve(*_args, **_kw):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(requests.ConnectionError):
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
def test_the_internet_is_allowed(settings, address):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    check_address(address)
