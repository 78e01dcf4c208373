"""How a package type is doing, for its page: a handful of statements, however many phones there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from applewallet.admin_words import PUSH_COLORS, credential_badge, reason_words
from applewallet.device_log import Group, grouped
from applewallet.models import Credential, PackageType, PushState

HOURS = 24  # of pushes
DAYS = 7  # of the device log
MOST_LINES = 500  # of it, the newest
WAITING = (PushState.PENDING, PushState.SENDING)


@dataclass(frozen=True, slots=True)
class Pushes:
    """How many pushes are in a state."""

    state: str
    label: str
    color: str
    count: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Pushes that Apple answered alike, or not at all."""

    status: int | None
    reason: str
    state: str
    count: int
    last: datetime
    words: Any


@dataclass(frozen=True, slots=True)
class Health:
    """What the page shows beside the type's own columns."""

    credential: Credential | None
    badge: dict[str, Any]
    packages: int
    devices: int
    registrations: int
    pushes: list[Pushes]
    oldest_due: datetime | None
    failures: list[Failure]
    groups: list[Group]
    lines: int


def health_of(package_type: PackageType) -> Health:
    """Count what there is, what waits, what was sent in the last day, and what phones wrote in the last week."""
    now = timezone.now()
    credential = package_type.credentials.filter(is_active=True).first()
    state, words = credential_badge(credential, now)
    since = now - timedelta(hours=HOURS)
    recent = package_type.pushes.filter(Q(done_at__gte=since) | Q(state__in=WAITING)).order_by()
    counts = dict(recent.values_list("state").annotate(Count("pk")))
    lines = package_type.device_logs.filter(received_at__gte=now - timedelta(days=DAYS)).order_by("-received_at")
    newest = list(lines.values_list("line", "received_at")[:MOST_LINES])
    due = package_type.pushes.filter(state=PushState.PENDING, due_at__lte=now)
    return Health(
        credential=credential,
        badge={"text": words, "color": state},
        packages=package_type.packages.count(),
        devices=package_type.devices.count(),
        registrations=package_type.brand.registrations.filter(device__type=package_type).count(),
        pushes=[
            Pushes(state.value, str(state.label), PUSH_COLORS[state], counts.get(state.value, 0)) for state in PushState
        ],
        oldest_due=due.aggregate(oldest=Min("due_at"))["oldest"],
        failures=_failures(recent),
        groups=grouped(newest),
        lines=len(newest),
    )


def _failures(recent: Any) -> list[Failure]:
    """Those that were given up, or wait for another attempt; the most frequent first."""
    failed = recent.exclude(state=PushState.SENT).exclude(last_status=None, last_reason="")
    rows = failed.values("last_status", "last_reason", "state").annotate(count=Count("pk"), last=Max("created_at"))
    return [
        Failure(
            status=row["last_status"],
            reason=row["last_reason"],
            state=str(PushState(row["state"]).label),
            count=row["count"],
            last=row["last"],
            words=reason_words(row["last_status"], row["last_reason"]),
        )
        for row in rows.order_by("-count", "last_reason")[:20]
    ]
