"""Claim, sign, send, judge: the way of a delivery. The rows are the truth; whoever runs this may die at any line.

One loop, `drain`, owns the database connection; threads do the HTTP, with no transaction open. What it claims it holds
by a lease and a token: if it dies, the lease runs out, `give_back` returns the rows, and somebody sends them again
under the same message id.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from accounts.encryption import decrypt
from accounts.kept_secrets import ensure_keys_fit
from webhooks import statements, transport
from webhooks.models import Outcome
from webhooks.signing import headers_of

LONGEST_WISH = 6 * 3600  # seconds that a receiver's Retry-After may ask for
BUSY = {429, 503}  # the answers whose Retry-After counts
LOOK_AGAIN = 0.5  # seconds between looks for what became due without word of it
TOGETHER = 0.02  # seconds in which results gather
REFILL = 1.25  # calls in flight for each thread, at which more are claimed; they become two for each
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
    headers: str
    address: str | None
    milliseconds: int
    wait: float | None


def claim(limit: int) -> list[Claimed]:
    """Take up to `limit` due deliveries and write a started call for each, in one transaction."""
    started = time.monotonic()
    rows = _execute(statements.CLAIM, {"limit": limit, "lease": settings.WEBHOOK_LEASE}).fetchall()
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
        _execute(statement, {name: [getattr(row, name) for row in kept] for name in names})


def give_back() -> None:
    """Return deliveries whose worker was lost; their calls end as `unknown`."""
    _execute(statements.GIVE_BACK, {})


def _execute(statement: str, parameters: dict[str, Any]) -> psycopg.Cursor[Any]:
    """Run a statement as shops/prepared.py does; but in a pipeline its rows come only when they are asked for."""
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    with connection.wrap_database_errors:
        return cursor.execute(statement, parameters, prepare=True)


@contextlib.contextmanager
def _together() -> Iterator[None]:
    """Send the statements inside without waiting for each other's answers, as one transaction (libpq's pipeline)."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


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
    except transport.NoAnswer as error:
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
        headers=answer.headers if answer else "",
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
_news: SimpleQueue[Future[Result] | None] = SimpleQueue()  # calls that ended; None says that there is more to send


def stop() -> None:
    """Claim nothing more in this process; what is in flight ends, what is not goes back."""
    _stopping.set()
    _news.put(None)  # to whom waits for a call to end


def drain() -> int:
    """Send what is due until nothing is; returns how many calls were made.

    One drain at a time in a process: a second caller leaves word, and the first claims again at once. There is no limit
    of time: a drain that claimed no more would wait for its slowest call, and everybody else's news with it. Raises
    KeysDoNotFit in a process that could not sign: no attempt is spent on that.
    """
    ensure_keys_fit()
    _wanted.set()
    calls = 0
    while _wanted.is_set() and not _stopping.is_set():
        if not _draining.acquire(blocking=False):
            _news.put(None)
            break
        try:
            _wanted.clear()
            calls += _drain()
        finally:
            _draining.release()
    return calls


def _drain() -> int:
    calls = 0
    flying: dict[Future[Result], Claimed] = {}
    landed: list[Future[Result]] = []
    with ThreadPoolExecutor(settings.WEBHOOK_CONCURRENCY, thread_name_prefix="webhook") as pool:
        while True:
            batch = _exchange([future.result() for future in landed], len(flying))
            calls += len(batch)
            for claimed in batch:
                future = pool.submit(attempt, claimed)
                flying[future] = claimed
                future.add_done_callback(_news.put)
            if _stopping.is_set():
                _surely(release, [flying.pop(future) for future in list(flying) if future.cancel()])
            if not flying:
                return calls
            landed = _landed(flying)
            for future in landed:
                del flying[future]


def _exchange(results: list[Result], flying: int) -> list[Claimed]:
    """Write down how calls went and, when soon no call waits for a thread, claim others at the same time.

    A database that is away is no reason to forget how calls went, nor those that are still in flight.
    """
    if flying <= settings.WEBHOOK_CONCURRENCY * REFILL and not _stopping.is_set():
        try:
            with _together():
                finish(results)
                give_back()
                return claim(2 * settings.WEBHOOK_CONCURRENCY - flying)
        except (OperationalError, InterfaceError):
            connection.close()
            if not results and not flying:
                raise
    _surely(finish, results)
    return []


def _landed(flying: Collection[Future[Result]]) -> list[Future[Result]]:
    """Wait until a call ends, or until there is word of more to send, or for LOOK_AGAIN; returns those that ended."""
    news: list[Future[Result] | None] = []
    with contextlib.suppress(Empty):
        news.append(_news.get(timeout=LOOK_AGAIN))
    until = time.monotonic() + TOGETHER
    # While every thread is busy nobody waits for us: let more calls end, to write them down at once.
    while len(flying) - _news.qsize() > settings.WEBHOOK_CONCURRENCY * REFILL and time.monotonic() < until:
        time.sleep(TOGETHER / 20)
    while not _news.empty():
        news.append(_news.get())
    return [future for future in news if future is not None and future in flying]


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
