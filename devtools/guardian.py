"""Ends what dev.py started, when dev.py is gone, however it went.

dev.py starts this program first and holds the other end of its stdin. Down that pipe go lines of JSON that name the
process groups to end and the paths to remove. The pipe closes when dev.py is done, and also when it is killed with
kill -9, when its terminal goes away or when it crashes. So there is one way of stopping, and every run walks it.

The locks that dev.py took are open here too: they stay taken until the last child is gone.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE = 10.0  # seconds between asking a process to end and making it
PROC = Path("/proc")


def group_is_alive(group: int) -> bool:
    """Tell whether a process group has a member that still runs; one that only waits to be reaped does not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS answers "not permitted" for a group of zombies
        return False
    if not (PROC / "self/stat").exists():
        return True
    return any(stat[2] == str(group) and stat[0] not in "ZX" for stat in map(process_stat, process_ids()) if stat)


def process_ids() -> list[int]:
    """Return the ids of all processes; empty where there is no /proc."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()] if PROC.is_dir() else []


def process_stat(pid: int) -> list[str]:
    """Return state, parent and group of a process, or nothing if it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return []


def processes_naming(run: str) -> list[int]:
    """Find the processes whose environment or command line names a run, whatever group or session they moved to."""
    found = []
    for pid in process_ids():
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            words = [(PROC / str(pid) / file).read_bytes() for file in ("environ", "cmdline")]
            if pid != os.getpid() and any(run.encode() in text for text in words):
                found.append(pid)
    return found


def end_groups(groups: dict[int, int]) -> None:
    """Send each group its signal, wait for all of them, and kill what is left."""
    for group, polite in groups.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, polite)
    deadline = time.monotonic() + PATIENCE
    while any(map(group_is_alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for group in filter(group_is_alive, groups):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def end_run(run: str) -> None:
    """End every process that names a run: politely first, as a server cleans up after itself."""
    for polite, wait in ((signal.SIGINT, PATIENCE / 2), (signal.SIGKILL, 1.0)):
        deadline = time.monotonic() + wait
        for pid in processes_naming(run):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, polite)
        while processes_naming(run) and time.monotonic() < deadline:
            time.sleep(0.05)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def guard(run: str, lines: Iterable[str]) -> None:
    """Take notes until the pipe closes; then end the children, the servers that they use after them, and tidy up."""
    stages: dict[str, dict[int, int]] = {"program": {}, "server": {}}
    leftovers: list[Path] = []
    for line in lines:
        note = json.loads(line)
        if "remove" in note:
            leftovers.append(Path(note["remove"]))
        elif "forget" in note:
            for groups in stages.values():
                groups.pop(note["forget"], None)
        else:
            stages[note["stage"]][note["group"]] = note["signal"]
    for groups in stages.values():
        end_groups(groups)
    end_run(run)
    for path in leftovers:
        remove(path)


if __name__ == "__main__":
    guard(sys.argv[1], sys.stdin)
