"""Receivers that mean harm (webhooks.md §E3, 30 to 41), each a function that treats a connection; and a canary."""

import gzip
import re
import socket
import struct
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

OK = b"HTTP/1.1 200 OK\r\n"
BLOCK = b"x" * 65536


@contextmanager
def listening(behave, host="127.0.0.1", port=0):
    """A server that treats each connection with `behave(connection, stop)`, many at once; yields its URL."""
    server = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    stop, treated = threading.Event(), []
    name = f"[{host}]" if ":" in host else host

    def treat(connection):
        with connection, suppress(OSError):
            behave(connection, stop)

    def serve():
        with suppress(OSError):
            while True:
                treated.append(threading.Thread(target=treat, args=[server.accept()[0]], daemon=True))
                treated[-1].start()

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    try:
        yield f"http://{name}:{server.getsockname()[1]}/"
    finally:
        stop.set()
        server.shutdown(socket.SHUT_RDWR)  # wakes accept, as close would not
        server.close()
        for thread in [accepting, *treated]:
            thread.join(5)


@contextmanager
def canary():
    """Listeners on loopback, by IPv4 and by IPv6 where there is any, that nobody may reach; yields their port."""
    seen = []

    def sing(connection, _stop):
        seen.append(connection.getpeername())

    with listening(sing) as url, ExitStack() as beside:
        port = int(url.rstrip("/").rpartition(":")[2])
        with suppress(OSError):  # no IPv6 here
            beside.enter_context(listening(sing, "::1", port))
        yield port
        time.sleep(0.02)
    assert seen == []


def read_request(connection):
    """All of it: a connection that is closed with something unread takes its answer along."""
    data, length = b"", 0
    while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < length:
        more = connection.recv(65536)
        if not more:
            break
        data += more
        found = re.search(rb"content-length: (\d+)", data.lower())
        length = int(found[1]) if found else 0
    return data


def dripping(before, drop=b"x"):
    def behave(connection, stop):
        read_request(connection)
        connection.sendall(before)
        while not stop.is_set():
            connection.sendall(drop)
            time.sleep(0.05)

    return behave


def answering(*parts):
    def behave(connection, _stop):
        read_request(connection)
        for part in parts:
            connection.sendall(part)

    return behave


def flooding(before, block):
    def behave(connection, stop):
        read_request(connection)
        connection.sendall(before)
        while not stop.is_set():
            connection.sendall(block)

    return behave


def resetting(before):
    def behave(connection, _stop):
        read_request(connection)
        connection.sendall(before)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def redirecting(status, to, length=0):
    return answering(f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: {length}\r\n\r\n".encode())


def in_circles(connection, _stop):
    """Redirects to itself, for ever."""
    here = "http://{}:{}/".format(*connection.getsockname())
    redirecting(307, here)(connection, _stop)


SLOW = {
    "never answers": dripping(b"", b""),
    "drips the status line": dripping(b"", b"H"),
    "drips headers": dripping(OK, b"a: b\r\n"),
    "drips one long header": dripping(OK + b"a: ", b"b"),
    "drips the body": dripping(OK + b"Content-Length: 99999\r\n\r\n"),
    "says 100 Continue for ever": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "drips the length of a chunk": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
}
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + BLOCK + b"\r\n"
FOUND = b"HTTP/1.1 302 Found\r\nLocation: /\r\n"
# Answers of which the beginning is taken.
HUGE = {
    "2 GB": flooding(OK + b"Content-Length: 2000000000\r\n\r\n", BLOCK),
    "no length and no end": flooding(OK + b"\r\n", BLOCK),
    "endless chunks": flooding(CHUNKED, CHUNK),
    "redirect with 1 GB": flooding(FOUND + b"Content-Length: 1000000000\r\n\r\n", BLOCK),
    "redirect with endless chunks": flooding(FOUND + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK),
    "error page without an end": flooding(b"HTTP/1.1 500 Oh\r\n\r\n", BLOCK),
}
BOMB = gzip.compress(bytes(400_000_000), 9)
BOMBS = {
    "gzip": answering(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB),
    "gzip in chunks": answering(
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BOMB), BOMB, b"\r\n0\r\n\r\n"
    ),
    "gzip as transfer encoding": answering(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", BOMB),
}
LONG_LINE = b"b" * 60_000
HEADERS = {
    "99 headers of 60 kB": answering(OK, *[b"a%d: %b\r\n" % (n, LONG_LINE) for n in range(99)], b"\r\n"),
    "200 headers": answering(OK + b"a: b\r\n" * 200 + b"\r\n"),
    "a header of 70 kB": answering(OK + b"a: " + b"b" * 70_000 + b"\r\n\r\n"),
    "headers without an end": flooding(OK, b"a: " + LONG_LINE + b"\r\n"),
    "a status line without an end": flooding(b"HTTP/1.1 200 ", BLOCK),
    "a status line of 60 kB, again and again": flooding(b"", b"HTTP/1.1 100 " + LONG_LINE + b"\r\n\r\n"),
    "trailers without an end": flooding(CHUNKED + b"0\r\n", b"a: " + LONG_LINE + b"\r\n"),
    "chunk extensions without an end": flooding(CHUNKED + b"1;", BLOCK),
}
BROKEN = {
    "hangs up": answering(b""),
    "hangs up in the status line": answering(OK[:-2]),
    "hangs up after the status line": answering(OK),
    "hangs up in a header": answering(OK + b"Content-Le"),
    "hangs up after a header": answering(OK + b"Content-Length: 0\r\n"),
    "resets": resetting(b""),
    "resets in the headers": resetting(OK + b"a: b\r\n"),
    "greets as SSH": answering(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "speaks TLS to plain text": answering(b"\x15\x03\x01\x00\x02\x02\x46"),
    "sends a short body": answering(OK + b"Content-Length: 99\r\n\r\nshort"),
    "sends a broken chunk": answering(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "sends two lengths": answering(OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nshort"),
    "sends no status": answering(b"HTTP/1.1 abc\r\n\r\n"),
}
REDIRECTS = {
    **{f"{status} to the metadata": redirecting(status, "http://169.254.169.254/") for status in (302, 307, 308)},
    "in circles": in_circles,
    "to a place that is none": redirecting(302, "http://[::1"),
    "to bytes": redirecting(302, "\x00\xff"),
}
ODD = {
    "NUL and half characters": answering(OK + b"Content-Length: 7\r\n\r\na\0b\xff\xc3\xedz"),
    "a cookie": answering(OK + b"Set-Cookie: tenant=secret\r\nContent-Length: 0\r\n\r\n"),
}
EVERYBODY = SLOW | HUGE | BOMBS | HEADERS | BROKEN | REDIRECTS | ODD
