"""The admin's first page: how a brand's shop is doing, and what needs a hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applewallet.admin_words import CREDENTIAL_COLORS, credential_badge
from applewallet.models import Credential, Push, PushState
from desk.charts import Chart, Number, Series, chart
from desk.figures import DAYS, Figures, OrdersOfDay, figures_of, liabilities_of
from desk.hands import states_of_endpoints, waiting
from desk.scope import Scope, scope_of
from orders.models import OrderCount, OrderStatus, ProcessingStatus
from shops.speaking import money, number, points
from webhooks.models import Call, Outcome

HOURS = 24
MOST_CERTIFICATES = 20


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with a name, and where it leads."""

    label: Any
    value: Any
    url: str = ""
    more: Any = ""


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback for the admin's index: what the page shows, in a constant number of statements."""
    scope = scope_of(request)
    if not scope.brands:
        return context
    if scope.chosen:
        timezone.activate(scope.chosen.time_zone)
    figures = figures_of(scope.keys, scope.today)
    return context | {
        "title": scope.chosen.name if scope.chosen else _("All brands"),
        "scope": scope,
        "days": DAYS,
        "tiles": tiles_of(scope, figures),
        "hands": waiting(scope),
        "charts": charts_of(figures),
        "webhooks": webhook_health(scope.keys),
        "phones": phone_health(scope.keys),
    }


def tiles_of(scope: Scope, figures: Figures) -> list[Tile]:
    """The numbers in front."""
    counts = OrderCount.objects.filter(brand__in=scope.keys).aggregate(
        open=Sum("count", filter=Q(status=OrderStatus.OPEN)),
        fulfil=Sum("count", filter=Q(status=OrderStatus.PAID, processing_status=ProcessingStatus.OPEN)),
    )
    orders = reverse("admin:orders_order_changelist")
    paid_open = "status__exact=paid&processing_status__exact=open"
    today = [row for row in figures.orders if row.day == scope.today]
    tiles = [
        Tile(
            _("Orders today"),
            number(sum(row.count for row in today)),
            f"{orders}?created_at_from={scope.today}{scope.query}",
        ),
        Tile(_("Unpaid orders"), number(counts["open"] or 0), f"{orders}?status__exact=open{scope.query}"),
        Tile(_("Orders to fulfil"), number(counts["fulfil"] or 0), f"{orders}?{paid_open}{scope.query}"),
    ]
    for currency, amount in _money_by_currency(figures.orders).items():
        tiles.append(Tile(_("Revenue of %(days)d days") % {"days": DAYS}, money(amount, currency)))
    for owed in liabilities_of(scope.brands):
        worth = money(owed.worth, owed.currency)
        tiles.append(Tile(_("Owed to members in points"), worth, more=points(owed.points)))
    return tiles


def _money_by_currency(rows: Iterable[OrdersOfDay]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row.status == OrderStatus.PAID:
            sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.money
    return sums


def charts_of(figures: Figures) -> list[Chart]:
    """What happened by day."""
    by_status: dict[str, dict[date, Number]] = {status: {} for status in OrderStatus}
    spent: dict[date, Number] = {}
    revenue: dict[str, dict[date, Number]] = {}
    for row in figures.orders:
        _add(by_status[row.status], row.day, row.count)
        if row.status == OrderStatus.PAID:
            _add(spent, row.day, row.points)
            _add(revenue.setdefault(row.currency, {}), row.day, row.money)
    states = [Series(status.value, status.label, by_status[status]) for status in OrderStatus]
    redeemed: dict[date, Number] = {**figures.redemptions}
    return [
        chart(_("Orders placed, by their status now"), figures.days, states),
        *(
            chart(_("Revenue"), figures.days, [Series("money", currency, values)], partial(money, currency=currency))
            for currency, values in sorted(revenue.items())
        ),
        chart(_("Points spent"), figures.days, [Series("points", _("points"), spent)]),
        chart(_("Passes redeemed"), figures.days, [Series("redeemed", _("passes"), redeemed)]),
    ]


def _add(sums: dict[date, Number], day: date, value: Number) -> None:
    sums[day] = sums.get(day, 0) + value


def webhook_health(keys: list[int]) -> dict[str, Any]:
    """How the brands' endpoints are, and what came of the last day's calls."""
    since = timezone.now() - timedelta(hours=HOURS)
    calls = Call.objects.filter(brand__in=keys, started_at__gte=since).exclude(outcome=Outcome.STARTED).order_by()
    arrived = Q(outcome=Outcome.OK)
    return {
        **states_of_endpoints(keys),
        **calls.aggregate(ok=Count("pk", filter=arrived), failed=Count("pk", filter=~arrived)),
    }


def phone_health(keys: list[int]) -> dict[str, Any]:
    """What came of the last day's pushes, and how long the certificates last."""
    now = timezone.now()
    pushes = Push.objects.filter(brand__in=keys, done_at__gte=now - timedelta(hours=HOURS)).order_by()
    in_use = Credential.objects.filter(brand__in=keys, is_active=True).select_related("type", "brand")
    certificates = []
    for credential in in_use.order_by("valid_until")[:MOST_CERTIFICATES]:
        state, words = credential_badge(credential, now)
        badge = {"text": words, "color": CREDENTIAL_COLORS[state]}
        certificates.append({"row": credential, "badge": badge})
    given_up = Q(state=PushState.DEAD)
    return {
        **pushes.aggregate(sent=Count("pk", filter=~given_up), given_up=Count("pk", filter=given_up)),
        "certificates": certificates,
    }
