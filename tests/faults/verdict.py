"""What must hold after every fault, told from two sides: PostgreSQL's rows and the receiver's own log."""

import json
import os
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.world import Judged

DELIVERIES = """
SELECT d.id AS pk, d.uuid::text AS id, d.state, d.version, '/' || d.endpoint_id AS path, d.order_uuid::text AS order,
    convert_from(v.body, 'UTF8') AS body, extract(epoch FROM d.created_at)::float8 AS due,
    coalesce(c.outcomes, '{}') AS outcomes
FROM webhooks_delivery d JOIN webhooks_event v ON v.id = d.event_id
LEFT JOIN (SELECT delivery_id, array_agg(outcome) AS outcomes FROM webhooks_call GROUP BY 1) c ON c.delivery_id = d.id
WHERE d.id > %(after)s
"""


@dataclass(frozen=True)
class Verdict:
    """The counts of one scenario."""

    scenario: str
    deliveries: int
    lost: int  # never reached the receiver, or reached no end in the database
    twice: int  # calls that brought the receiver what it had already
    lied: int  # delivered by the database's word, not by the receiver's log
    left: int  # calls that are in flight for ever
    misnamed: int  # news under a second message id, or under another delivery's
    disordered: int  # orders whose later news arrived before their earlier news at an endpoint
    unknown: int  # calls that ended as `unknown`: their worker was lost
    late: float  # seconds from due to first received, the worst
    seconds: float

    @property
    def wrong(self):
        return {name: n for name in ("lost", "lied", "left", "misnamed") if (n := getattr(self, name))}


def judge(world, scenario):
    """Compare what the database says with what the receiver saw, once all is settled. Asserts what must always hold."""
    rows = world.sql(DELIVERIES, after=world.judged.delivery)
    whole_log = world.received()
    received = whole_log[world.judged.received :]
    first = {}
    for call in received:
        first.setdefault(call["id"], call["at"])
    verdict = Verdict(
        scenario=scenario,
        deliveries=len(rows),
        lost=sum(row["id"] not in first or row["state"] != "delivered" for row in rows),
        twice=len(received) - len(first),
        lied=sum(_is_called_delivered(row) and row["id"] not in first for row in rows),
        left=_calls(rows, "started"),
        misnamed=_misnamed(rows, received),
        disordered=_disordered(rows, first),
        unknown=_calls(rows, "unknown"),
        late=max((first[row["id"]] - row["due"] for row in rows if row["id"] in first), default=0.0),
        seconds=time.monotonic() - world.judged.at,
    )
    world.judged = Judged(time.monotonic(), max(row["pk"] for row in rows), len(whole_log))
    _report(verdict)
    assert verdict.wrong == {}, verdict
    return verdict


def _is_called_delivered(row):
    return row["state"] == "delivered" or "ok" in row["outcomes"]


def _calls(rows, outcome):
    return sum(row["outcomes"].count(outcome) for row in rows)


def _misnamed(rows, received):
    """The news itself (where to, which bytes) must always come under the one id of its delivery."""
    names = {(row["path"], row["body"]): row["id"] for row in rows}
    return sum(names.get((call["path"], call["body"])) != call["id"] for call in received)


def _disordered(rows, first):
    heard = defaultdict(list)
    for row in rows:
        if row["id"] in first:
            heard[row["path"], row["order"]].append((first[row["id"]], row["version"]))
    return sum([v for _at, v in sorted(one)] != sorted(v for _at, v in one) for one in heard.values())


def _report(verdict):
    """For the table of docs/reliability.md."""
    if file := os.environ.get("FAULTS_REPORT"):
        with Path(file).open("a") as report:
            report.write(json.dumps(asdict(verdict)) + "\n")
