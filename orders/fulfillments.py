"""Verbs on fulfilments: how the items of a paid order reach the member."""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from orders.models import Fulfillment, FulfillmentItem, FulfillmentKind, Order
from orders.models.fulfillments import PICKUP_ONLY, SHIPPING_ONLY
from orders.parts import Codes, change_part, choose_items, lock_paid_order, move
from orders.services import save_order
from shops.errors import InvalidInput

NOT_LEFT = ("open", "processing", "readyForPickup")
STAMPS = {"shipped": "shipped_at", "delivered": "delivered_at", "pickedUp": "picked_up_at"}
# The API's names of columns that it groups.
GROUPS = dict.fromkeys(("given_name", "family_name", "organization_name"), "recipient")
GROUPS |= dict.fromkeys(("latitude", "longitude"), "location")


@transaction.atomic
def add_fulfillment(
    order: Order, kind: str, *, passes: Codes = "all", status: str | None = None, **facts: Any
) -> Fulfillment:
    """Begin to ship the items of these passes, or to keep them ready; `facts` by column.

    It starts out open, or at once in `status`, if that is one step away. Raises NotPaid, InvalidInput,
    IllegalTransition.
    """
    order = lock_paid_order(order)
    items = choose_items(order, passes, "fulfillment_items")
    if not items:
        raise InvalidInput({"passes": [_("A fulfilment has at least one pass.")]})
    fulfillment = Fulfillment(brand=order.brand, order=order, kind=kind, **facts)
    if kind == FulfillmentKind.SHIPPING and not fulfillment.shipping_type:
        fulfillment.shipping_type = "shipping"
    move(fulfillment, status, STAMPS, _("A fulfilment"))
    check(fulfillment)
    fulfillment.save()
    order.brand.fulfillment_items.bulk_create(
        FulfillmentItem(brand=order.brand, fulfillment=fulfillment, item=item, holds=fulfillment.holds)
        for item in items
    )
    save_order(order, about=[fulfillment])
    return fulfillment


@transaction.atomic
def change_fulfillment(fulfillment: Fulfillment, *, status: str | None = None, **facts: Any) -> Fulfillment:
    """Write down what is new of `fulfillment`: its status, and `facts` by column. What it is already is no change.

    A cancelled one lets its items go; they may be put into another. Raises InvalidInput and IllegalTransition.
    """
    step = partial(move, to=status, stamps=STAMPS, what=_("A fulfilment"))
    return change_part(fulfillment, facts, step=step, check=check)


@transaction.atomic
def stop_fulfilling(order: Order) -> int:
    """Cancel the fulfilments of `order` that have not left; returns how many. What has left goes on."""
    order = lock_paid_order(order)
    waiting = list(order.fulfillments.filter(status__in=NOT_LEFT).select_related("order__brand").order_by("pk"))
    for one in waiting:
        change_fulfillment(one, status="cancelled")
    return len(waiting)


def check(fulfillment: Fulfillment) -> None:
    """Raise InvalidInput for facts that do not belong to its kind, or that lack what gives them a meaning."""
    is_pickup = fulfillment.kind == FulfillmentKind.PICKUP
    foreign = SHIPPING_ONLY if is_pickup else PICKUP_ONLY
    errors = {}
    for name, empty in foreign.items():
        if getattr(fulfillment, name) != empty:
            field = GROUPS.get(name, name)
            errors[field] = [f"The {field.replace('_', ' ')} field does not belong to a {fulfillment.kind} fulfilment."]
    required = "display_name" if is_pickup else "shipping_type"
    if not getattr(fulfillment, required):
        errors[required] = [f"The {required.replace('_', ' ')} field is required."]
    if (fulfillment.latitude is None) != (fulfillment.longitude is None):
        errors["location"] = [_("A location has a latitude and a longitude.")]
    for window, start in (("estimated_delivery_window", "estimated_delivery_at"), ("pickup_window", "pickup_at")):
        if getattr(fulfillment, window) is not None and getattr(fulfillment, start) is None:
            errors.setdefault(window, [_("A window begins somewhere: %s is missing.") % start])
    if errors:
        raise InvalidInput(errors)
