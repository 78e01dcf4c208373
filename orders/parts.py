"""What fulfilments, refunds and returns share: they are parts of a paid order and hold some of its items."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Fulfillment, Order, OrderItem, OrderStatus, Return
from orders.services import IllegalTransition, check_ours, lock_order, save_order
from shops.errors import InvalidInput, ShopError

Codes = Sequence[str] | Literal["all"]  # QR codes of passes, or all that no other part of this kind holds
Part = TypeVar("Part", Fulfillment, Return)


class NotPaid(ShopError):
    """Something that only a paid order can have."""

    def __init__(self) -> None:
        super().__init__(_("Only an order that is paid can be fulfilled, refunded or returned."))


def lock_paid_order(order: Order) -> Order:
    """The order as it is now, with nobody else changing it until the transaction ends.

    Raises NotPaid, and StatedByPartner.
    """
    order = lock_order(order)
    check_paid(order)
    return order


def check_paid(order: Order) -> None:
    """Raise NotPaid unless `order` is paid, and StatedByPartner if it is not ours to change."""
    check_ours(order)
    if order.status != OrderStatus.PAID:
        raise NotPaid


def choose_items(order: Order, codes: Codes, held: str) -> list[OrderItem]:
    """The items whose passes have these QR codes, in the order they were bought; "all" means those that are free.

    `held` names the relation to what may hold an item once (`refund_items`). Raises InvalidInput for a code that is not
    the order's, that comes twice, or whose item is held already.
    """
    items = list(order.items.select_related("issued_pass__coupon__brand").order_by("pk"))
    taken = set(order.items.filter(**{f"{held}__holds": True}).values_list("pk", flat=True))
    if codes == "all":
        free = [item for item in items if item.pk not in taken]
        if not free:
            raise InvalidInput({"passes": [_("None of the order's passes is left.")]})
        return free
    by_code = {item.issued_pass.qr_code: item for item in items}
    chosen: set[int] = set()
    for at, code in enumerate(codes):
        item = by_code.get(code)
        if item is None:
            raise InvalidInput({f"passes.{at}": [f"The selected passes.{at} is invalid."]})
        if item.pk in taken | chosen:
            raise InvalidInput({f"passes.{at}": [_("The pass %s is taken already.") % code]})
        chosen.add(item.pk)
    return [item for item in items if item.pk in chosen]


def move(part: Fulfillment | Return, to: str | None, stamps: Mapping[str, str], what: str) -> set[str]:
    """Move `part`, unsaved, to the state `to`; returns the columns that changed. None and the same state change none.

    `stamps` names the column that keeps when a state was reached, unless it is filled already. Raises
    IllegalTransition.
    """
    if to is None or to == part.status:
        return set()
    if not part.may_become(to):
        raise IllegalTransition(part.status, to, what)
    part.status = to
    stamp = stamps.get(to)
    if stamp is None or getattr(part, stamp) is not None:
        return {"status"}
    setattr(part, stamp, timezone.now())
    return {"status", stamp}


def change_part(
    part: Part,
    facts: Mapping[str, Any],
    *,
    step: Callable[[Part], set[str]],
    check: Callable[[Part], None],
) -> Part:
    """Write `facts` (by column) into `part`, take `step`, and save it if that changed anything and `check` agrees.

    Call it inside a transaction. Raises what `step` and `check` raise.
    """
    order = lock_order(part.order)
    check_ours(order)
    part.refresh_from_db()
    part.order, part.brand = order, order.brand
    changed: set[str] = {name for name, value in facts.items() if getattr(part, name) != value}
    for name in changed:
        setattr(part, name, facts[name])
    changed |= step(part)
    if changed:
        check(part)
        part.save(update_fields=[*changed, "updated_at"])
        save_order(order, about=[part])
    return part
