"""A campaign: every phone that holds a brand's card is pushed, while others look at the shop."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import Popen
from typing import Any

import django

django.setup()

from bench.support.machine import HOST, Client, asked, running, web_server  # noqa: E402
from tests.applewallet.pushing import running_apns  # noqa: E402 -- models need the set-up

APP = "walletapp.wsgi:application"
PAGE = f"GET /s/bench-packages/ HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/html\r\n\r\n"
QUIET = 3  # seconds


def campaign(making: "Popen[str]", root: str, server: set[int], clients: set[int], phones: int) -> dict[str, Any]:
    """The median time of a shop page before a campaign and during it; the pump runs beside, as in production.

    `root` is the authority (PEM) of the certificates that `making` made.
    """
    asked(making, f"phones {phones}")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_apns(Path(folder), root=root) as apns,
        Client.start(clients) as client,
        web_server(APP, server) as port,
        running(["manage.py", "pump"], set(), APNS_URL=apns.url, APNS_CA_FILE=apns.ca_file, LOG_LEVEL="WARNING"),
        ThreadPoolExecutor(1) as beside,
    ):
        look = {"port": port, "head": PAGE, "connections": 1}
        client.do(**look, seconds=1)
        quiet = client.do(**look, seconds=QUIET)["p50_ms"]
        started = time.monotonic()
        changing = beside.submit(asked, making, "change")
        busy = []
        while not changing.done():
            busy.append(client.do(**look, seconds=1)["p50_ms"])
        changed = changing.result()
        while (state := asked(making, "pushed"))["left"]:
            busy.append(client.do(**look, seconds=1)["p50_ms"])
    took = time.monotonic() - started
    return {
        "campaign_phones": phones,
        "campaign_sent": state["sent"],
        "campaign_s": round(took, 1),
        "campaign_render_per_s": round(changed["changed"] / changed["seconds"]),
        "page_ms_before": round(quiet, 2),
        "page_ms_during": round(sorted(busy)[len(busy) // 2], 2),
        "page_during_to_before": round(sorted(busy)[len(busy) // 2] / quiet, 2),
    }
