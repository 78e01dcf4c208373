"""What the person at the terminal sees while things happen. All of it goes to stderr: stdout belongs to results."""

import sys
import time
from pathlib import Path

STARTED = time.monotonic()


def say(message: str) -> None:
    """Print one line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f}s] {message}", file=sys.stderr, flush=True)


def tail(log: Path, lines: int = 30) -> str:
    """Return the end of a log file under a heading."""
    text = log.read_text(errors="replace") if log.exists() else ""
    last = text.splitlines()[-lines:] or ["(empty)"]
    return "\n".join([f"--- the end of {log}", *last])
