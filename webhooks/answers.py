"""What the guarded client reads of an answer: little, however much there is."""

from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, BinaryIO

import requests
from urllib3.exceptions import HTTPError

MOST_BYTES = 16 * 1024  # read of an answer's body
MOST_HEAD = 32 * 1024  # bytes of its status line and headers
KEPT = 1000  # characters of its body that are kept
MOST_KEPT_HEADERS = 2000  # characters of its headers, likewise
SECRETS = {"set-cookie", "set-cookie2", "authorization", "proxy-authorization"}  # whose values nobody needs to read


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: its status, at most MOST_BYTES of its body, and from which address."""

    status: int
    body: bytes
    address: str | None
    retry_after: str
    headers: str = ""  # as the receiver wrote them, a line each; at most MOST_KEPT_HEADERS characters

    def text(self) -> str:
        """The beginning of the body, as text that PostgreSQL can keep."""
        return self.body.decode("utf-8", "replace").replace("\0", "")[:KEPT]


class _Head:
    """The lines before an answer's body: no more than MOST_HEAD bytes of them, and none of them missing.

    Python takes the end of a connection for the end of the headers. What broke off there may have been anything
    (RFC 9112 §8).
    """

    def __init__(self, answer: BinaryIO) -> None:
        self._answer = answer
        self._left = MOST_HEAD
        self.close = answer.close

    def readline(self, most: int) -> bytes:
        line = self._answer.readline(min(most, self._left + 1))
        if not line and self._left < MOST_HEAD:  # before the first line Python notices it itself
            raise HTTPException("The answer broke off.")
        self._left -= len(line)
        if self._left < 0:
            raise HTTPException("The answer's headers are too long.")
        return line


class ShortHeaded(HTTPResponse):
    """Takes short headers only. Python's own takes a hundred of 64 kB, and needs eight times as much to read them."""

    def begin(self) -> None:
        """Read the status line and the headers."""
        answer = self.fp
        head: Any = _Head(answer)
        self.fp = head
        try:
            super().begin()
        finally:
            if self.fp is head:  # else it is closed already
                self.fp = answer


def beginning_of(response: requests.Response) -> bytes:
    """At most MOST_BYTES of a body, as it came. Raises requests.ConnectionError for one that breaks off."""
    text = b""
    try:
        while len(text) < MOST_BYTES:
            more = response.raw.read(MOST_BYTES - len(text), decode_content=False)
            if not more:
                return text
            text += more
    except HTTPError as error:  # urllib3's: a body shorter than promised, a broken chunk
        raise requests.ConnectionError("The answer broke off.") from error
    response.raw.close()  # not a connection to keep: there may be gigabytes left
    return text


def headers_kept(response: requests.Response) -> str:
    """The answer's headers as text that PostgreSQL can keep, without the values of SECRETS."""
    lines = (f"{name}: {'…' if name.lower() in SECRETS else value}" for name, value in response.headers.items())
    return "\n".join(lines).replace("\0", "")[:MOST_KEPT_HEADERS]


def peer_of(response: requests.Response) -> str | None:
    """The IP address that answers, while the connection is there."""
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    try:
        return str(sock.getpeername()[0]) if sock else None
    except OSError:
        return None
