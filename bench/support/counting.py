"""Counts the statements that reach PostgreSQL: a socket between client and server that reads along."""

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from urllib.parse import quote

from bench.support.machine import database


class Counter:
    """How many statements have passed."""

    statements = 0


def _read(source: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = source.recv(length - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _forward(client: socket.socket, server: socket.socket, counter: Counter) -> None:
    """Pass messages on; a simple query (Q) and each execution of a prepared one (E) is a statement."""
    with contextlib.suppress(OSError, EOFError):
        kind = b""  # the first message, and it alone, has no letter
        while True:
            length = _read(client, 4)
            rest = _read(client, int.from_bytes(length) - 4)
            server.sendall(kind + length + rest)
            kind = _read(client, 1)
            counter.statements += kind in {b"Q", b"E"}


def _return(server: socket.socket, client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := server.recv(1 << 16):
            client.sendall(data)


def _accept(listener: socket.socket, address: str, counter: Counter) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _name = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(address)
            threading.Thread(target=_forward, args=(client, server, counter), daemon=True).start()
            threading.Thread(target=_return, args=(server, client), daemon=True).start()


@contextlib.contextmanager
def counted() -> Iterator[tuple[str, Counter]]:
    """A DATABASE_URL that leads through the counter, and the counter. The server must listen on a Unix socket."""
    with database() as connection:
        info = connection.info
        port, host, query = info.port, info.host, f"{info.dbname}?host="
        user = info.user
    counter = Counter()
    with tempfile.TemporaryDirectory(prefix="bench") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(folder, f".s.PGSQL.{port}"))  # noqa: PTH118 -- a socket's name, not a file
        listener.listen(64)
        address = f"{host}/.s.PGSQL.{port}"
        threading.Thread(target=_accept, args=(listener, address, counter), daemon=True).start()
        yield f"postgres://{user}@/{query}{quote(folder, safe='')}", counter
