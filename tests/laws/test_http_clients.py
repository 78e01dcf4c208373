"""One guarded HTTP client: no other file of the apps opens connections. ruff holds it; here is whether ruff does."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RUFF = Path(sys.executable).parent / "ruff"
RULE = "TID251"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINT = PYPROJECT["tool"]["ruff"]["lint"]
APPS = PYPROJECT["tool"]["importlinter"]["root_packages"]
MAY = {
    "webhooks/transport.py",
    "webhooks/answers.py",
    "webhooks/watchdog.py",
    "applewallet/apns.py",
    "orders/payments/mollie.py",
}
OFFENCES = [
    "import requests",
    "from requests import post",
    "from requests.adapters import HTTPAdapter",
    "import requests as http",
    "import urllib3",
    "from urllib3 import PoolManager",
    "import httpx",
    "from httpx import AsyncClient",
    "import httpcore",
    "import aiohttp",
    "import urllib.request",
    "from urllib import request",
    "from urllib.request import urlopen",
    "import http.client",
    "from http import client",
    "from http.client import HTTPSConnection",
    "from xmlrpc.client import ServerProxy",
    "import ftplib",
    "import socket",
    "from socket import create_connection",
    "import asyncio\nasyncio.open_connection",
    "from asyncio import open_connection",
    "from anyio import connect_tcp",
    "def late():\n    import requests",
]


def found_in(code, path):
    """What ruff says of code in a file of this name, by this project's settings."""
    command = [RUFF, "check", "--no-cache", "--output-format=json", f"--stdin-filename={path}", "-"]
    done = subprocess.run(command, cwd=ROOT, input=code + "\n", capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return {one["code"] for one in json.loads(done.stdout)}


@pytest.mark.parametrize("code", OFFENCES)
def test_another_client_is_refused(code):
    assert RULE in found_in(code, "orders/services.py")


@pytest.mark.parametrize("app", APPS)
def test_in_every_app(app):
    for name in ("services.py", "management/commands/one.py", "deep/down/transport.py"):
        assert RULE in found_in("import requests", f"{app}/{name}")


def test_what_opens_no_connection_is_allowed():
    code = (
        "from http import HTTPStatus\nfrom urllib.parse import urlsplit\nimport asyncio\nfrom webhooks import transport"
    )
    assert RULE not in found_in(code, "orders/services.py")


def test_few_files_are_excepted_and_no_line():
    ignored = {pattern for pattern, rules in LINT["per-file-ignores"].items() if {RULE, "TID", "ALL"} & set(rules)}
    assert ignored - {"tests/**", "devtools/*", "demo/*", "bench/*", "docs/**"} == MAY
    assert not {rule for rule in LINT["ignore"] if RULE.startswith(rule)}
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert len(files) > 100
    assert [str(path) for path in files if RULE in path.read_text()] == []


def test_the_client_for_mollie_talks_to_mollie_alone():
    """Every request of that file goes through one client, whose base is a setting, to a path that the file spells."""
    tree = ast.parse((ROOT / "orders/payments/mollie.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {ast.unparse(call.func) for call in calls if ast.unparse(call.func).startswith("httpx.")}
    assert named == {
        "httpx.Client",
        "httpx.create_ssl_context",
        "httpx.codes.is_success",
        "httpx.codes.is_client_error",
    }
    [client] = [call for call in calls if ast.unparse(call.func) == "httpx.Client"]
    given = {word.arg: ast.unparse(word.value) for word in client.keywords}
    assert given["base_url"] == "settings.MOLLIE_URL"
    assert given["trust_env"] == "False"  # no proxy of the environment
    assert "follow_redirects" not in given
    paths = {ast.unparse(call.args[2]) for call in calls if ast.unparse(call.func) == "_call"}
    assert paths == {
        "'/v2/payments'",
        "'/v2/methods'",
        "f'/v2/{name}?limit={MOST_REFUNDS}'",
        "_path(payment)",
        "f'{_path(payment)}?embed=refunds,chargebacks'",
        "path",
        "f'{path}?limit={MOST_REFUNDS}'",
    }
    [of_payment] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "_path"]
    assert "PAYMENT_ID" in ast.unparse(of_payment)
