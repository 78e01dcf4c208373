"""Apple Wallet: signatures beside openssl's, whole packages, the web service, and pages during a campaign of pushes."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if Path(folder).resolve() != HERE)]

from bench.support.campaign import campaign  # noqa: E402 -- the folder above comes first
from bench.support.machine import HOST, Client, asked, pin_postgres, running, sides, web_server  # noqa: E402
from bench.support.program import run  # noqa: E402

APP = "walletapp.wsgi:application"
CONNECTIONS = 4


def openssl_speed(processors: set[int], seconds: int) -> float:
    """RSA-2048 signatures a second of openssl itself, on one core: the limit."""
    command = ["openssl", "speed", "-seconds", str(seconds), "rsa2048"]
    pinned = ["taskset", "--cpu-list", ",".join(map(str, processors))] if processors else []
    said = subprocess.run([*pinned, *command], capture_output=True, text=True, check=True).stdout
    found = re.search(r"rsa 2048 bits\s+\S+s\s+\S+s\s+([\d.]+)", said)
    if found is None:
        raise RuntimeError(f"openssl speed said something else:\n{said}")
    return float(found[1])


def measure(*, quick: bool) -> dict[str, Any]:
    """Everything, in one run."""
    server, clients = sides()
    seconds = 1 if quick else 3
    pinned = pin_postgres(server)
    with running(["-m", "bench.support.packages"], server, LOG_LEVEL="WARNING") as making:
        made = asked(making, "make")
        rates, limits = [], []
        for _ in range(3 if quick else 5):
            limits.append(openssl_speed(server, seconds))
            rates.append(asked(making, f"rates {seconds}"))
        figures = _figures(rates, limits) | _served(server, clients, made, seconds)
        figures |= campaign(making, made["root"], server, clients, 1_000 if quick else 10_000)
    return figures | {"pinned": pinned}


def _figures(rates: list[dict[str, Any]], limits: list[float]) -> dict[str, Any]:
    def median(values: list[float]) -> float:
        return sorted(values)[len(values) // 2]

    signatures = [rate["signatures"] for rate in rates]
    packages = [rate["packages"] for rate in rates]
    return {
        "signature_ratio": round(median([one / limit for one, limit in zip(signatures, limits, strict=True)]), 3),
        "packages_per_core": round(median(packages)),
        "package_ratio": round(median([one / sign for one, sign in zip(packages, signatures, strict=True)]), 3),
        "small_packages_per_core": round(median([rate["small"] for rate in rates])),
        "signatures_per_core": round(median(signatures)),
        "openssl_per_core": round(median(limits)),
    }


def _served(server: set[int], clients: set[int], made: dict[str, Any], seconds: int) -> dict[str, Any]:
    head = f"GET {made['path']} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: ApplePass {made['token']}\r\n"
    with (
        Client.start(clients) as client,
        web_server(APP, server, LOG_LEVEL="INFO") as port,
    ):
        jobs = {"gets_per_s": f"{head}\r\n", "conditional_gets_per_s": f'{head}If-None-Match: W/"1"\r\n\r\n'}
        for job in jobs.values():
            client.do(port=port, head=job, connections=CONNECTIONS, seconds=0.5)
        done = {
            name: client.do(port=port, head=job, connections=CONNECTIONS, seconds=seconds) for name, job in jobs.items()
        }
    return {name: round(one["rate"]) for name, one in done.items()}


if __name__ == "__main__":
    run(__doc__, measure, quick="shorter rounds and fewer phones")
