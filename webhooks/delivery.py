"""Claim, sign, send, judge: the way of a delivery. The rows are the truth; whoever runs this may die at any line.

One loop, `drain`, owns the database connection; threads do the HTTP, with no transaction open. What it claims it holds
by a lease and a token: if it dies, the lease runs out, `give_back` returns the rows, and somebody sends them again
under the same message id.
"""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import requests
import structlog
from django.conf import settings
from django.db import connection, transaction

from shops.encryption import decrypt
from webhooks import transport
from webhooks.models import Outcome
from webhooks.signing import headers_of

KEPT = 1000  # characters of an answer
HELD_UP_BY = 3  # an order's later news waits for earlier news until that has failed so often
logger = structlog.get_logger(__name__)

# Endpoints that wait longest come first, each with its free places; so one slow endpoint takes no more than its own.
CLAIM = f"""
WITH served AS MATERIALIZED (
    SELECT e.id, e.concurrency - (
        SELECT count(*) FROM webhooks_delivery f WHERE f.endpoint_id = e.id AND f.state = 'sending'
    ) AS free
    FROM webhooks_endpoint e
    WHERE e.is_active AND EXISTS (
        SELECT 1 FROM webhooks_delivery d WHERE d.endpoint_id = e.id AND d.state = 'pending' AND d.due_at <= now()
    )
    ORDER BY e.last_served_at NULLS FIRST LIMIT 32 FOR UPDATE OF e SKIP LOCKED
), picked AS MATERIALIZED (
    SELECT due.id FROM served CROSS JOIN LATERAL (
        SELECT d.id FROM webhooks_delivery d
        WHERE d.endpoint_id = served.id AND d.state = 'pending' AND d.due_at <= now() AND NOT EXISTS (
            SELECT 1 FROM webhooks_delivery earlier
            WHERE earlier.endpoint_id = d.endpoint_id AND earlier.order_uuid = d.order_uuid
              AND earlier.version < d.version AND earlier.state IN ('pending', 'sending')
              AND earlier.attempts < {HELD_UP_BY}
        )
        ORDER BY d.due_at, d.id LIMIT greatest(served.free, 0) FOR UPDATE SKIP LOCKED
    ) due LIMIT %(limit)s
), claimed AS (
    UPDATE webhooks_delivery d
    SET state = 'sending', attempts = attempts + 1, lease_token = gen_random_uuid(),
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM picked WHERE d.id = picked.id RETURNING d.*
), turned AS (
    UPDATE webhooks_endpoint e SET last_served_at = clock_timestamp() FROM served WHERE e.id = served.id
), called AS (
    INSERT INTO webhooks_call (brand_id, delivery_id, attempt, trigger, url, interval, outcome, response)
    SELECT c.brand_id, c.id, c.attempts, 'auto', e.url, c.interval, 'started', ''
    FROM claimed c JOIN webhooks_endpoint e ON e.id = c.endpoint_id
)
SELECT c.id, c.uuid, c.attempts, c.lease_token, e.url, e.encrypted_key, v.body
FROM claimed c JOIN webhooks_endpoint e ON e.id = c.endpoint_id JOIN webhooks_event v ON v.id = c.event_id
ORDER BY c.due_at, c.id
"""

# Up to a tenth is added to a wait, so that a receiver that comes back is not met by everybody at once.
# The token is the guard: whoever lost its lease changes the delivery no more, and only says how its own call went.
FINISH = """
WITH result AS (
    SELECT * FROM unnest(%(id)s::bigint[], %(attempt)s::int[], %(token)s::uuid[], %(outcome)s::text[], %(code)s::int[],
        %(response)s::text[], %(address)s::inet[], %(milliseconds)s::int[], %(wait)s::float8[])
    AS r (id, attempt, token, outcome, code, response, address, milliseconds, wait)
), ended AS (
    UPDATE webhooks_delivery d
    SET state = CASE WHEN r.outcome = 'ok' THEN 'delivered' WHEN r.wait IS NULL THEN 'exhausted' ELSE 'pending' END,
        due_at = now() + make_interval(secs => coalesce(r.wait, 0) * (1 + random() / 10)),
        done_at = CASE WHEN r.wait IS NULL THEN now() END,
        interval = coalesce(round(r.wait), d.interval), lease_until = NULL, lease_token = NULL
    FROM result r WHERE d.id = r.id AND d.lease_token = r.token
)
UPDATE webhooks_call c
SET outcome = r.outcome, http_status_code = r.code, response = r.response, remote_ip = r.address,
    duration_ms = r.milliseconds, finished_at = now()
FROM result r WHERE c.delivery_id = r.id AND c.attempt = r.attempt AND c.outcome IN ('started', 'unknown')
"""

GIVE_BACK = """
WITH lost AS (
    SELECT id, attempts FROM webhooks_delivery
    WHERE state = 'sending' AND lease_until < now() LIMIT 500 FOR UPDATE SKIP LOCKED
), unknown AS (
    UPDATE webhooks_call c SET outcome = 'unknown', finished_at = now(), response = 'The worker was lost.'
    FROM lost WHERE c.delivery_id = lost.id AND c.attempt = lost.attempts AND c.outcome = 'started'
)
UPDATE webhooks_delivery d SET state = 'pending', due_at = now(), lease_until = NULL, lease_token = NULL
FROM lost WHERE d.id = lost.id
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process may send, until its lease ends."""

    id: int
    uuid: UUID
    attempt: int
    token: UUID
    url: str
    key: bytes  # encrypted
    body: bytes


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
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"limit": limit, "lease": settings.WEBHOOK_LEASE})
        return [
            Claimed(id, uuid, attempt, token, url, bytes(key), bytes(body))
            for id, uuid, attempt, token, url, key, body in cursor.fetchall()  # noqa: A001 -- the column's name
        ]


def finish(results: Iterable[Result]) -> None:
    """Write down how attempts went. Running it twice changes nothing more."""
    rows = list(results)
    if not rows:
        return
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in Result.__slots__}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FINISH, columns)


def give_back() -> None:
    """Return deliveries whose worker was lost; their calls end as `unknown`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(GIVE_BACK)


@lru_cache(maxsize=1024)
def _key(encrypted: bytes) -> str:
    return decrypt(encrypted)


def attempt(claimed: Claimed) -> Result:
    """Sign and send one delivery. Never raises; touches no database."""
    started = time.monotonic()
    code, response, address = None, "", None
    try:
        headers = headers_of(_key(claimed.key), str(claimed.uuid), int(time.time()), claimed.body)
        answer = transport.post(claimed.url, claimed.body, headers)
        code, address = answer.status, answer.address
        response = answer.body.decode("utf-8", "replace").replace("\0", "")[:KEPT]
        outcome = Outcome.OK if 200 <= code < 300 else Outcome.FAILED  # noqa: PLR2004 -- HTTP's successes
    except requests.RequestException as error:
        outcome, response = _judge(error)
    except Exception as error:  # whatever happens to one delivery must not stop the others
        logger.exception("webhook attempt broke", delivery=str(claimed.uuid))
        outcome, response = Outcome.FAILED, type(error).__name__
    return Result(
        id=claimed.id,
        attempt=claimed.attempt,
        token=claimed.token,
        outcome=outcome,
        code=code,
        response=response,
        address=address,
        milliseconds=int((time.monotonic() - started) * 1000),
        wait=None if outcome == Outcome.OK else wait_after(claimed.attempt),
    )


def _judge(error: requests.RequestException) -> tuple[Outcome, str]:
    """The outcome of a call that got no answer, and words for the log that name no address of ours."""
    if isinstance(error, transport.AddressNotAllowed):
        return Outcome.BLOCKED, str(error)
    if isinstance(error, requests.Timeout):
        return Outcome.FAILED, "The receiver did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return Outcome.FAILED, "The receiver's certificate could not be verified."
    return Outcome.FAILED, "No connection, or it broke off."


def wait_after(attempts: int) -> float | None:
    """Seconds to wait after so many attempts, by the schedule of the settings; None when it is used up."""
    waits = settings.WEBHOOK_RETRY_INTERVALS
    return float(waits[attempts - 1]) if attempts <= len(waits) else None


_draining = threading.Lock()
_wanted = threading.Event()


def drain(max_seconds: float = 20.0) -> int:
    """Send what is due until nothing is, or for `max_seconds`; returns how many calls were made.

    One drain at a time in a process: a second caller leaves word, and the first goes round once more.
    """
    _wanted.set()
    calls = 0
    while _wanted.is_set() and _draining.acquire(blocking=False):
        try:
            _wanted.clear()
            calls += _drain(time.monotonic() + max_seconds)
        finally:
            _draining.release()
    return calls


def _drain(until: float) -> int:
    calls = 0
    flying: set[Future[Result]] = set()
    give_back()
    with ThreadPoolExecutor(settings.WEBHOOK_CONCURRENCY, thread_name_prefix="webhook") as pool:
        while True:
            landed = {future for future in flying if future.done()}
            flying -= landed
            finish(future.result() for future in landed)
            room = 2 * settings.WEBHOOK_CONCURRENCY - len(flying)
            batch = claim(room) if room > 0 and time.monotonic() < until else []
            flying |= {pool.submit(attempt, claimed) for claimed in batch}
            calls += len(batch)
            if not flying:
                return calls
            wait(flying, timeout=1.0, return_when=FIRST_COMPLETED)
