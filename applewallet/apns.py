"""Apple's push service over HTTP/2: a channel sends the pushes of one package type (apple-wallet.md §D.1, §D.2)."""

import asyncio
import json
import re
import secrets
import ssl
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import structlog
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

BODY = b"{}"  # a push says no more than that there is something to ask for
STORED = 7 * 86400  # seconds that Apple keeps a push for a phone that is off
QUIET = 300.0  # seconds after which an idle connection is closed; what lies between forgets it soon after
TOKEN_LASTS = 40 * 60  # seconds that a provider token is used; Apple wants 20 to 60 minutes
CLOCKS_DIFFER = 60  # seconds that the database's clock may go back
TOKEN_SOONEST = 20 * 60  # seconds before another one may replace a token that was refused
EXPIRED = "ExpiredProviderToken"
MOST_REASON = 100  # characters
logger = structlog.get_logger(__name__)


class NoAnswer(Exception):
    """Apple could not be reached, or the connection broke before it had answered; the text says how, in one word."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Apple said of one push."""

    status: int
    reason: str = ""
    dead_since: float | None = None  # seconds since 1970, where the push token is no longer valid


@dataclass(frozen=True, slots=True)
class TeamKey:
    """A key of the team's for token authentication: what stands in a .p8 file, and its identifier at Apple."""

    key_id: str
    team_id: str
    pem: str


class ProviderToken:
    """The token that takes a certificate's place: a JWT, signed with ES256 (RFC 7515, RFC 7518 §3.4)."""

    def __init__(self, team_key: TeamKey) -> None:
        key = load_pem_private_key(team_key.pem.encode(), None)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError("Apple's keys for token authentication are of the curve P-256.")  # noqa: TRY004 -- its text
        self._key = key
        self._header = {"alg": "ES256", "kid": team_key.key_id}
        self._team_id = team_key.team_id
        self._text = ""
        self._issued_at = self._renewed_at = float("-inf")

    def text(self, now: float) -> str:
        """The token to use now; the same one for 40 minutes, as Apple refuses those that change too often."""
        if not -CLOCKS_DIFFER <= now - self._issued_at < TOKEN_LASTS:
            self._issue(now)
        return self._text

    def renew(self, refused: str, now: float) -> str:
        """The token to use after `refused` was called expired; unless one was renewed shortly before, a new one."""
        if refused == self._text and now - self._renewed_at >= TOKEN_SOONEST:
            self._renewed_at = now
            self._issue(now)
        return self._text

    def _issue(self, now: float) -> None:
        claims = {"iss": self._team_id, "iat": int(now)}
        signed = b".".join(_base64(json.dumps(part).encode()) for part in (self._header, claims))
        r, s = decode_dss_signature(self._key.sign(signed, ECDSA(hashes.SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        self._text = b".".join([signed, _base64(signature)]).decode()
        self._issued_at = now


def _base64(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def tls_context() -> ssl.SSLContext:
    """TLS that trusts the authorities of APNS_CA_FILE, or those that browsers trust."""
    authorities = settings.APNS_CA_FILE
    return ssl.create_default_context(cafile=authorities) if authorities else httpx.create_ssl_context()


def present(context: ssl.SSLContext, certificates: str, key: RSAPrivateKey) -> None:
    """Have `context` present a certificate, with those above it. The key never lies on a disk in clear.

    Python reads both from a file only. That file is ours alone, gone at once, and the key in it is encrypted with a
    password that nobody else ever knew.
    """
    password = secrets.token_hex(32).encode()
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    with NamedTemporaryFile() as file:
        file.write(certificates.encode() + b"\n" + encrypted)
        file.flush()
        context.load_cert_chain(file.name, password=password)


class _Line:
    """An HTTP/2 client, and how many pushes are on it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.client = httpx.AsyncClient(
            base_url=settings.APNS_URL,
            verify=context,
            http1=False,
            http2=True,
            trust_env=False,
            timeout=settings.APNS_TIMEOUT / 3,  # of each step: a connection that went silent leaves time for another
            limits=httpx.Limits(max_connections=4, keepalive_expiry=QUIET),
        )
        self.pushes = 0
        self.is_retired = False

    async def retire(self) -> None:
        """Close it when its last push has ended."""
        self.is_retired = True
        if not self.pushes:
            with suppress(Exception):  # there is nothing left to lose on it
                await self.client.aclose()


class Channel:
    """Sends the pushes of one package type over a connection that is kept. All calls from one event loop."""

    def __init__(self, topic: str, context: ssl.SSLContext, team_key: TeamKey | None = None) -> None:
        """`context` presents the type's certificate, unless `team_key` speaks for it."""
        self._topic = topic
        self._context = context
        self._token = ProviderToken(team_key) if team_key else None
        self._line: _Line | None = None

    async def push(self, push_token: str, push_id: UUID, now: float) -> Answer:
        """Send one push; `now` is in seconds since 1970. Raises NoAnswer, at the latest after APNS_TIMEOUT.

        A connection that Apple ends, or that breaks, costs one more try on a fresh one; a provider token that has
        expired costs one more with a new one.
        """
        headers = self._headers(push_id, now)
        token = self._token.text(now) if self._token else ""
        try:
            async with asyncio.timeout(settings.APNS_TIMEOUT):
                answer = await self._surely(push_token, headers, token)
                if self._token and answer.reason == EXPIRED:
                    answer = await self._surely(push_token, headers, self._token.renew(token, now))
                return answer
        except TimeoutError as error:
            await self.close()
            raise NoAnswer("TimeoutError") from error

    def _headers(self, push_id: UUID, now: float) -> dict[str, str]:
        kind = settings.APNS_PUSH_TYPE
        headers = {
            "apns-topic": self._topic,
            "apns-priority": "5" if kind == "background" else "10",
            "apns-expiration": str(int(now) + STORED),
            "apns-id": str(push_id),
        }
        return headers | ({"apns-push-type": kind} if kind else {})

    async def _surely(self, push_token: str, headers: dict[str, str], token: str) -> Answer:
        if token:
            headers = {**headers, "authorization": f"bearer {token}"}
        try:
            return await self._post(push_token, headers)
        except NoAnswer:
            return await self._post(push_token, headers)

    async def _post(self, push_token: str, headers: dict[str, str]) -> Answer:
        line = self._line = self._line or _Line(self._context)
        line.pushes += 1
        try:
            response = await line.client.post(f"/3/device/{quote(push_token, safe='')}", content=BODY, headers=headers)
        except (
            Exception
        ) as error:  # beside httpx's own errors, some of h2's and plain KeyErrors get here after a GOAWAY
            self._leave(line, type(error).__name__)
            raise NoAnswer(type(error).__name__) from error
        else:
            if response.status_code >= 500:  # noqa: PLR2004 -- a server in trouble: the next push goes to another one
                self._leave(line, str(response.status_code))
            return answer_of(response)
        finally:
            line.pushes -= 1
            if line.is_retired:
                await line.retire()

    def _leave(self, line: _Line, why: str) -> None:
        """Let the next push open a fresh connection; what is still on the old one may end."""
        line.is_retired = True
        if self._line is line:
            self._line = None
            logger.info("next push over a fresh connection", type=self._topic, why=why)

    async def close(self) -> None:
        """End the connection, when its last push has ended. A later push opens another."""
        line, self._line = self._line, None
        if line:
            await line.retire()


def answer_of(response: httpx.Response) -> Answer:
    """Apple's answer; whatever is wrong with its text, its status counts."""
    try:
        told: Any = response.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Answer(response.status_code)
    reason, timestamp = told.get("reason"), told.get("timestamp")
    return Answer(
        response.status_code,
        re.sub(r"[^ -~]", "", reason)[:MOST_REASON] if isinstance(reason, str) else "",
        timestamp / 1000 if type(timestamp) is int and 0 < timestamp < 10**14 else None,  # milliseconds
    )
