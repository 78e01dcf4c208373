"""Processors, ports and the processes that a measurement starts."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "shop.example"


def database() -> psycopg.Connection[Any]:
    """A connection to the database of DATABASE_URL."""
    address = urlsplit(os.environ["DATABASE_URL"])._replace(scheme="postgresql").geturl()
    return psycopg.connect(address, autocommit=True)


def manage(*words: str) -> str:
    """Run a command of manage.py and return what it prints; what goes wrong is shown."""
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def free_port() -> int:
    """A port of the loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pin_postgres(processors: set[int]) -> bool:
    """Keep PostgreSQL's new backends to these processors; tell whether that was possible."""
    with database() as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    return row is not None and _pin(int(row[0].split("\n")[0]), processors)


def _pin(process: int, processors: set[int]) -> bool:
    try:
        os.sched_setaffinity(process, processors)
    except (AttributeError, OSError):  # not Linux, another's process, a server elsewhere
        return False
    return True


def cpu_seconds(process: int) -> float | None:
    """The seconds that a process of this machine has been at work, to a hundredth; None if that cannot be read."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processors() -> set[int]:
    """All that this process may use; none where they cannot be chosen."""
    try:
        return os.sched_getaffinity(0)
    except AttributeError:
        return set()


def sides() -> tuple[set[int], set[int]]:
    """The processors of server and client; both the same where there is one or where they cannot be chosen."""
    usable = sorted(processors())
    return set(usable[:1]), set(usable[-1:])


@contextlib.contextmanager
def running(
    module: Sequence[str], processors: set[int], *, errors: IO[str] | None = None, **environment: str
) -> Iterator["subprocess.Popen[str]"]:
    """A Python program in the background, with pipes to talk to it, that ends with the block."""
    process = subprocess.Popen(
        [sys.executable, *module],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    if processors:
        _pin(process.pid, processors)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def web_server(application: str, processors: set[int], **environment: str) -> Iterator[int]:
    """Serve a WSGI application with granian as in production; the port is what one gets."""
    port = free_port()
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--no-ws"]
    options += ["--workers", "2", "--blocking-threads", "1"]
    with (
        tempfile.TemporaryFile("w+") as log,  # a line for each request is part of the cost, as in production
        running(["-m", "granian", *options, application], processors, errors=log, **environment) as process,
    ):
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.1)
        try:
            yield port
        except Exception:
            log.seek(0)
            print("".join(log.readlines()[-20:]), file=sys.stderr)
            raise


def asked(process: "subprocess.Popen[str]", word: str) -> dict[str, Any]:
    """Say a word to a process and wait for its line of JSON."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    process.stdin.write(word + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a part of the measurement broke off; what it said stands above")
    return dict(json.loads(line))


class Client:
    """The load generator's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    @classmethod
    @contextlib.contextmanager
    def start(cls, processors: set[int]) -> Iterator[Self]:
        """Start it."""
        with running(["-m", "bench.support.load"], processors) as process:
            yield cls(process)

    def do(self, **job: Any) -> dict[str, Any]:
        """Have one job done."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the client has no pipes")
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the client broke off; what it said stands above")
        return dict(json.loads(answer))
