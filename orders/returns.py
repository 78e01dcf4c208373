"""Verbs on returns: items of a paid order that come back."""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from orders.models import Order, Return, ReturnItem
from orders.parts import Codes, change_part, choose_items, lock_paid_order, move
from orders.services import save_order
from shops.errors import InvalidInput

STAMPS = {"completed": "returned_at"}


@transaction.atomic
def open_return(order: Order, *, passes: Codes, status: str | None = None, **facts: Any) -> Return:
    """Expect the items of these passes back; `facts` by column.

    It starts out open, or at once in `status`, if that is one step away. Raises NotPaid, InvalidInput,
    IllegalTransition. No money moves: that is a refund's business.
    """
    order = lock_paid_order(order)
    items = choose_items(order, passes, "return_items")
    if not items:
        raise InvalidInput({"passes": [_("A return has at least one pass.")]})
    number = f"{order.number}-{order.returns.count() + 1}"
    opened = Return(brand=order.brand, order=order, return_number=number, **facts)
    move(opened, status, STAMPS, _("A return"))
    check(opened)
    opened.save()
    order.brand.return_items.bulk_create(
        ReturnItem(brand=order.brand, of_return=opened, item=item, holds=opened.holds) for item in items
    )
    save_order(order, about=[opened])
    return opened


@transaction.atomic
def change_return(opened: Return, *, status: str | None = None, **facts: Any) -> Return:
    """Write down what is new of a return: its status, and `facts` by column. What it is already is no change.

    A cancelled one lets its items go; they may be returned by another. Raises InvalidInput and IllegalTransition.
    """
    step = partial(move, to=status, stamps=STAMPS, what=_("A return"))
    return change_part(opened, facts, step=step, check=check)


def check(opened: Return) -> None:
    """Raise InvalidInput for a refund of another order."""
    if opened.refund and opened.refund.order_id != opened.order_id:
        raise InvalidInput({"refund": ["The selected refund is invalid."]})
