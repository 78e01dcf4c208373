"""`dev.py test`: linters and types, then the tests, on a PostgreSQL and a Redis made for this run."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from devtools import environment, node, servers
from devtools.environment import PYTHON, VENV
from devtools.processes import ROOT, Children
from devtools.progress import say
from devtools.runs import begin

BIN = VENV / "bin"
CORES = os.cpu_count() or 2
# What the tests want from the operating system: any of these programs or files, and the Debian package with it.
WANTED = {
    "chromium": ["chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app"],
    "redis-server": ["redis-server", "valkey-server"],
    "fonts-dejavu-core": ["/usr/share/fonts/truetype/dejavu", "/Library/Fonts"],
    "php-cli": ["php"],
    "curl": ["curl"],
    "nodejs": ["node"],
    "iproute2": ["ip", "/System/Library"],  # macOS has no network namespaces to test with
}


def main(arguments: list[str]) -> int:
    """Run everything; with arguments for pytest only the tests, and only those that the arguments choose."""
    environment.prepare()
    _bring_programs()
    node.prepare()
    with begin() as run:
        settings = servers.django_environment(run.data, servers.start(run, hurried=True))
        failed = [] if arguments else _lint(run.children, settings)
        if failed:
            say(f"failed: {', '.join(failed)}. The tests follow, and this run counts as failed whatever they say.")
        tests = run.children.run([BIN / "pytest", *_in_parallel(arguments), *arguments], settings)
        return tests or bool(failed)


def _bring_programs() -> None:
    """Install what is missing where apt-get can, and elsewhere say what to install."""
    missing = [package for package, any_of in WANTED.items() if not any(map(_is_there, any_of))]
    if missing and not environment.apt_install(missing):
        say(f"missing here: {', '.join(missing)} (names of Debian packages). Going on without.")


def _is_there(name: str) -> bool:
    return os.path.exists(name) if name.startswith("/") else shutil.which(name) is not None  # noqa: PTH110


def _in_parallel(arguments: list[str]) -> list[str]:
    """Spread the tests over the cores, unless the caller decides, or wants a debugger, which needs one process.

    Three processes for two cores, as many tests wait for a browser, a worker or a time that passes. A process that has
    done its share takes over some of another's: some tests take a hundred times as long as others.
    """
    own_choice = any(word.startswith(("-n", "--numprocesses", "--pdb", "--trace")) for word in arguments)
    return [] if own_choice or "no:xdist" in arguments else ["-n", str(max(2, CORES * 3 // 2)), "--dist", "worksteal"]


def _linters() -> dict[str, list[str]]:
    manage = [str(PYTHON), str(ROOT / "manage.py")]
    commands = {
        "mypy": [str(BIN / "mypy")],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "django check": [*manage, "check"],
        "import contracts": [str(BIN / "lint-imports")],
        "ruff check": [str(BIN / "ruff"), "check", "--output-format=concise", "."],
        "ruff format": [str(BIN / "ruff"), "format", "--check", "--output-format=concise", "."],
    }
    if (ROOT / "templates").is_dir():
        commands["templates"] = [str(BIN / "djlint"), "templates", "--lint", "--check"]
    return commands


def _lint(children: Children, settings: dict[str, str]) -> list[str]:
    """Run the linters side by side; show what the failing ones say and return their names."""

    def run(linter: tuple[str, list[str]]) -> str | None:
        name, command = linter
        started = time.monotonic()
        done = children.listen(command, settings, stderr=subprocess.STDOUT)
        verdict = "FAILED" if done.returncode else "ok    "
        say(f"{verdict} {name} ({time.monotonic() - started:.1f} s)")
        if done.returncode:
            print(f"--- {name}: {' '.join(command)}\n{done.stdout.rstrip()}\n", flush=True)
        return name if done.returncode else None

    pool = ThreadPoolExecutor(max_workers=CORES)
    try:
        return _present(pool.map(run, _linters().items()))
    finally:  # after Ctrl-C nobody waits for mypy: the guardian ends it
        pool.shutdown(wait=False, cancel_futures=True)


def _present(names: Iterable[str | None]) -> list[str]:
    return [name for name in names if name]
