"""Webhooks: deliveries a second beside the bare HTTP client, and the time from placing an order to the receiver."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if Path(folder).resolve() != HERE)]

from bench.support.machine import running  # noqa: E402 -- "webhooks" is the app's name, and must not be this file's

WORKER = ["-m", "celery", "--app", "walletapp", "worker", "--pool", "threads", "--concurrency", "4"]


def measure(*, rounds: int) -> dict[str, Any]:
    """Everything, in one run; the worker starts between the two measurements."""
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as log,
        running(["-m", "bench.support.receiver"], set()) as receiver,
    ):
        url = f"http://127.0.0.1:{int(_line(receiver))}"
        with running(["-m", "bench.support.deliveries", url, str(rounds)], set(), LOG_LEVEL="WARNING") as deliveries:
            figures = dict(json.loads(_line(deliveries)))
            with running([*WORKER, "--loglevel", "WARNING"], set(), errors=log):
                time.sleep(8)  # until the worker listens
                _say(deliveries, "go")
                figures |= json.loads(_line(deliveries))
    return figures | {"took_s": round(time.monotonic() - started, 1)}


def _line(process: Any) -> str:
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a part of the measurement broke off; what it said stands above")
    return str(line)


def _say(process: Any, word: str) -> None:
    process.stdin.write(word + "\n")
    process.stdin.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    figures = measure(rounds=options.rounds)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
