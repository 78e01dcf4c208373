"""The queue of pushes in the database: claim what is due, write down how it went, forget what is long done."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_noop

from applewallet import push_statements as statements
from applewallet.models import PackageType
from applewallet.push_answers import Outcome
from shops.prepared import run

BATCH = 1000
LOST = gettext_noop("The worker was lost.")
MOST_BATCHES = 200  # in one run
logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A push that this process may send, until its lease ends."""

    id: int
    type_id: int
    version: str  # of the type's credential
    push_token: str
    attempt: int
    token: UUID
    claimed_at: float  # seconds since 1970 by the database's clock
    started: float  # the same moment by this process's monotonic clock

    def now(self) -> float:
        """Seconds since 1970 by the database's clock, whatever this machine's clock says."""
        return self.claimed_at + time.monotonic() - self.started


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt went. `before` counts for a push token that is gone: devices seen since then have another one."""

    id: int
    type_id: int
    token: UUID
    version: str
    outcome: Outcome
    status: int | None
    reason: str
    wait: float
    stops: str = ""
    before: float | None = None


def claim(limit: int, flying: Iterable[Claimed] = ()) -> tuple[int, list[Claimed]]:
    """Take up to `limit` due pushes, beside those that are in flight; returns also how many were looked at.

    Of what was looked at, some are put off: their push token got one just before. One package type has half of the
    places of a process at most.
    """
    started = time.monotonic()
    places = Counter(claimed.type_id for claimed in flying)
    rows = run(
        statements.CLAIM,
        {
            "limit": limit,
            "share": max(settings.APNS_CONCURRENCY // 2, 1),
            "types": list(places),
            "places": list(places.values()),
            "pause": settings.APNS_PAUSE,
            "lease": settings.APNS_LEASE,
        },
    )
    claimed = [
        Claimed(pk, type_id, version, push_token, attempts, token, epoch, started)
        for pk, type_id, version, push_token, attempts, token, epoch in rows
        if token
    ]
    return len(rows), claimed


def finish(results: Iterable[Result]) -> None:
    """Write down how attempts went. Running it twice changes nothing more."""
    kept = list(results)
    of = {outcome: [result for result in kept if result.outcome == outcome] for outcome in Outcome}
    _run(statements.ENDED, of[Outcome.SENT] + of[Outcome.DEAD])
    locking = of[Outcome.AGAIN] + of[Outcome.GONE]
    if not locking:
        return
    with transaction.atomic():
        run(statements.LOCK, {"types": list({result.type_id for result in locking})})
        forgotten = _run(statements.GONE, of[Outcome.GONE])
        stopped = _run(statements.AGAIN, of[Outcome.AGAIN])
    if forgotten:
        logger.info("devices forgotten: their push tokens are gone", devices=len(forgotten))
    for identifier, reason in stopped:
        logger.error("pushes stopped", type=identifier, reason=reason)


def give_back() -> None:
    """Return pushes whose process was lost."""
    finish(
        Result(pk, type_id, token, "", Outcome.AGAIN, None, LOST, 0.0)
        for pk, type_id, token in run(statements.LOST, {})
    )


def resume(package_type: PackageType) -> None:
    """Push again after something stopped it; what has waited since is due at once."""
    package_type.push_paused_at, package_type.push_paused_reason = None, ""
    package_type.save(update_fields=["push_paused_at", "push_paused_reason"])


def forget() -> int:
    """Delete pushes that were sent or given up more than APNS_KEPT_DAYS ago; returns how many.

    In small batches, each a transaction of its own, so that nobody waits for it. May run twice at once.
    """
    deleted = 0
    for _batch in range(MOST_BATCHES):
        with connection.cursor() as cursor:
            cursor.execute(statements.FORGET, {"days": settings.APNS_KEPT_DAYS, "batch": BATCH})
            found = cursor.rowcount
        deleted += found
        if found < BATCH:
            break
    return deleted


def _run(statement: str, results: Sequence[Result]) -> list[tuple[Any, ...]]:
    if not results:
        return []
    names = ("id", "token", "version", "outcome", "status", "reason", "wait", "stops", "before")
    return run(statement, {name: [getattr(result, name) for result in results] for name in names})
