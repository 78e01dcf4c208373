"""Claim, sign, send, judge: the way of a delivery. The rows are the truth; whoever runs this may die at any line.

One loop, `drain`, owns the database connection; threads do the HTTP, with no transaction open. What it claims it holds
by a lease and a token: if it dies, the lease runs out, `give_back` returns the rows, and somebody sends them again
under the same message id.
"""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import requests
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

from shops.encryption import decrypt
from webhooks import statements, transport
from webhooks.models import Outcome
from webhooks.signing import headers_of

LONGEST_WISH = 6 * 3600  # seconds that a receiver's Retry-After may ask for
BUSY = {429, 503}  # the answers whose Retry-After counts
logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process may send, until its lease ends."""

    id: int
    uuid: UUID
    attempt: int
    first_attempt: int  # how many there were before the schedule began anew
    token: UUID
    url: str
    keys: tuple[bytes, ...]  # encrypted; the current one first
    body: bytes
    version: int
    clock: float  # the database's time less this process's monotonic clock

    def now(self) -> float:
        """Seconds since 1970 by the database's clock, whatever this machine's clock says."""
        return self.clock + time.monotonic()


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt went; `wait` is the seconds before the next one, None when there is none."""

    id: int
    attempt: int
    token: UUID
    outcome: str
    code: int | None
    response: str
    address: str | None
    milliseconds: int
    wait: float | None


def claim(limit: int) -> list[Claimed]:
    """Take up to `limit` due deliveries and write a started call for each, in one transaction."""
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.CLAIM, {"limit": limit, "lease": settings.WEBHOOK_LEASE})
        rows = cursor.fetchall()
    return [
        Claimed(pk, uuid, attempt, first, token, url, _keys(key, previous), bytes(body), version, epoch - started)
        for pk, uuid, attempt, first, token, url, key, previous, body, version, epoch in rows
    ]


def _keys(key: bytes, previous: bytes | None) -> tuple[bytes, ...]:
    return (bytes(key),) if previous is None else (bytes(key), bytes(previous))


def finish(results: Iterable[Result]) -> None:
    """Write down how attempts went, and how their endpoints are doing. Running it twice changes nothing more."""
    _run(statements.FINISH, results, Result.__slots__)


def release(claimed: Iterable[Claimed]) -> None:
    """Give back what was claimed and not sent, as if it had never been claimed."""
    _run(statements.RELEASE, claimed, ("id", "attempt", "token"))


def _run(statement: str, rows: Iterable[Any], names: Iterable[str]) -> None:
    kept = list(rows)
    if kept:
        columns = {name: [getattr(row, name) for row in kept] for name in names}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, columns)


def give_back() -> None:
    """Return deliveries whose worker was lost; their calls end as `unknown`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements.GIVE_BACK)


@lru_cache(maxsize=1024)
def _decrypted(key: bytes) -> str:
    return decrypt(key)


def attempt(claimed: Claimed) -> Result:
    """Sign and send one delivery. Never raises; touches no database."""
    started = time.monotonic()
    answer: transport.Answer | None = None
    try:
        answer = transport.post(claimed.url, claimed.body, _headers(claimed))
        outcome, response = _judge(answer), answer.text()
    except transport.AddressNotAllowed as error:
        outcome, response = Outcome.BLOCKED, str(error)
    except requests.RequestException as error:
        outcome, response = Outcome.FAILED, transport.in_words(error)
    except Exception as error:  # whatever happens to one delivery must not stop the others
        logger.exception("webhook attempt broke", delivery=str(claimed.uuid))
        outcome, response = Outcome.FAILED, type(error).__name__
    return Result(
        id=claimed.id,
        attempt=claimed.attempt,
        token=claimed.token,
        outcome=outcome,
        code=answer.status if answer else None,
        response=response,
        address=answer.address if answer else None,
        milliseconds=int((time.monotonic() - started) * 1000),
        wait=None
        if outcome == Outcome.OK
        else wait_after(claimed.attempt - claimed.first_attempt, answer, claimed.now()),
    )


def _headers(claimed: Claimed) -> dict[str, str]:
    now = claimed.now()
    keys = [_decrypted(key) for key in claimed.keys]
    return headers_of(keys, str(claimed.uuid), int(now), claimed.body) | {
        "wllt-order-version": str(claimed.version),
        "wllt-attempt": str(claimed.attempt),
        "wllt-sent-at": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def _judge(answer: transport.Answer) -> Outcome:
    return Outcome.OK if 200 <= answer.status < 300 else Outcome.FAILED  # noqa: PLR2004 -- HTTP's successes


def wait_after(attempts: int, answer: transport.Answer | None, now: float) -> float | None:
    """Seconds to wait after so many attempts; None when the schedule of the settings is used up.

    A busy receiver's Retry-After can make it longer, never shorter.
    """
    waits = settings.WEBHOOK_RETRY_INTERVALS
    if attempts > len(waits):
        return None
    wished = retry_after(answer.retry_after, now) if answer and answer.status in BUSY else 0.0
    return max(float(waits[attempts - 1]), min(wished, LONGEST_WISH))


def retry_after(header: str, now: float) -> float:
    """The seconds that a Retry-After header asks for (RFC 9110 §10.2.3: a number or a date); 0 for nonsense."""
    if header.isascii() and header.isdecimal():
        return float(header[:9])
    try:
        return max(parsedate_to_datetime(header).timestamp() - now, 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0


_draining = threading.Lock()
_wanted = threading.Event()
_stopping = threading.Event()


def stop() -> None:
    """Claim nothing more in this process; what is in flight ends, what is not goes back."""
    _stopping.set()


def drain(max_seconds: float = 20.0) -> int:
    """Send what is due until nothing is, or for `max_seconds`; returns how many calls were made.

    One drain at a time in a process: a second caller leaves word, and the first goes round once more.
    """
    _wanted.set()
    calls = 0
    while _wanted.is_set() and not _stopping.is_set() and _draining.acquire(blocking=False):
        try:
            _wanted.clear()
            calls += _drain(time.monotonic() + max_seconds)
        finally:
            _draining.release()
    return calls


def _drain(until: float) -> int:
    calls = 0
    flying: dict[Future[Result], Claimed] = {}
    give_back()
    with ThreadPoolExecutor(settings.WEBHOOK_CONCURRENCY, thread_name_prefix="webhook") as pool:
        while True:
            if _stopping.is_set():
                _surely(release, [flying.pop(future) for future in list(flying) if future.cancel()])
            landed = [future for future in flying if future.done()]
            _surely(finish, [future.result() for future in landed])
            for future in landed:
                del flying[future]
            room = 2 * settings.WEBHOOK_CONCURRENCY - len(flying)
            more = room > 0 and time.monotonic() < until and not _stopping.is_set()
            batch = _claim_beside(flying, room) if more else []
            flying |= {pool.submit(attempt, claimed): claimed for claimed in batch}
            calls += len(batch)
            if not flying:
                return calls
            wait(flying, timeout=0.5, return_when=FIRST_COMPLETED)


def _claim_beside(flying: Iterable[Future[Result]], limit: int) -> list[Claimed]:
    """Claim; but while calls are in flight a database that is away is no reason to forget how they went."""
    try:
        return claim(limit)
    except (OperationalError, InterfaceError):
        connection.close()
        if not flying:
            raise
        return []


def _surely(write: Callable[[list[Any]], None], rows: list[Any]) -> None:
    """Write rows down, again and again while the database is away, for as long as their leases last."""
    until = time.monotonic() + settings.WEBHOOK_LEASE
    while True:
        try:
            return write(rows)
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
