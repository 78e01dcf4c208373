"""One run of dev.py: a name, a folder for sockets, a folder for throwaway data, a lock, and the children."""

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from devtools import guardian
from devtools.environment import LOCAL, one_at_a_time
from devtools.processes import Children, Failed

DEMO = LOCAL / "demo"
SERVERS = DEMO / "servers.json"
DEMO_LOCK = LOCAL / "demo.lock"
# Paths of Unix sockets may have about 100 characters, and a clone may lie deep: so sockets live here.
SOCKETS = "/tmp/walletapp-"  # noqa: S108  made with mkdir and mode 0700, which refuses what is already there


class DemoIsRunning(Failed):
    """The demo of this clone runs already, in another terminal."""


class Run:
    """The folders and the children of one start of dev.py."""

    def __init__(self, sockets: Path, data: Path, children: Children) -> None:
        """Use `begin` to get one."""
        self.sockets = sockets
        self.data = data
        self.children = children


@contextmanager
def begin(*, keep: Path | None = None, locks: tuple[int, ...] = ()) -> Iterator[Run]:
    """Begin a run, with data that is thrown away at the end, or with data that is kept in the folder given."""
    LOCAL.mkdir(exist_ok=True)
    name = secrets.token_hex(4)
    own, sockets = LOCAL / f"run-{name}", Path(SOCKETS + name)
    with one_at_a_time(LOCAL / "runs.lock"):  # nobody may take a run for a dead one before it holds its lock
        _clear_dead_runs()
        own.mkdir(mode=0o700)
        sockets.mkdir(mode=0o700)
        lock = (own / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    with lock, Children(str(sockets), (lock.fileno(), *locks)) as children:
        children.remove_at_end(sockets, own)
        yield Run(sockets, keep or own, children)


def _clear_dead_runs() -> None:
    """Clear what runs of this clone left behind whose guardian was killed too, or that ended with the machine."""
    for own in LOCAL.glob("run-*"):
        with (own / "lock").open("w") as lock:
            if _try_lock(lock):
                sockets = SOCKETS + own.name.removeprefix("run-")
                guardian.end_run(sockets)
                guardian.remove(Path(sockets))
                guardian.remove(own)


def _try_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def demo_lock(command: str) -> Iterator[int]:
    """Be the only one that uses the demo's data. Waits for a short command, but not for a demo that runs."""
    LOCAL.mkdir(exist_ok=True)
    deadline = time.monotonic() + 120
    with DEMO_LOCK.open("a") as lock:
        while not _try_lock(lock):
            holder = _holder()
            if holder.get("command") == "demo" and _is_alive(holder["pid"]):
                raise DemoIsRunning(f"The demo of this clone is already running (process {holder['pid']}).")
            if time.monotonic() > deadline:
                raise Failed(f"The demo's data has been in use for two minutes, by {holder}.")
            time.sleep(0.1)
        DEMO_LOCK.write_text(json.dumps({"command": command, "pid": os.getpid()}))
        yield lock.fileno()


def _holder() -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads(DEMO_LOCK.read_text()))
    return {}


def _is_alive(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
