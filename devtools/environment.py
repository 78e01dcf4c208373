"""The virtual environment in .venv, and what the operating system has to bring."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools.processes import ROOT, Command, Failed
from devtools.progress import say

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCAL = ROOT / ".local"
REQUIREMENTS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
STAMP = VENV / ".requirements-installed"
UV = VENV / "bin" / "uv"
SYSTEM_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")  # of Debian and what is made from it
PIP: Command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]


def prepare() -> None:
    """Make .venv hold what requirements-dev.txt pins. Does nothing when it already does."""
    LOCAL.mkdir(exist_ok=True)
    with one_at_a_time(LOCAL / "venv.lock"):
        wanted = _fingerprint()
        if STAMP.exists() and STAMP.read_text() == wanted and _made_by_this_python():
            return
        if not _made_by_this_python():
            _make_venv()
        _install()
        STAMP.write_text(wanted)
        say("the packages are installed")


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint() -> str:
    version = "{}.{}".format(*sys.version_info[:2])
    return hashlib.sha256(b"".join(file.read_bytes() for file in REQUIREMENTS) + version.encode()).hexdigest()


def _made_by_this_python() -> bool:
    """Tell whether .venv is whole and of our minor version; compiled packages fit no other one."""
    ask: Command = [PYTHON, "-c", "import pip, sys; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.split() == [str(number) for number in sys.version_info[:2]]


def _make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None and not apt_install(["python3-venv"]):
        raise Failed("This Python cannot make virtual environments. Install python3-venv and start again.")
    say(f"creating .venv with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    # Started with the python of another virtual environment, the base one is the one to build on.
    run_installer([getattr(sys, "_base_executable", sys.executable), "-m", "venv", VENV])


def _install() -> None:
    say("installing what requirements-dev.txt pins (the first time takes about half a minute)")
    if not UV.exists():
        with suppress(Failed):
            run_installer([*PIP, "uv"])
    install("-r", REQUIREMENTS[-1])


def install(*pinned: str | Path) -> None:
    """Install with uv, which is several times faster, and with pip where uv does not work. Raises Failed."""
    try:
        run_installer(
            [VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", *pinned]
        )
    except Failed as failure:
        say(f"uv could not do it, so pip does: {str(failure).splitlines()[-1]}")
        run_installer([*PIP, "--require-hashes", *pinned])


def run_installer(command: Command, folder: Path = ROOT) -> None:
    """Run an installer; its output is shown only if it fails. Raises Failed."""
    environment = dict(os.environ)
    if SYSTEM_AUTHORITIES.is_file():  # whom the machine trusts, uv and npm should trust as well
        for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
            environment.setdefault(name, str(SYSTEM_AUTHORITIES))
    if not os.access(Path("~").expanduser(), os.W_OK):  # a service user without a home still needs a cache
        environment["UV_CACHE_DIR"] = str(LOCAL / "uv-cache")
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failed(f"`{words[0]}` does not start: {error.strerror}") from error
    if done.returncode:
        raise Failed(f"`{' '.join(words)}` failed:\n{done.stdout}{done.stderr}".rstrip())


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages if we are root on Debian or a system made from it; tell whether that worked."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"installing with apt-get: {' '.join(packages)}")
    apt = ["apt-get", "-q", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            [*apt, *step], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    if done.returncode:
        say(f"apt-get could not: {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1]}")
    return done.returncode == 0


def in_packages(pattern: str) -> Path:
    """Find a file that a package brought into .venv."""
    found = next(VENV.glob(f"lib/python*/site-packages/{pattern}"), None)
    if found is None:
        raise Failed(f"There is no {pattern} in .venv. Remove .venv and start again.")
    return found
