"""Things that need a hand now. Each is a count along a partial index, and leads to the list that shows them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applewallet.models import Credential, PackageType
from desk.models import PointsFault
from desk.scope import Scope
from orders.models import (
    Chargeback,
    MailState,
    Order,
    OrderMail,
    OrderStatus,
    Payment,
    Refund,
    RefundStatus,
    Return,
    ReturnStatus,
)
from orders.refunds import CAME_BACK
from webhooks.models import Delivery, DeliveryState, Endpoint

MOST = 1000  # counted; "1000 or more" is enough to know
SOON = timedelta(minutes=30)  # of orders that wait for their payment
SILENT = timedelta(hours=1)  # of a refund that nobody has decided
FAILED_LATELY = timedelta(days=30)
EXPIRES_SOON = timedelta(days=30)  # of certificates
ENDED_RETURNS = (ReturnStatus.COMPLETED, ReturnStatus.CANCELLED)
NOT_COMPLETED = (RefundStatus.REQUESTED, RefundStatus.FAILED)  # named so that the partial index serves


@dataclass(frozen=True, slots=True)
class Hand:
    """Something that waits for staff."""

    label: Any
    color: str  # danger: something is lost if nobody comes; warning: somebody waits
    rows: Callable[[list[int]], QuerySet[Any]]  # by the keys of brands
    page: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much of it there is now."""

    label: Any
    color: str
    count: int
    url: str

    @property
    def is_capped(self) -> bool:
        """Whether there may be more."""
        return self.count == MOST


def failed_refunds(keys: Iterable[int]) -> QuerySet[Refund]:
    """Those of late that no other refund of the same order has followed."""
    later = Refund.objects.filter(order=OuterRef("order"), pk__gt=OuterRef("pk"))
    rows = Refund.objects.filter(brand__in=keys, created_at__gte=timezone.now() - FAILED_LATELY)
    return rows.exclude(status=RefundStatus.COMPLETED).filter(~Exists(later), status=RefundStatus.FAILED)


def silent_refunds(keys: Iterable[int]) -> QuerySet[Refund]:
    """Those that the payment provider has not decided for long."""
    rows = Refund.objects.filter(brand__in=keys).exclude(status=RefundStatus.COMPLETED)
    return rows.filter(status=RefundStatus.REQUESTED, created_at__lt=timezone.now() - SILENT)


def refunds_that_came_back(keys: Iterable[int]) -> QuerySet[Refund]:
    """Those of late whose money the member's bank did not take, after they had been completed."""
    lately = timezone.now() - FAILED_LATELY
    came_back = Q(status=RefundStatus.COMPLETED, provider_status=CAME_BACK)  # as the partial index says it
    return Refund.objects.filter(came_back, brand__in=keys, created_at__gte=lately)


def undecided_chargebacks(keys: Iterable[int]) -> QuerySet[Chargeback]:
    """Those that stand, and that nobody has dealt with."""
    return Chargeback.objects.filter(brand__in=keys, decided_at=None, reversed_at=None)


def given_up_mails(keys: Iterable[int]) -> QuerySet[OrderMail]:
    """Those that nobody got, and that were not mailed again since."""
    later = OrderMail.objects.filter(order=OuterRef("order"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    rows = OrderMail.objects.filter(brand__in=keys, state=MailState.FAILED)
    same = Q(issued_pass=OuterRef("issued_pass")) | Q(issued_pass=None)
    return rows.exclude(Exists(later.filter(same)))


def waiting_returns(keys: Iterable[int]) -> QuerySet[Return]:
    """Those that are not completed and not cancelled."""
    return Return.objects.filter(brand__in=keys).exclude(status__in=ENDED_RETURNS)


def _unpaid_soon_expired(keys: list[int]) -> QuerySet[Order]:
    due = Q(status=OrderStatus.OPEN, expires_at__gte=Now(), expires_at__lt=Now() + SOON)
    return Order.objects.filter(due, brand__in=keys)


def _payments_in_trouble(keys: list[int]) -> QuerySet[Payment]:
    return Payment.objects.filter(brand__in=keys, due_at__isnull=False).exclude(last_error="")


def _given_up(keys: list[int]) -> QuerySet[Delivery]:
    # The endpoints one by one, so that the index of what was not delivered serves it.
    endpoints = list(Endpoint.objects.filter(brand__in=keys, removed_at=None).values_list("pk", flat=True))
    return Delivery.objects.filter(endpoint__in=endpoints, state=DeliveryState.EXHAUSTED)


def _disabled(keys: list[int]) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(brand__in=keys, removed_at=None, is_active=False)


def _expiring(keys: list[int]) -> QuerySet[Credential]:
    soon = timezone.now() + EXPIRES_SOON
    return Credential.objects.filter(brand__in=keys, is_active=True, valid_until__lt=soon)


HANDS = (
    Hand(
        _("Sums of points and money that do not agree"),
        "danger",
        lambda keys: PointsFault.objects.filter(brand__in=keys),
        "desk_pointsfault_changelist",
    ),
    Hand(
        _("Refunds that failed"),
        "danger",
        failed_refunds,
        "orders_refund_changelist",
        "status__exact=failed",
    ),
    Hand(
        _("Refunds whose money came back from the member's bank"),
        "danger",
        refunds_that_came_back,
        "orders_order_changelist",
        "has=refund_came_back",
    ),
    Hand(
        _("Chargebacks to deal with"),
        "danger",
        undecided_chargebacks,
        "orders_order_changelist",
        "has=chargeback",
    ),
    Hand(
        _("Refunds that the payment provider has not decided for an hour"),
        "warning",
        silent_refunds,
        "orders_refund_changelist",
        "status__exact=requested",
    ),
    Hand(
        _("Payments that the provider does not tell of"),
        "warning",
        _payments_in_trouble,
        "orders_order_changelist",
        "has=payment_trouble",
    ),
    Hand(
        _("Unpaid orders that expire within half an hour"),
        "warning",
        _unpaid_soon_expired,
        "orders_order_changelist",
        "status__exact=open",
    ),
    Hand(
        _("Returns to deal with"),
        "warning",
        waiting_returns,
        "orders_order_changelist",
        "has=return_waiting",
    ),
    Hand(
        _("Mails that were given up"),
        "warning",
        given_up_mails,
        "orders_order_changelist",
        "has=mail_given_up",
    ),
    Hand(
        _("Webhooks that were given up"),
        "danger",
        _given_up,
        "webhooks_delivery_changelist",
        "state__exact=exhausted",
    ),
    Hand(
        _("Webhook endpoints that are switched off"),
        "danger",
        _disabled,
        "webhooks_endpoint_changelist",
        "is_active__exact=0",
    ),
    Hand(
        _("Package types whose pushes are stopped"),
        "danger",
        lambda keys: PackageType.objects.filter(brand__in=keys, push_paused_at__isnull=False),
        "applewallet_packagetype_changelist",
    ),
    Hand(
        _("Certificates that have expired or expire within 30 days"),
        "danger",
        _expiring,
        "applewallet_credential_changelist",
        "is_active__exact=1",
    ),
)


def waiting(scope: Scope) -> list[Waiting]:
    """What there is to do now, in a constant number of statements."""
    found = []
    for hand in HANDS:
        count = hand.rows(scope.keys).order_by()[:MOST].count()
        if count:
            url = f"{reverse(f'admin:{hand.page}')}?{(hand.query + scope.query).lstrip('&')}"
            found.append(Waiting(hand.label, hand.color, count, url))
    return sorted(found, key=lambda one: one.color != "danger")


def states_of_endpoints(keys: list[int]) -> dict[str, int]:
    """How many endpoints are healthy, failing, disabled."""
    is_off, fails = Q(is_active=False), Q(failing_since__isnull=False)
    rows = Endpoint.objects.filter(brand__in=keys, removed_at=None).order_by()
    return rows.aggregate(
        healthy=Count("pk", filter=~is_off & ~fails),
        failing=Count("pk", filter=~is_off & fails),
        disabled=Count("pk", filter=is_off),
    )
