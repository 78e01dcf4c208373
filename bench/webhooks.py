"""Webhooks: deliveries a second beside the bare client and over fresh TLS, and how long news takes beside others'."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if Path(folder).resolve() != HERE)]

from bench.support.machine import asked, pin_postgres, processors, running, sides  # noqa: E402 -- "webhooks" is the app's name, and must not be this file's
from bench.support.program import run  # noqa: E402

WORKER = ["-m", "celery", "--app", "walletapp", "worker", "--pool", "threads", "--concurrency", "8"]
WORKER += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
RECEIVER, RATES, WAITS = "bench.support.receiver", "bench.support.rates", "bench.support.waits"
HOSTS = 500  # different ones, behind TLS
QUIET = {"LOG_LEVEL": "WARNING"}


def measure(*, quick: bool) -> dict[str, Any]:
    """Everything, in one run."""
    rounds = 1 if quick else 5
    sender, others = sides()
    pinned = pin_postgres(others)
    figures = {**kept(sender, others, rounds), **fresh(sender, others, rounds)}
    pin_postgres(processors())
    return {**figures, **waits(), "pinned": pinned}


def kept(sender: set[int], others: set[int], rounds: int) -> dict[str, Any]:
    """Deliveries a second over kept connections: the sender has a processor, everybody else another one."""
    with running(["-m", RECEIVER], others) as receiver:
        url = f"http://127.0.0.1:{int(_line(receiver))}"
        with running(["-m", RATES, "kept", url, str(rounds)], sender, **QUIET) as rates:
            return dict(json.loads(_line(rates)))


def fresh(sender: set[int], others: set[int], rounds: int) -> dict[str, Any]:
    """Deliveries a second, each over a TLS connection of its own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(["-m", "bench.support.tls_receiver", folder, str(HOSTS)], others) as receiver,
    ):
        told = json.loads(_line(receiver))
        words = ["fresh", str(rounds), told["stranger"], *told["urls"]]
        with running(["-m", RATES, *words], sender, SSL_CERT_FILE=told["trusted"], **QUIET) as rates:
            figures = dict(json.loads(_line(rates)))
        handshakes = asked(receiver, "how many?")["handshakes"]
    if handshakes != HOSTS * (rounds + 1):
        raise RuntimeError(f"{handshakes} TLS handshakes were made for {HOSTS * (rounds + 1)} deliveries")
    return figures


def waits() -> dict[str, Any]:
    """How long news takes, through Redis and one worker as in production; nobody is kept to a processor."""
    with (
        tempfile.TemporaryFile("w+") as log,
        running(["-m", RECEIVER], set()) as receiver,
        running(WORKER, set(), errors=log, **QUIET),
    ):
        url = f"http://127.0.0.1:{int(_line(receiver))}"
        with running(["-m", WAITS, url], set(), **QUIET) as parts:
            return dict(json.loads(_line(parts)))


def _line(process: Any) -> str:
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a part of the measurement broke off; what it said stands above")
    return str(line)


if __name__ == "__main__":
    run(__doc__, measure, quick="one round instead of five")
