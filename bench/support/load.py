"""A client that costs little: keep-alive connections on one epoll, one process, jobs and results as lines of JSON.

A job is {"port", "head", "connections", "seconds"}, where `head` is the text of a whole request, or a list of texts for
each connection, which sends them in turn; or {"port", "walk", "token", "host", "pages"}, which follows next_page_url
with one connection; or {"port", "fetch"}, one request whose answer comes back. Answers must be 200 with a
Content-Length, or 204 or 304.
"""

import itertools
import selectors
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import orjson

READ = 1 << 18


class Connection:
    """One keep-alive connection with at most one request on its way."""

    def __init__(self, port: int, *requests: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = itertools.cycle(requests)
        self.took: list[float] = []

    def send(self) -> None:
        """Send the next request."""
        self.answer, self.length = b"", 0
        self.started = time.perf_counter()
        self.socket.sendall(next(self.requests))

    def receive(self) -> bool:
        """Read what is there; tell whether the answer is whole."""
        data = self.socket.recv(READ)
        if not data:
            raise ConnectionError("the server hung up")
        self.answer += data
        if not self.length:
            self.length = _length(self.answer)
        if not self.length or len(self.answer) < self.length:
            return False
        self.took.append(time.perf_counter() - self.started)
        return True

    def fetch(self, request: bytes) -> bytes:
        """Send one request and wait for the body of its answer."""
        self.requests = itertools.cycle([request])
        self.send()
        while not self.receive():
            pass
        return self.answer[self.answer.index(b"\r\n\r\n") + 4 :]


def _length(answer: bytes) -> int:
    """Bytes of the whole answer, 0 while its head is not whole."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = answer[:end].lower()
    if head.startswith((b"http/1.1 304", b"http/1.1 204")):  # have no body
        return end + 4
    if not head.startswith(b"http/1.1 200"):
        raise ConnectionError(answer[:500].decode(errors="replace"))
    start = head.index(b"content-length:") + 15
    return end + 4 + int(head[start:].split(b"\r\n", 1)[0])


def burst(job: dict[str, Any]) -> dict[str, Any]:
    """Keep every connection busy for so many seconds."""
    heads = [[job["head"]]] * job["connections"] if isinstance(job["head"], str) else job["head"]
    connections = [Connection(job["port"], *map(str.encode, each)) for each in heads]
    started = time.perf_counter()
    until = started + job["seconds"]
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        while time.perf_counter() < until or not any(connection.took for connection in connections):
            for key, _events in selector.select(1.0):
                if key.data.receive():
                    key.data.send()
    seconds = time.perf_counter() - started
    for connection in connections:
        connection.socket.close()
    took = sorted(one for connection in connections for one in connection.took)
    return {
        "rate": len(took) / seconds,
        "p50_ms": 1000 * took[len(took) // 2],
        "p99_ms": 1000 * took[len(took) * 99 // 100],
    }


def walk(job: dict[str, Any]) -> dict[str, Any]:
    """Follow next_page_url from the first page on, as an export does."""
    connection = Connection(job["port"])
    url = job["walk"]
    started = time.perf_counter()
    for _ in range(job["pages"]):
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        url = orjson.loads(connection.fetch(request(target, job["token"], job["host"]).encode()))["next_page_url"]
    return {"seconds": time.perf_counter() - started, "took": connection.took}


def fetch(job: dict[str, Any]) -> dict[str, Any]:
    """One request."""
    connection = Connection(job["port"])
    with connection.socket:
        return {"body": connection.fetch(job["fetch"].encode()).decode()}


JOBS = {"walk": walk, "fetch": fetch, "head": burst}


def request(target: str, token: str, host: str) -> str:
    """The text of a GET."""
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\r\n"


def main() -> None:
    """Answer jobs until there are no more."""
    for line in sys.stdin:
        job = orjson.loads(line)
        kind = next(kind for kind in JOBS if kind in job)
        answer = JOBS[kind](job)
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
