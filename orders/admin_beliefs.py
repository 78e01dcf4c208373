"""What partners believe of orders: the last status that they confirmed, against ours."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from orders.models import Order
from shops.permissions import brand_ids_where
from webhooks.models import Delivery, DeliveryState, Endpoint

ON_ITS_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class Belief:
    """What one endpoint knows of an order."""

    order: Order
    endpoint: Endpoint
    confirmed: Delivery | None  # the newest that arrived
    newest: Delivery | None

    @property
    def unconfirmed(self) -> Delivery | None:
        """The newest news, if it has not arrived."""
        return None if self.newest is self.confirmed else self.newest

    @property
    def verdict(self) -> dict[str, Any]:
        """Whether it agrees with us, in words and a colour."""
        if self.newest is None:
            return {"text": _("Was told nothing"), "color": "info"}
        if self.newest.state in ON_ITS_WAY:
            return {"text": _("Not yet confirmed"), "color": "warning"}
        if self.unconfirmed:
            return {"text": _("Disagrees"), "color": "danger"}
        if self.newest.event.order_status == self.order.status:
            return {"text": _("Agrees"), "color": "success"}
        return {"text": _("Was not told of the present status"), "color": "warning"}

    @property
    def can_be_told_again(self) -> bool:
        """Whether there is something to send again that is not on its way already."""
        return self.newest is not None and self.newest.state not in ON_ITS_WAY


def beliefs_of(order: Order) -> list[Belief]:
    """What each endpoint of the order's brand knows of it, in two statements."""
    found = order.brand.deliveries.filter(order_uuid=order.uuid).select_related("event").order_by("-version")
    by_endpoint: dict[int, list[Delivery]] = {}
    for delivery in found:
        by_endpoint.setdefault(delivery.endpoint_id, []).append(delivery)
    beliefs = []
    for endpoint in order.brand.endpoints.filter(removed_at=None).order_by("pk"):
        told = by_endpoint.get(endpoint.pk, [])
        confirmed = next((one for one in told if one.state == DeliveryState.DELIVERED), None)
        beliefs.append(Belief(order, endpoint, confirmed, told[0] if told else None))
    return beliefs


def where_a_partner_disagrees(orders: QuerySet[Order], endpoints: list[int]) -> QuerySet[Order]:
    """Those of `orders` whose latest status one of these endpoints was told, or shall be, and has not confirmed.

    The endpoints are named one by one, so that PostgreSQL starts from the index of what was not delivered
    (`delivery_unconfirmed`), which is short, and not from the orders.
    """
    deliveries = Delivery.objects.order_by()  # each is tied to its order's brand below
    later = deliveries.filter(
        endpoint=OuterRef("endpoint"), order_uuid=OuterRef("order_uuid"), version__gt=OuterRef("version")
    )
    unconfirmed = deliveries.filter(
        ~Exists(later),
        endpoint__in=endpoints,
        order_uuid=OuterRef("uuid"),
        brand=OuterRef("brand"),
    ).exclude(state=DeliveryState.DELIVERED)
    return orders.filter(Exists(unconfirmed))


class PartnerDisagreesFilter(DropdownFilter):
    """Orders whose latest status some active endpoint has not confirmed."""

    title = _("partner")
    parameter_name = "partner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """There is one question."""
        return [("disagrees", _("Partner disagrees"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Narrow the list, which holds orders of the user's own brands only."""
        if self.value() != "disagrees":
            return queryset
        return where_a_partner_disagrees(queryset, _active_endpoints_of(request.user))


def _active_endpoints_of(user: Any) -> list[int]:
    """Those of the user's brands, asked of the database once per request."""
    if not hasattr(user, "known_endpoints"):
        active = Endpoint.objects.filter(is_active=True)
        if not user.is_superuser:
            active = active.filter(brand__in=brand_ids_where(user, "view"))
        user.known_endpoints = list(active.values_list("pk", flat=True))
    known: list[int] = user.known_endpoints
    return known
