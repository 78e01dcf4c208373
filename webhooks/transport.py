"""The one guarded HTTP client: it calls addresses that somebody typed, and must not reach into our own network."""

import contextlib
import ipaddress
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext_noop
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.poolmanager import PoolManager

from webhooks.answers import Answer, ShortHeaded, beginning_of, headers_kept, peer_of
from webhooks.watchdog import watchdog

_local = threading.local()

# Not reachable from the internet, or bridges into IPv4, though Python's `is_global` lets them pass (webhooks.md §E).
FORBIDDEN = [
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",
        "168.63.129.16/32",  # Azure's host, a public address that only its guests reach
        "192.0.0.0/24",
        "192.88.99.0/24",
        "::/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2001:20::/28",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
]
# Names that lead nowhere on the internet, today or tomorrow (RFC 6761, 6762, 8375; the others by custom).
LOCAL_NAMES = (".localhost", ".localdomain", ".local", ".home.arpa", ".internal", ".lan")

# What `post` raises when there is no answer, by our own name: no other file imports requests (pyproject.toml).
NoAnswer = requests.RequestException


class AddressNotAllowed(NoAnswer):
    """The URL leads, or would lead, to an address that webhooks must not reach."""


def check_url(url: str) -> None:
    """Raise AddressNotAllowed unless `url` is plain http(s) on an allowed port, to a name or to an allowed address."""
    try:
        parts = urlsplit(url)
        port = {"http": 80, "https": 443}.get(parts.scheme) if parts.port is None else parts.port
    except ValueError as error:
        raise AddressNotAllowed(gettext_noop("The URL cannot be read.")) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise AddressNotAllowed(gettext_noop("The URL must start with http:// or https:// and name a host."))
    if "@" in parts.netloc or any(character in url for character in "\r\n\t \\\0"):
        raise AddressNotAllowed(gettext_noop("The URL must not hold a user name, blanks or backslashes."))
    _check_port(port)
    with contextlib.suppress(ValueError):  # a name, of which more is known once it is resolved
        check_address(parts.hostname)


def _check_port(port: int | None) -> None:
    if "*" not in settings.WEBHOOK_ALLOWED_PORTS and str(port) not in settings.WEBHOOK_ALLOWED_PORTS:
        raise AddressNotAllowed(f"Port {port} is not allowed.")


def check_destination(url: str) -> None:
    """Raise AddressNotAllowed if `url` is not allowed, or leads to an address that is not, as far as one can see now.

    A name that does not resolve at the moment passes, unless it is a local network's: it may tomorrow, and every
    connection checks anew.
    """
    check_url(url)
    host = urlsplit(url).hostname or ""
    try:
        found = _resolvers().submit(socket.getaddrinfo, host, None).result(settings.WEBHOOK_CONNECT_TIMEOUT)
    except UnicodeError as error:
        raise AddressNotAllowed(gettext_noop("The URL names no possible host.")) from error
    except OSError as error:
        name = host.rstrip(".")
        if "." not in name or name.endswith(LOCAL_NAMES):
            raise AddressNotAllowed(gettext_noop("The URL names a host of a local network.")) from error
        return
    for *_rest, address in found:
        check_address(str(address[0]))


@cache
def _allowed(networks: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(network) for network in networks]


def check_address(text: str) -> None:
    """Raise AddressNotAllowed unless the IP address `text` is on the public internet or allowed by a setting."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in _allowed(tuple(settings.WEBHOOK_ALLOWED_NETWORKS))):
        return
    if not address.is_global or address.is_multicast or address.is_reserved or any(address in net for net in FORBIDDEN):
        raise AddressNotAllowed(gettext_noop("The address is not on the public internet."))


def _resolve(connection: HTTPConnection) -> list[Any]:
    """Ask for the addresses of a host, and wait no longer than for a connection: getaddrinfo knows no timeout."""
    host = connection._dns_host.strip("[]")  # noqa: SLF001 -- urllib3 offers no public name for it
    asked = _resolvers().submit(socket.getaddrinfo, host, connection.port, type=socket.SOCK_STREAM)
    try:
        return list(asked.result(settings.WEBHOOK_CONNECT_TIMEOUT))
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "The host name took too long to resolve.") from error
    except (OSError, UnicodeError) as error:
        raise NewConnectionError(connection, "The host name could not be resolved.") from error


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(64, thread_name_prefix="webhook dns")


def _connect(connection: HTTPConnection) -> socket.socket:
    """Resolve once, refuse if any answer is forbidden, connect to what was checked, and check who answered."""
    _check_port(connection.port)
    found = _resolve(connection)
    for *_rest, address in found:
        check_address(str(address[0]))
    last: Exception = NewConnectionError(connection, "The host name has no address.")
    for family, kind, protocol, _name, address in found[:4]:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(settings.WEBHOOK_CONNECT_TIMEOUT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
            check_address(sock.getpeername()[0])
        except AddressNotAllowed:  # before OSError, which every error of requests is as well
            sock.close()
            raise
        except TimeoutError:
            sock.close()
            last = ConnectTimeoutError(connection, "The connection timed out.")
        except OSError as error:
            sock.close()
            last = NewConnectionError(connection, f"No connection: {error.strerror or error}.")
        else:
            watchdog.register(sock)
            return sock
    raise last


class _Guarded(HTTPConnection):
    """What both kinds of connection share."""

    response_class = ShortHeaded

    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:  # a connection that was kept
            watchdog.register(self.sock)
        super().request(*args, **kwargs)


class _GuardedHTTP(_Guarded):
    pass


class _GuardedHTTPS(_Guarded, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


@cache
def _tls() -> ssl.SSLContext:
    """One context for all: loading the CA bundle anew costs ten times what a connection does."""
    return ssl.create_default_context()


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_kwargs: Any) -> None:  # noqa: FBT001, FBT002 -- requests' signature
        self.poolmanager = PoolManager(
            num_pools=connections, maxsize=maxsize, block=block, ssl_context=_tls(), retries=False
        )
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"  # the shared context holds the CA store

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        pool.pop("ca_certs", None)
        pool.pop("ca_cert_dir", None)
        return host, pool


class _NoCookies(RequestsCookieJar):
    def set_cookie(self, *_args: Any, **_kwargs: Any) -> None:
        """Keep nothing: the next delivery may be another brand's."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Never follow: requests would read the whole body of a redirect first."""


def _session() -> requests.Session:
    if not hasattr(_local, "session"):
        session = _Session()
        session.trust_env = False  # neither proxies nor .netrc
        session.cookies = _NoCookies()
        session.headers.clear()
        for scheme in ("http://", "https://"):
            session.mount(scheme, _GuardedAdapter(pool_connections=32, pool_maxsize=1))
        _local.session = session
    kept: requests.Session = _local.session
    return kept


def in_words(error: NoAnswer) -> str:
    """Why there is no answer, in words that tell a partner enough and name no address of ours."""
    if isinstance(error, AddressNotAllowed):
        return str(error)
    if isinstance(error, requests.Timeout):
        return gettext_noop("The receiver did not answer in time.")
    if isinstance(error, requests.exceptions.SSLError):
        return gettext_noop("The receiver's certificate could not be verified.")
    return gettext_noop("No connection, or it broke off.")


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """POST exact bytes, and give the receiver WEBHOOK_TOTAL_TIMEOUT seconds in all to take them and to answer.

    Follows no redirect. Raises NoAnswer: an AddressNotAllowed, a requests.Timeout or another of its kinds.
    """
    check_url(url)
    with watchdog.budget(settings.WEBHOOK_TOTAL_TIMEOUT) as watched:
        try:
            answer = _exchange(url, body, headers)
        except Exception as error:
            if watched.cut:
                raise requests.Timeout("The receiver took too long.") from error
            raise _refusal_within(error) or error from None
        if watched.cut:  # what was read of it may look whole: a status with headers that never ended
            raise requests.Timeout("The receiver took too long.")
        return answer


def _refusal_within(error: BaseException | None) -> AddressNotAllowed | None:
    """The guard's own refusal, which requests and urllib3 wrap into errors of theirs."""
    while error is not None and not isinstance(error, AddressNotAllowed):
        error = error.__cause__ or error.__context__
    return error


def _exchange(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    with _session().post(
        url,
        data=body,
        headers={**headers, "Accept-Encoding": "identity", "Accept": "*/*"},
        timeout=(settings.WEBHOOK_CONNECT_TIMEOUT, settings.WEBHOOK_READ_TIMEOUT),
        allow_redirects=False,
        stream=True,
    ) as response:
        address = peer_of(response)
        retry_after, kept = response.headers.get("Retry-After", ""), headers_kept(response)
        return Answer(response.status_code, beginning_of(response), address, retry_after, kept)
