"""How staff find orders: by what an index can find."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str

from applewallet.models import Package
from orders.models import Order
from passes.services import ALPHABET
from shops.numbers import whole_number

LENGTH_OF_QR_CODE = 20


def find_orders(orders: QuerySet[Order], term: str) -> QuerySet[Order]:
    """Those of `orders` that `term` names.

    By number, identifier, a pass's QR code or serial number, or how an e-mail address begins.
    """
    if not term:
        return orders
    if len(term) == LENGTH_OF_QR_CODE and set(term.upper()) <= set(ALPHABET):
        return orders.filter(items__issued_pass__qr_code=term.upper())
    number = whole_number(term.lstrip("#"))
    if number is not None:
        return orders.filter(number=number)
    try:
        return _by_identifier(orders, UUID(term))
    except ValueError:
        return orders.filter(member__email__lower__startswith=term.lower())


def _by_identifier(orders: QuerySet[Order], wanted: UUID) -> QuerySet[Order]:
    """The order, or that of a pass: by its own serial number, or by the one that Wallet shows."""
    packages = Package.objects.filter(serial=wanted)  # of whatever brand: `orders` are the user's own
    named = [wanted, *packages.values_list("subject_uuid", flat=True)]
    found = orders.filter(uuid__in=named)
    return found if found.exists() else orders.filter(items__issued_pass__uuid__in=named)


def midnight(day: date) -> datetime:
    """The moment at which `day` begins."""
    return timezone.make_aware(datetime.combine(day, time.min))


class PlacedFilter(RangeDateFilter):
    """From one day to another, both included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("placed")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Narrow the list; what is no day counts for nothing."""
        first, last = (self._day(f"{self.parameter_name}_{end}") for end in ("from", "to"))
        if first:
            queryset = queryset.filter(created_at__gte=midnight(first))
        if last:
            queryset = queryset.filter(created_at__lt=midnight(last + timedelta(days=1)))
        return queryset

    def _day(self, name: str) -> date | None:
        return parse_date_str(str(self.used_parameters.get(name) or ""))
