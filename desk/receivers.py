"""Writes an order's story: each change and who did it, in that change's own transaction. Forgets who leaves."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.dispatch import receiver

from desk import erasing
from desk.models import About, OrderEvent
from orders.models import Order
from orders.signals import order_saved
from shops.actors import acting
from shops.models import Member
from shops.signals import member_leaves

STATES = ("status", "processing_status")  # told with their values; of other columns only that they changed


@receiver(order_saved)
def write_story(order: Order, changed: Sequence[str], about: Sequence[Model], **_more: Any) -> None:
    """Write down what changed of `order`."""
    actor = acting()
    whole: dict[str, Any] = {"brand_id": order.brand_id, "order": order, "version": order.version}
    whole |= {"actor_kind": actor.kind, "actor_name": actor.name}
    events = [OrderEvent(about=about_of(part), part=part.pk, facts=state_of(part), **whole) for part in about]
    if not about or set(changed) & set(STATES):
        facts = {name: getattr(order, name) if name in STATES else None for name in changed or STATES}
        events.append(OrderEvent(about=About.ORDER, facts=facts, **whole))
    order.brand.order_events.bulk_create(events)


def about_of(part: Model) -> About:
    """Which kind of part it is."""
    return About(str(part._meta.model_name))  # noqa: SLF001 -- Django documents it


def state_of(part: Any) -> dict[str, Any]:
    """How it stands."""
    return {"status": str(part.status)}


@receiver(member_leaves)
def forget(member: Member, **_more: Any) -> None:
    """Forget who a member is."""
    erasing.forget(member)
