"""A sender's memory, whatever receivers answer (webhooks.md §E3): read from the kernel, of the process itself."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from devtools.processes import ROOT
from tests.making import make_endpoint, make_order
from tests.webhooks.hostile import BOMBS, EVERYBODY, HUGE, ODD, listening
from webhooks.models import Call, Delivery

MOST = 150  # MB that a sender may ever have used
AT_ONCE = 4  # calls that an endpoint gets at the same time; a sender makes 16
SETTINGS = {"WEBHOOK_TOTAL_TIMEOUT": "1.5", "WEBHOOK_RETRY_INTERVALS": "", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
SETTINGS |= {"WEBHOOK_ALLOWED_PORTS": "*", "LOG_LEVEL": "WARNING"}
TAKEN = {name for name in HUGE | BOMBS | ODD if name.startswith(("2 GB", "no length", "endless", "gzip", "NUL", "a c"))}

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel tells it in /proc only")


@contextmanager
def pump():
    """A pump of its own process, on the tests' database."""
    at = connection.settings_dict
    host = quote(at["HOST"] or at["OPTIONS"].get("host", ""), safe="")
    url = f"postgres://{at['USER']}:{quote(at['PASSWORD'])}@/{at['NAME']}?host={host}&port={at['PORT'] or 5432}"
    command = [sys.executable, str(ROOT / "manage.py"), "webhook_pump", "--pause", "0.1"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | SETTINGS | {"DATABASE_URL": url})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def peak_of(process):
    """The most memory that a process ever used, in MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) / 1024


def test_a_sender_stays_small_under_the_whole_hostile_list(transactional_db, brand):
    with ExitStack() as receivers:
        names = {}
        for name, behave in EVERYBODY.items():
            url = receivers.enter_context(listening(behave))
            names[make_endpoint(brand, url=url, concurrency=AT_ONCE)[0].pk] = name
        for _ in range(AT_ONCE):
            make_order(brand)
        with pump() as process:
            deadline = time.monotonic() + 90
            while Delivery.objects.filter(state__in=["pending", "sending"]).exists():
                assert process.poll() is None
                assert time.monotonic() < deadline, Counter(Delivery.objects.values_list("state", flat=True))
                time.sleep(0.2)
            peak = peak_of(process)
    calls = [(names[pk], outcome) for pk, outcome in Call.objects.values_list("delivery__endpoint", "outcome")]
    assert Counter(name for name, _outcome in calls) == dict.fromkeys(EVERYBODY, AT_ONCE)
    assert {outcome for _name, outcome in calls} == {"ok", "failed"}
    assert {name for name, outcome in calls if outcome == "ok"} == TAKEN
    assert peak < MOST
