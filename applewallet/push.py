"""Claim, send, judge, finish: the way of a push. The rows are the truth; whoever runs this may die at any line.

One loop, `drain`, owns the database connection (push_queue.py); an event loop beside it does the HTTP, with no
transaction open (channels.py). What it claims it holds by a lease and a token: if it dies, the lease runs out,
`give_back` returns the rows, and somebody sends them again. A push that arrives twice does no harm: it only has the
phone ask.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from queue import Empty, SimpleQueue
from uuid import UUID

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from accounts.kept_secrets import ensure_keys_fit
from applewallet.apns import Channel, NoAnswer
from applewallet.channels import Channels
from applewallet.push_answers import Outcome, Verdict, again, judge
from applewallet.push_queue import Claimed, Result, claim, finish, give_back

TICK = 0.02  # seconds in which answers gather before they are written down together
logger = structlog.get_logger(__name__)
channels = Channels()


async def attempt(claimed: Claimed, channel: Channel) -> Result:
    """Send one push. Never raises; touches no database."""
    status, before = None, None
    try:
        answer = await channel.push(claimed.push_token, claimed.token, claimed.now())
        status, reason, verdict = answer.status, answer.reason, judge(answer, claimed.attempt)
        before = min(answer.dead_since or claimed.claimed_at, claimed.now())
    except NoAnswer as error:
        reason, verdict = str(error), again(claimed.attempt)
    except Exception as error:  # whatever happens to one push must not stop the others
        logger.exception("push attempt broke", push=claimed.id)
        reason, verdict = type(error).__name__, again(claimed.attempt)
    if verdict.outcome == Outcome.DEAD:
        tell = logger.error if verdict.is_ours else logger.warning
        tell("push given up", push=claimed.id, to=_short(claimed.push_token), status=status, reason=reason)
    return _result(claimed, verdict, status, reason, before)


def _short(push_token: str) -> str:
    """As much of a push token as logs may tell."""
    return f"…{push_token[-6:]}"


def _result(claimed: Claimed, verdict: Verdict, status: int | None, reason: str, before: float | None = None) -> Result:
    return Result(
        id=claimed.id,
        type_id=claimed.type_id,
        token=claimed.token,
        version=claimed.version,
        outcome=verdict.outcome,
        status=status,
        reason=reason,
        wait=verdict.wait,
        stops=verdict.stops,
        before=before,
    )


class Pace:
    """APNS_PUSHES_PER_SECOND of this process: phones that were pushed come and ask, so a campaign is spread."""

    def __init__(self) -> None:
        self._left = 0.0
        self._at = float("-inf")

    def room(self, most: int) -> int:
        """How many may go now, of `most`; what a quiet second did not use may go at once."""
        rate, now = settings.APNS_PUSHES_PER_SECOND, time.monotonic()
        if not rate:
            return most
        self._left = min(self._left + (now - self._at) * rate, max(rate, 1.0))
        self._at = now
        return min(int(self._left), most)

    def spend(self, pushes: int) -> None:
        """Note that so many went."""
        self._left -= pushes


_draining = threading.Lock()
_wanted = threading.Event()
_stopping = threading.Event()
_pace = Pace()


def stop() -> None:
    """Claim nothing more in this process; what is in flight ends."""
    _stopping.set()


def drain(max_seconds: float = 20.0) -> int:
    """Send what is due until nothing is, or for `max_seconds`; returns how many pushes were sent.

    One drain at a time in a process: a second caller leaves word, and the first goes round once more. Raises
    KeysDoNotFit in a process that cannot open the certificates: no attempt is spent on that.
    """
    ensure_keys_fit()
    _wanted.set()
    sent = 0
    while _wanted.is_set() and not _stopping.is_set() and _draining.acquire(blocking=False):
        try:
            _wanted.clear()
            sent += _drain(time.monotonic() + max_seconds)
            channels.drop_idle()
        finally:
            _draining.release()
    return sent


def _drain(until: float) -> int:
    sent = 0
    flying: dict[UUID, Claimed] = {}
    landed: SimpleQueue[Result] = SimpleQueue()
    give_back()
    while True:
        results = _gathered(landed) if flying else []
        _surely(finish, results)
        for result in results:
            del flying[result.token]
        may_claim = time.monotonic() < until and not _stopping.is_set()
        room = _pace.room(settings.APNS_CONCURRENCY - len(flying)) if may_claim else 0
        looked, batch = _claim_beside(flying.values(), room) if room > 0 else (0, [])
        flying |= {claimed.token: claimed for claimed in batch}
        _take_off(batch, landed)
        _pace.spend(len(batch))
        sent += len(batch)
        if not flying and not looked:
            if room or not may_claim:
                return sent
            time.sleep(TICK)  # the pace allows none just now


def _gathered(landed: SimpleQueue[Result]) -> list[Result]:
    """What has landed within the next moments."""
    results = []
    try:
        results.append(landed.get(timeout=0.5))
        time.sleep(TICK)
        while True:
            results.append(landed.get_nowait())
    except Empty:
        return results


def _take_off(batch: Iterable[Claimed], landed: SimpleQueue[Result]) -> None:
    """Start sending; each result comes to `landed`."""

    async def fly(claimed: Claimed, channel: Channel) -> None:
        landed.put(await attempt(claimed, channel))

    by_type = defaultdict(list)
    for claimed in batch:
        by_type[claimed.type_id, claimed.version].append(claimed)
    for (type_id, version), pushes in by_type.items():
        try:
            channel = channels.of(type_id, version)
        except Exception as error:  # a credential that cannot be read stops nobody else
            logger.exception("no channel to Apple's push service", type_id=type_id)
            for claimed in pushes:
                landed.put(_result(claimed, again(claimed.attempt), None, type(error).__name__))
        else:
            for claimed in pushes:
                channels.start(fly(claimed, channel))


def _claim_beside(flying: Collection[Claimed], limit: int) -> tuple[int, list[Claimed]]:
    """Claim; but while pushes are in flight a database that is away is no reason to forget how they went."""
    try:
        return claim(limit, flying)
    except (OperationalError, InterfaceError):
        connection.close()
        if not flying:
            raise
        return 0, []


def _surely(write: Callable[[list[Result]], None], results: list[Result]) -> None:
    """Write results down, again and again while the database is away, for as long as their leases last."""
    until = time.monotonic() + settings.APNS_LEASE
    while True:
        try:
            return write(results)
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
