"""Hostile receivers (webhooks.md §E3, 30 to 41): a call ends in time, reads little, follows and believes nobody."""

import resource
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.making import make_endpoint, make_order
from tests.webhooks.hostile import (
    BOMBS,
    BROKEN,
    HEADERS,
    HUGE,
    ODD,
    OK,
    REDIRECTS,
    SLOW,
    answering,
    canary,
    dripping,
    listening,
    read_request,
    redirecting,
)
from webhooks import answers, delivery, transport
from webhooks.models import Call
from webhooks.transport import NoAnswer, in_words, post

LITTLE = 30_000  # kB that one call may need


@pytest.fixture
def _short_budget(settings):
    """Only for receivers that use it up: beside other work, an answer on loopback can take as long."""
    settings.WEBHOOK_CONNECT_TIMEOUT = 0.4
    settings.WEBHOOK_READ_TIMEOUT = 0.5
    settings.WEBHOOK_TOTAL_TIMEOUT = 0.6


@pytest.mark.usefixtures("_short_budget")
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_receiver_is_cut_at_the_budget(name):
    """By itself it would never end."""
    with listening(SLOW[name]) as url, pytest.raises(NoAnswer) as refusal:
        post(url, b"{}", {})
    assert in_words(refusal.value) == "The receiver did not answer in time."


@pytest.mark.usefixtures("_short_budget")
def test_a_cut_call_is_a_failure_though_a_status_had_come():
    with listening(dripping(OK, b"a: b\r\n")) as url, pytest.raises(NoAnswer, match="took too long"):
        post(url, b"{}", {})


@pytest.mark.parametrize("name", HUGE | BOMBS)
def test_of_a_huge_answer_only_the_beginning_is_read(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with listening((HUGE | BOMBS)[name]) as url:
        answer = post(url, b"{}", {})
    assert len(answer.body) == answers.MOST_BYTES
    assert answer.body[:2] in {b"xx", b"\x1f\x8b"}, "it is not unpacked"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < LITTLE


@pytest.mark.usefixtures("_short_budget")
@pytest.mark.parametrize("name", HEADERS)
def test_too_many_headers_are_a_failure(name):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with listening(HEADERS[name]) as url, pytest.raises(NoAnswer):
        post(url, b"{}", {})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < LITTLE


def test_headers_of_some_length_are_taken():
    head = OK + b"".join(b"a%d: %b\r\n" % (number, b"b" * 3_000) for number in range(9))
    with listening(answering(head + b"Content-Length: 2\r\n\r\nhi")) as url:
        assert post(url, b"{}", {}).body == b"hi"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_failure(name):
    with listening(BROKEN[name]) as url, pytest.raises(NoAnswer) as refusal:
        post(url, b"{}", {})
    assert in_words(refusal.value) == "No connection, or it broke off."


@pytest.mark.usefixtures("_short_budget")
def test_tls_is_not_spoken_to_a_plain_port():
    with listening(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url, pytest.raises(NoAnswer):
        post(url.replace("http:", "https:"), b"{}", {})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(status):
    with canary() as port, listening(redirecting(status, f"http://127.0.0.1:{port}/")) as url:
        assert post(url, b"{}", {}).status == status


@pytest.mark.parametrize("name", REDIRECTS)
def test_no_redirect_is_looked_at(name):
    heard = []

    def behave(connection, stop):
        heard.append(1)
        REDIRECTS[name](connection, stop)

    with listening(behave) as url:
        assert post(url, b"{}", {}).status in {302, 307, 308}
    assert len(heard) == 1


def test_a_cookie_is_not_given_back():
    heard = []

    def behave(connection, _stop):
        for _ in range(2):
            heard.append(read_request(connection))
            connection.sendall(OK + b"Set-Cookie: tenant=secret\r\nContent-Length: 0\r\n\r\n")

    with listening(behave) as url:
        post(url, b"", {})
        post(url, b"", {})
    assert len(heard) == 2
    assert b"cookie" not in heard[1].lower()


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_environment_has_no_say(monkeypatch, name):
    with canary() as port:
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        with listening(answering(OK + b"Content-Length: 2\r\n\r\nhi")) as url:
            assert post(url, b"{}", {}).body == b"hi"


def test_what_postgresql_cannot_keep_is_kept_legibly(transactional_db, brand):
    with listening(ODD["NUL and half characters"]) as url:
        make_endpoint(brand, url=url)
        make_order(brand)
        delivery.drain()
    call = Call.objects.get()
    assert (call.outcome, call.response) == ("ok", "ab\ufffd\ufffd\ufffdz")


def called(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


class Authority:
    """A certificate authority that our client trusts here."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certify(self.key, is_authority=True).public_bytes(Encoding.PEM))

    def certify(self, key, host="127.0.0.1", *, days=1, signer=None, is_authority=False):
        now = datetime.now(UTC)
        issuer, subject = called("Authority"), called("Authority" if is_authority else "Receiver")
        builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        return builder.sign(signer or self.key, hashes.SHA256())

    def server(self, host="127.0.0.1", *, days=1, own=False):
        """What a server needs to speak TLS with such a certificate; `own` is signed by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certify(key, host, days=days, signer=key if own else None)
        file = self.folder / "server.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Trusted by connections of new threads, as the client reads what it trusts once."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    transport._tls.cache_clear()
    monkeypatch.setattr(transport, "_local", threading.local())
    yield authority
    transport._tls.cache_clear()


def speaking_tls(context):
    def behave(connection, stop):
        with context.wrap_socket(connection, server_side=True) as secure:
            answering(OK + b"Content-Length: 2\r\n\r\nhi")(secure, stop)

    return behave


CERTIFICATES = {
    "expired": {"days": -1},
    "of another host": {"host": "127.0.0.2"},
    "signed by itself": {"own": True},
}


def test_a_certificate_that_is_good_is_good(authority):
    with listening(speaking_tls(authority.server())) as url:
        assert post(url.replace("http:", "https:"), b"{}", {}).body == b"hi"


@pytest.mark.parametrize("name", CERTIFICATES)
def test_a_bad_certificate_is_a_failure(authority, name):
    context = authority.server(**CERTIFICATES[name])
    with listening(speaking_tls(context)) as url, pytest.raises(NoAnswer) as refusal:
        post(url.replace("http:", "https:"), b"{}", {})
    assert in_words(refusal.value) == "The receiver's certificate could not be verified."
