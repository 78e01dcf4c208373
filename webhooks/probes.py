"""Test calls and exams go to any URL that somebody typed, as often as somebody asks: so they are counted.

So many for an endpoint, three times as many for a brand, one exam of a brand at a time. Rows hold this over all
processes, by the database's clock; a slot in the process keeps threads free for everybody else.
"""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shops.errors import TooSoon
from shops.models import Brand
from webhooks.models import Endpoint, Probe, ProbeKind

BRAND_FACTOR = 3  # what one endpoint may have, all of a brand may have so many times
FREE_IN = 5  # seconds until it is worth asking for a slot again
MARGIN = 10  # seconds beside an exam's own, after which one is taken for lost
KEPT = timedelta(hours=1)  # the longest window
# A web process has four threads (docs/operators.md): two at most wait for receivers, the others go on serving.
slots = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many in how long, and how to say that it is enough."""

    setting: str
    window: timedelta
    of_endpoint: str | Promise
    of_brand: str | Promise


LIMITS = {
    ProbeKind.TEST: Limit(
        "WEBHOOK_TESTS_PER_MINUTE",
        timedelta(minutes=1),
        gettext_lazy("Test calls to one endpoint: at most %(most)d a minute."),
        gettext_lazy("Test calls to a brand's endpoints: at most %(most)d a minute."),
    ),
    ProbeKind.EXAM: Limit(
        "WEBHOOK_EXAMS_PER_HOUR",
        timedelta(hours=1),
        gettext_lazy("Exams of one endpoint: at most %(most)d an hour."),
        gettext_lazy("Exams of a brand's endpoints: at most %(most)d an hour."),
    ),
}


@contextmanager
def probing(endpoint: Endpoint, kind: ProbeKind, seconds: float = 0) -> Iterator[None]:
    """Have a probe of `endpoint` under way, an exam of up to `seconds`.

    Raises TooSoon, and then nothing may be sent; and RuntimeError inside a transaction, which would stay open through
    all the HTTP.
    """
    if not slots.acquire(blocking=False):
        raise TooSoon(_with_wait(_("Other test calls and exams are under way."), FREE_IN), FREE_IN)
    try:
        probe = _begin(endpoint, kind, seconds)
        try:
            yield
        finally:
            endpoint.brand.probes.filter(pk=probe.pk).update(busy_until=None)
    finally:
        slots.release()


@transaction.atomic(durable=True)
def _begin(endpoint: Endpoint, kind: ProbeKind, seconds: float) -> Probe:
    brand = endpoint.brand
    _lock(brand)
    brand.probes.filter(busy_until__lt=Now()).update(busy_until=None)
    brand.probes.filter(started_at__lt=Now() - KEPT, busy_until=None).delete()
    _check_count(endpoint, kind)
    if kind == ProbeKind.EXAM:
        _check_exams(brand)
    busy_until = Now() + timedelta(seconds=seconds + MARGIN) if kind == ProbeKind.EXAM else None
    return brand.probes.create(endpoint=endpoint, kind=kind, busy_until=busy_until)


def _lock(brand: Brand) -> None:
    """Let nobody else begin a probe of this brand until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhook probes {brand.pk}"])


def _check_count(endpoint: Endpoint, kind: ProbeKind) -> None:
    limit = LIMITS[kind]
    most = getattr(settings, limit.setting)
    if not most:
        return
    _check_rows(endpoint.probes.filter(kind=kind), most, limit.window, limit.of_endpoint)
    _check_rows(endpoint.brand.probes.filter(kind=kind), most * BRAND_FACTOR, limit.window, limit.of_brand)


def _check_rows(probes: QuerySet[Probe], most: int, window: timedelta, text: str | Promise) -> None:
    recent = probes.filter(started_at__gt=Now() - window).order_by("-started_at")
    full = recent.values_list("started_at", Now())[most - 1 : most].first()
    if full:
        started_at, now = full
        raise _too_soon(str(text) % {"most": most}, started_at + window, now)


def _check_exams(brand: Brand) -> None:
    busy = brand.probes.filter(kind=ProbeKind.EXAM, busy_until__isnull=False).values_list("busy_until", Now()).first()
    if busy:
        until, now = busy
        raise _too_soon(_("Another exam of this brand is under way."), until, now)


def _too_soon(text: str, until: datetime, now: datetime) -> TooSoon:
    wait = max(math.ceil((until - now).total_seconds()), 1)
    return TooSoon(_with_wait(text, wait), wait)


def _with_wait(text: str, wait: int) -> str:
    return f"{text} {ngettext('Try again in %d second.', 'Try again in %d seconds.', wait) % wait}"
