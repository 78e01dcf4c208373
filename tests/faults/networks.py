"""A world whose programs live in networks of their own, each behind a cable that can be pulled.

The networks are Linux's network namespaces: they need root and iproute2. A namespace lives as long as its processes, so
nothing is left behind, and nothing of the machine's own network is touched.
"""

import os
import shutil
import subprocess
from pathlib import Path

from devtools.processes import wait_until
from tests.faults.world import WHOLE, World

PROGRAMS = ["ip", "unshare", "nsenter"]
# The short form shortens the patience of both ends of a connection to PostgreSQL. The whole form has the settings' own.
IMPATIENT_CLIENT = "?connect_timeout=2&keepalives_idle=1&keepalives_interval=1&keepalives_count=2&tcp_user_timeout=2000"
IMPATIENT_SERVER = (
    "-c idle_in_transaction_session_timeout=4s -c tcp_keepalives_idle=1 -c tcp_keepalives_interval=1"
    " -c tcp_keepalives_count=2 -c tcp_user_timeout=2s"
)
NOTICED = 120.0 if WHOLE else 30.0  # seconds after which both ends of a connection must know that they are apart


def why_not():
    """Why this machine has no such networks for us; empty when it has."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        return f"network namespaces need the programs {', '.join(missing)} (Debian: iproute2, util-linux)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    pair = ["ip", "link", "add", "one", "type", "veth", "peer", "name", "other"]
    done = subprocess.run(["unshare", "--net", *pair], capture_output=True, text=True, check=False)
    return f"this machine gives no network namespaces: {done.stderr.strip()}" if done.returncode else ""


class Network:
    """A network namespace, kept by a process that does nothing else."""

    def __init__(self, run, name):
        log = run.data / "logs" / f"network-{name}.log"
        self.keeper = run.children.start(["unshare", "--net", "sleep", "infinity"], log, stage="server")
        place, ours = (Path(f"/proc/{who}/ns/net") for who in (self.keeper.pid, "self"))
        wait_until(lambda: place.readlink() != ours.readlink(), self.keeper, log, f"The network {name}")
        self.inside = ["nsenter", f"--net={place}"]
        self.ip("link set lo up")

    def ip(self, words):
        subprocess.run([*self.inside, "ip", *words.split()], check=True)


class DividedWorld(World):
    """PostgreSQL and the receiver are in one network, each of our programs in another, with a cable to that one."""

    host = listen = "10.99.0.1"

    def start(self):
        self.middle = Network(self.run, "middle")
        self.middle.ip(f"address add {self.host}/32 dev lo")
        self.inside = self.middle.inside
        self.networks = {}
        super().start()
        self.settings |= {
            "DATABASE_URL": f"postgres://postgres@{self.host}/walletapp",
            "WEBHOOK_ALLOWED_NETWORKS": f"{self.host}/32",
        }
        if not WHOLE:
            self.settings["DATABASE_URL"] += IMPATIENT_CLIENT
            self.settings["DATABASE_SESSION_OPTIONS"] = IMPATIENT_SERVER

    def start_postgres(self):
        with (self.run.data / "postgres" / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.99.0.0/16 trust\n")
        return super().start_postgres()

    def program(self, name, command, **environment):
        """Start a program behind a cable that has its name."""
        if name not in self.networks:
            self.networks[name] = self._connect(name, len(self.networks) + 1)
        return super().program(name, [*self.networks[name].inside, *command], **environment)

    def _connect(self, name, number):
        network = Network(self.run, name)
        self.middle.ip(f"link add cable{number} type veth peer name out netns {network.keeper.pid}")
        self.middle.ip(f"address add 10.99.{number}.1/24 dev cable{number}")
        self.middle.ip(f"link set cable{number} up")
        network.ip(f"address add {self._address(number)}/24 dev out")
        network.ip("link set out up")
        network.ip(f"route add default via 10.99.{number}.1")
        return network

    def _address(self, number):
        return f"10.99.{number}.2"

    def _number(self, name):
        return list(self.networks).index(name) + 1

    def address_of(self, name):
        """Where a program's calls come from."""
        return self._address(self._number(name))

    def cut(self, name):
        """Pull a program's cable: nothing comes through any more, and nobody says so."""
        self.middle.ip(f"link set cable{self._number(name)} down")

    def mend(self, name):
        self.middle.ip(f"link set cable{self._number(name)} up")

    def sessions_of(self, name):
        """How many sessions PostgreSQL still keeps for a program."""
        rows = self.sql(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE client_addr = %(at)s::inet", at=self.address_of(name)
        )
        return rows[0]["n"]
