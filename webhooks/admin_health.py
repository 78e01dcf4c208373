"""How an endpoint is doing, for its page: three statements, however much was sent to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, IntegerField, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from webhooks.models import DeliveryState, Endpoint, Outcome

HOURS = 24
HEIGHT = 60  # of the chart; a bar and the gap beside it are 10 wide
STEP = 10


class Percentile95(Aggregate):
    """The value that 95 of 100 do not exceed; PostgreSQL's percentile_disc."""

    function = "percentile_disc"
    template = "%(function)s(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class Hour:
    """The calls that were begun in an hour and have ended, and the bar that shows them."""

    start: datetime
    ok: int
    failed: int
    x: int
    ok_height: float
    failed_height: float

    @property
    def ok_y(self) -> float:
        """Where the green part begins, from the top."""
        return HEIGHT - self.ok_height

    @property
    def failed_y(self) -> float:
        """The red part stands on the green one."""
        return self.ok_y - self.failed_height


@dataclass(frozen=True, slots=True)
class Health:
    """What the panel shows beside the endpoint's own columns."""

    hours: list[Hour]
    ok: int
    failed: int
    p95: int | None
    pending: int
    oldest_pending: datetime | None
    given_up: int

    @property
    def calls(self) -> int:
        """Those that have ended."""
        return self.ok + self.failed

    @property
    def success_rate(self) -> float | None:
        """The share that arrived, of 1; None when nothing was sent."""
        return self.ok / self.calls if self.calls else None

    @property
    def width(self) -> int:
        """Of the chart."""
        return HOURS * STEP

    @property
    def height(self) -> int:
        """Of the chart."""
        return HEIGHT


def health_of(endpoint: Endpoint) -> Health:
    """Count what was sent in the current hour and the 23 before it, and what waits."""
    since = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    calls = endpoint.brand.calls.filter(delivery__endpoint=endpoint, started_at__gte=since)
    ended = calls.exclude(outcome=Outcome.STARTED).order_by()
    counts = (
        ended.annotate(hour=TruncHour("started_at", tzinfo=UTC))
        .values("hour")
        .annotate(ok=Count("pk", filter=Q(outcome=Outcome.OK)), failed=Count("pk", filter=~Q(outcome=Outcome.OK)))
    )
    hours = _bars(since, counts)
    waiting = Q(state=DeliveryState.PENDING)
    # Named one by one, so that the index of what was not delivered serves it.
    open_ones = endpoint.deliveries.filter(state__in=[DeliveryState.PENDING, DeliveryState.EXHAUSTED])
    return Health(
        hours=hours,
        ok=sum(hour.ok for hour in hours),
        failed=sum(hour.failed for hour in hours),
        **ended.aggregate(p95=Percentile95("duration_ms")),
        **open_ones.aggregate(
            pending=Count("pk", filter=waiting),
            oldest_pending=Min("created_at", filter=waiting),
            given_up=Count("pk", filter=~waiting),
        ),
    )


def _bars(since: datetime, counts: Iterable[Any]) -> list[Hour]:
    by_hour = {row["hour"]: (row["ok"], row["failed"]) for row in counts}
    most = max((ok + failed for ok, failed in by_hour.values()), default=0) or 1
    hours = []
    for number in range(HOURS):
        start = since + timedelta(hours=number)
        ok, failed = by_hour.get(start, (0, 0))
        heights = (round(part * HEIGHT / most, 2) for part in (ok, failed))
        hours.append(Hour(start, ok, failed, number * STEP, *heights))
    return hours
