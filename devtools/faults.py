"""`dev.py faults`: the whole form of tests/faults, and its table in docs/reliability.md."""

import datetime as dt
import json
from pathlib import Path

from devtools import environment, servers
from devtools.environment import VENV
from devtools.processes import ROOT
from devtools.progress import say
from devtools.runs import begin

DOCUMENT = ROOT / "docs" / "reliability.md"
START, END = "<!-- dev.py faults writes from here -->\n", "<!-- to here -->\n"
# The tests start servers of their own; Django only wants to see addresses before it lets pytest begin.
NOWHERE = {"DATABASE_URL": "postgres://nobody@/nothing", "REDIS_URL": "unix:///nowhere"}
COLUMNS = {
    "deliveries": "deliveries",
    "lost": "lost",
    "lied": "claimed, not received",
    "left": "left in flight",
    "misnamed": "wrong message id",
    "twice": "received twice",
    "unknown": "calls `unknown`",
}


def main(arguments: list[str]) -> int:
    """Run everything, one scenario after the other, and write the table; with arguments for pytest write nothing."""
    environment.prepare()
    with begin() as run:
        report = run.data / "faults.jsonl"
        settings = servers.django_environment(run.data, NOWHERE)
        settings |= {"FAULTS": "whole", "FAULTS_REPORT": str(report)}
        command = [VENV / "bin" / "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", "tests/faults"]
        failed = run.children.run([*command, *arguments], settings)
        table = _table(report)
    print(f"\n{table}")
    if not arguments and not failed:
        _write(table)
        say("written to docs/reliability.md")
    return failed


def _table(report: Path) -> str:
    verdicts = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    head = ["fault", *COLUMNS.values(), "worst lateness", "took"]
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *map(_row, verdicts)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(verdict: dict[str, object]) -> list[str]:
    counts = [f"{verdict[name]:,}" for name in COLUMNS]
    return [str(verdict["scenario"]), *counts, f"{verdict['late']:.1f} s", f"{verdict['seconds']:.0f} s"]


def _write(table: str) -> None:
    before, _, rest = DOCUMENT.read_text().partition(START)
    after = rest.partition(END)[2]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    DOCUMENT.write_text(f"{before}{START}\nMeasured on {today} with `python3 dev.py faults`.\n\n{table}\n{END}{after}")
