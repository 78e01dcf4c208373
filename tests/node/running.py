"""Starting programs under Node, with the packages of this folder's package-lock.json."""

import os
import subprocess

import pytest

from devtools import node

FOLDER = node.ROOT / "tests" / "node"


def start(script, *arguments):
    """Start a script of this folder. Without Node, as where no registry is reachable, the test is skipped."""
    if not node.is_ready():
        pytest.skip("tests/node is not installed: python3 dev.py test does that, and says what is in its way")
    command = [node.NODE, FOLDER / script, *arguments]
    environment = os.environ | {"NODE_PATH": str(node.PACKAGES)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
