"""`dev.py demo`: everything on this machine, with a shop to look at. `--check` walks through it and is gone again."""

import argparse
import json
import shutil
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from typing import Any

from devtools import environment, servers
from devtools.environment import PYTHON
from devtools.processes import ROOT, Command, Failed, Process, wait_until
from devtools.progress import say, tail
from devtools.runs import DEMO, SERVERS, Run, begin, demo_lock

RECEIVER = ROOT / "demo" / "receiver.py"
CHECK = ROOT / "demo" / "check.py"
HOST = "127.0.0.1"
GRANIAN = ["-m", "granian", "--interface", "wsgi", "--host", HOST, "--workers", "1", "--blocking-threads", "4"]
GRANIAN += ["--no-ws", "--log-level", "warning"]
WORKER = ["-m", "celery", "-A", "walletapp", "worker", "-P", "threads", "-c", "8", "-l", "info"]
WORKER += ["--without-gossip", "--without-mingle"]
BEAT = ["-m", "celery", "-A", "walletapp", "beat", "--pidfile=", "-l", "info"]


class Demo:
    """The programs of a demo and what it takes to use them."""

    def __init__(self, run: Run, port: int) -> None:
        """Choose the port; nothing is started yet."""
        self.run = run
        self.logs = run.data / "logs"
        self.port = _free_port(port)
        self.url = f"http://{HOST}:{self.port}"
        self.receiver_url = ""
        self.programs: dict[str, Process] = {}

    def start(self) -> dict[str, Any]:
        """Start everything, wait until each part answers, and return what the seed tells of the demo data."""
        addresses = servers.start(self.run, prefer_installed=False)
        settings = servers.django_environment(self.run.data, addresses, self.url)
        servers.migrate(self.run, settings)
        self._start_receiver()
        data = self._seed(settings)
        servers.write_private(self.run.data / "keys.json", [brand["webhook_key"] for brand in data["brands"]])
        self._start("web", [*GRANIAN, "--port", str(self.port), "walletapp.wsgi:application"], settings)
        self._start("worker", WORKER, settings)
        self._start("beat", [*BEAT, "-s", str(self.run.data / "beat-schedule")], settings)
        self._wait("web", lambda: _status(f"{self.url}/ready") == 200)  # noqa: PLR2004
        self._wait("worker", lambda: "ready." in self._log("worker"))
        self._wait("beat", lambda: "beat: Starting..." in self._log("beat"))
        if self.run.data == DEMO:
            servers.write_private(SERVERS, {**addresses, "PUBLIC_URL": self.url})
        return data

    def _start(self, name: str, arguments: list[str], settings: dict[str, str]) -> None:
        self.programs[name] = self.run.children.start([PYTHON, *arguments], self.logs / f"{name}.log", settings)

    def _wait(self, name: str, probe: Callable[[], bool]) -> None:
        wait_until(probe, self.programs[name], self.logs / f"{name}.log", f"The {name} process")
        say(f"{name} is up")

    def _log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")

    def _start_receiver(self) -> None:
        """Start the stand-in for a partner; it takes any free port and says which."""
        keys, calls = self.run.data / "keys.json", self.logs / "webhooks-received.jsonl"
        command: Command = [sys.executable, "-u", RECEIVER, "--port", "0", "--keys-file", keys, "--log", calls]
        log = self.logs / "receiver.log"
        self.programs["receiver"] = self.run.children.start(command, log)
        wait_until(lambda: "listening on" in self._log("receiver"), self.programs["receiver"], log, "The receiver")
        self.receiver_url = self._log("receiver").split("listening on ")[1].split()[0]
        say("the webhook receiver is up")

    def _seed(self, settings: dict[str, str]) -> dict[str, Any]:
        """Put demo data in; on a later start only the receiver's address is new, and secrets are not told again."""
        command: Command = [PYTHON, ROOT / "manage.py", "seed_demo", "--receiver-url", f"{self.receiver_url}/"]
        told = self.run.children.output_of(command, settings)
        file = self.run.data / "demo.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        data: dict[str, Any] = _merge(json.loads(told[told.index("{") :]), known)
        servers.write_private(file, data)
        say("the demo data is in")
        return data

    def wait(self) -> None:
        """Wait for Ctrl-C; if one of the programs ends by itself, say so and show why."""
        while True:
            time.sleep(0.5)
            for name, program in self.programs.items():
                if program.poll() is not None:
                    raise Failed(f"The {name} process has ended.\n{tail(self.logs / f'{name}.log')}")


def main(arguments: list[str]) -> int:
    """Run the demo until Ctrl-C, or check it."""
    parser = argparse.ArgumentParser(prog="dev.py demo")
    parser.add_argument("--port", type=int, default=8000, help="where the web server listens (default: %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="throw the demo's data away first")
    parser.add_argument("--check", action="store_true", help="start it on the side and walk through it")
    options = parser.parse_args(arguments)
    environment.prepare()
    return _check() if options.check else _run(options.port, fresh=options.fresh)


def _run(port: int, *, fresh: bool) -> int:
    with demo_lock("demo") as lock, begin(keep=DEMO, locks=(lock,)) as run:
        if fresh:
            shutil.rmtree(DEMO, ignore_errors=True)
        DEMO.mkdir(mode=0o700, exist_ok=True)
        run.children.remove_at_end(SERVERS)
        demo = Demo(run, port)
        try:
            data = demo.start()
            say("ready")
            print(_welcome(demo, data), flush=True)
            demo.wait()
        except KeyboardInterrupt:
            say("stopping")
    say("stopped")
    return 0


def _check() -> int:
    with begin() as run:
        demo = Demo(run, 0)
        data = demo.start()
        brand = data["brands"][0]
        coupon = next(coupon for coupon in brand["coupons"] if float(coupon["price"]) > 0)
        facts = {"base": demo.url, "token": brand["token"], "brand": brand["uuid"], "webhook-key": brand["webhook_key"]}
        facts |= {"receiver": demo.receiver_url, "coupon": coupon["identifier"]}
        words = [word for name, value in facts.items() for word in (f"--{name}", value)]
        say("walking through it")
        failed = run.children.run([sys.executable, CHECK, *words])
        if failed:
            for log in sorted(demo.logs.glob("*.log")):
                print(tail(log), file=sys.stderr)
    say("the check failed" if failed else "everything was as it should be")
    return failed


def _merge(told: Any, known: Any) -> Any:
    """Fill what is null now with what was told before, brand by brand."""
    if isinstance(told, dict) and isinstance(known, dict):
        return {key: _merge(value, known.get(key)) for key, value in told.items()}
    if isinstance(told, list) and isinstance(known, list):
        earlier = {item["uuid"]: item for item in known if isinstance(item, dict) and "uuid" in item}
        return [_merge(item, earlier.get(item.get("uuid")) if isinstance(item, dict) else None) for item in told]
    return known if told is None else told


def _free_port(wanted: int) -> int:
    """Return the port wanted, or any free one if somebody has it; 0 wants any."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
            say(f"port {wanted} is taken, so this uses {probe.getsockname()[1]}")
        return int(probe.getsockname()[1])


def _status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  always our own http://127.0.0.1
        return int(answer.status)


def _welcome(demo: Demo, data: dict[str, Any]) -> str:
    """Say where everything is, with commands that can be pasted as they are."""
    admin, brand = data["admin"], data["brands"][0]
    token = brand["token"] or "<a token from the admin>"
    orders = f"{demo.url}/shops/{brand['uuid']}/orders"
    coupon = brand["coupons"][0]
    order = {"member": {"email": "ada@example.com", "name": "Ada"}, "items": [], "points": 0}
    order["items"] = [{"coupon": coupon["identifier"], "quantity": 1}]
    shop = f"{demo.url}{data['shop_url']}" if data.get("shop_url") else "(none yet)"
    authorization = f"-H 'Authorization: Bearer {token}'"
    partner = data["partner"]
    secret = partner["client_secret"] or "<a secret from the admin>"
    return f"""
  The shop                {shop}
  The admin               {demo.url}{data["admin_url"]}
                          {admin["email"]}  {admin["password"]}
  The API documentation   {demo.url}{data["docs_url"]}
  Watch webhooks arrive   {demo.receiver_url}/
  Logs                    {demo.logs.relative_to(ROOT)}/

List the orders of {brand["name"]}:

  curl {authorization} {orders}

Place one ("{coupon["title"]}"); the answer says where to pay:

  curl {authorization} -H 'Content-Type: application/json' \\
    -H "Idempotency-Key: $(date +%s)" {orders} \\
    -d '{json.dumps(order)}'

The buyer wallet, with a buyer ({partner["buyer"]}, the same password) and a partner's client:

  The wallet              {demo.url}{partner["wallet_url"]}
  The client              {partner["client_id"]}
                          {secret}

Allow it something; the code is in the address of the page that you come to. Exchange it within five minutes:

  {demo.url}{partner["authorize_url"]}

  curl -u '{partner["client_id"]}:{secret}' {demo.url}/oauth/token \\
    -d grant_type=authorization_code -d redirect_uri={partner["redirect_uri"]} -d code=...

Ctrl-C stops everything; the data stays in {DEMO.relative_to(ROOT)}/ (--fresh throws it away).
"""
