"""`dev.py manage`: manage.py with the demo's servers. Stdout carries what manage.py prints and nothing else."""

import json
import time

from devtools import environment, servers
from devtools.processes import ROOT
from devtools.runs import DEMO, SERVERS, DemoIsRunning, begin, demo_lock


def main(arguments: list[str]) -> int:
    """Use the servers of the demo that runs, or start them for as long as the command takes."""
    environment.prepare()
    try:
        with demo_lock("manage") as lock, begin(keep=DEMO, locks=(lock,)) as run:
            settings = servers.django_environment(DEMO, servers.start(run, prefer_installed=False))
            servers.migrate(run, settings)
            return run.children.run(_command(arguments), settings, cwd=None)
    except DemoIsRunning:
        addresses = _of_the_running_demo()
        with begin() as run:
            settings = servers.django_environment(DEMO, addresses, addresses["PUBLIC_URL"])
            return run.children.run(_command(arguments), settings, cwd=None)


def _command(arguments: list[str]) -> list[str]:
    return [str(environment.PYTHON), str(ROOT / "manage.py"), *arguments]


def _of_the_running_demo() -> dict[str, str]:
    """Read where its servers are, waiting for a demo that has only just been started."""
    deadline = time.monotonic() + 60
    while not SERVERS.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return dict(json.loads(SERVERS.read_text()))
