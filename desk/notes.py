"""Verbs on the notes and tags of an order. Who acts is whoever shops/actors.py says."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from desk.models import MOST_TAGS, About, OrderEvent, OrderNote, OrderTag, validate_tag
from orders.models import Order
from shops.actors import acting
from shops.errors import InvalidInput


def add_note(order: Order, text: str, *, by: str) -> OrderNote:
    """Write a note of staff about `order`. Raises InvalidInput for one that is empty or too long."""
    text = text.strip()
    most = OrderNote._meta.get_field("text").max_length or 0  # noqa: SLF001 -- Django documents it
    if not text or len(text) > most:
        raise InvalidInput({"text": [_("A note has between 1 and %(most)d characters.") % {"most": most}]})
    return order.brand.order_notes.create(order=order, text=text, by=by)


@transaction.atomic
def add_tag(order: Order, text: str) -> bool:
    """Hang a tag on `order`; False if it hangs there. Raises InvalidInput for a word that is none, and for too many."""
    text = " ".join(text.split()).lower()
    if not text or len(text) > 30:  # noqa: PLR2004 -- the column's
        raise InvalidInput({"tag": [_("A tag has between 1 and 30 characters.")]})
    try:
        validate_tag(text)
    except ValidationError as error:
        raise InvalidInput({"tag": error.messages}) from error
    there = set(order.brand.order_tags.filter(order=order).values_list("text", flat=True))
    if text not in there and len(there) >= MOST_TAGS:
        raise InvalidInput({"tag": [_("An order has %(most)d tags at most.") % {"most": MOST_TAGS}]})
    _tag, is_new = order.brand.order_tags.get_or_create(order=order, text=text)
    if is_new:
        _tell(order, {"added": text})
    return bool(is_new)


@transaction.atomic
def remove_tag(order: Order, text: str) -> bool:
    """Take a tag off `order`; False if it does not hang there."""
    removed, _by_model = order.brand.order_tags.filter(order=order, text=text).delete()
    if removed:
        _tell(order, {"removed": text})
    return bool(removed)


def tags_of(order: Order) -> list[OrderTag]:
    """The order's tags, by the alphabet."""
    return list(order.brand.order_tags.filter(order=order).order_by("text"))


def _tell(order: Order, facts: dict[str, str]) -> None:
    actor = acting()
    who = {"actor_kind": actor.kind, "actor_name": actor.name}
    order.brand.order_events.bulk_create(
        [OrderEvent(brand=order.brand, order=order, version=order.version, about=About.TAG, facts=facts, **who)]
    )
