"""Orders that a partner states: the partner's word counts, and one call writes down all that changed.

Any state may follow any other. What is the same as before is not touched, so repeating a statement does nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from django.db import transaction
from django.db.models import Manager, QuerySet
from django.utils import timezone

from orders.earning import settle_points
from orders.models import (
    Fulfillment,
    Order,
    OrderLine,
    OrderSource,
    OrderSum,
    ProcessingStatus,
    Refund,
)
from orders.services import lock_order, next_number, save_order
from orders.signals import order_saved
from orders.statements import Statement
from shops.models import Brand, Member
from shops.services import lock_member
from webhooks.services import publish

Columns = dict[str, Any]
ROWS = ("lines", "fulfillments", "fulfillment_lines", "refunds", "refund_lines", "sums")
ABOUT = ("fulfillments", "refunds")  # the parts of which those who follow orders are told


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of some rows."""

    new: list[Any] = field(default_factory=list)
    altered: list[Any] = field(default_factory=list)
    gone: int = 0

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.new or self.altered or self.gone)

    @property
    def there(self) -> list[Any]:
        """The rows that are new, or not what they were."""
        return [*self.new, *self.altered]


@transaction.atomic(savepoint=False)
def state_order(brand: Brand, member: Member, statement: Statement) -> Order:
    """Make a new order of `member` that is what `statement` says. Publishes `open`, and then its state."""
    order = _begin(brand, member, statement)
    return _follow(order, statement, _keep_rows(order, statement, None), is_new=True)


@transaction.atomic(savepoint=False)
def restate_order(order: Order, statement: Statement, was: Statement | None = None) -> Order:
    """Make `order` what `statement` says now, with all that follows from it.

    A new status is published, points are earned and taken back, phones are told. `was` is what was stated last, if that
    is known: what has not changed since is not even read. Staff who archived an order keep it so. Of a member who was
    forgotten nothing is written that may say who it was.
    """
    order = lock_order(order)
    order.member.brand = order.brand  # so that booking points does not ask for it
    statement = statement.nameless() if order.member.is_erased else statement
    return _follow(order, statement, _keep_rows(order, statement, was))


def _follow(order: Order, statement: Statement, kept: dict[str, Kept], *, is_new: bool = False) -> Order:
    """Write the order's own columns and book its points; tell it, if anything is not what it was."""
    status = order.status
    changed = _write(order, _facts_of(order, statement))
    changed |= settle_points(order, kept["refunds"].new)
    if changed or (any(kept.values()) and not is_new):
        save_order(order, *changed, about=[row for name in ABOUT for row in kept[name].there])
    if order.status != status:
        publish(order.brand, order_uuid=order.uuid, order_status=order.status, version=order.version)
    return order


def _begin(brand: Brand, member: Member, statement: Statement) -> Order:
    """Place the order as open. The member is locked before the brand's number, as in place_order."""
    member = lock_member(member)
    order = brand.orders.create(
        member=member,
        number=next_number(brand),
        source=OrderSource.WALLET,
        stated_by=statement.by,
        stated_id=statement.external_id,
        stated_number=statement.number,
        stated_payment=statement.payment_status,
        created_at=_not_in_future(statement),
        currency=statement.currency,
        total=statement.total,
        refunded=statement.refunded,
        total_order_points_price=0,
        points_used=0,
        point_value=brand.point_value,
        earn_rate=brand.earn_rate if statement.currency == brand.currency else 0,
    )
    order_saved.send(Order, order=order, changed=(), about=())
    publish(brand, order_uuid=order.uuid, order_status=order.status, version=order.version)
    return order


def _not_in_future(statement: Statement) -> Any:
    """When it was placed. A partner's clock may run ahead, and nothing of ours may be older than its order."""
    return min(statement.created_at, timezone.now())


def _facts_of(order: Order, statement: Statement) -> Columns:
    """The order's own columns, as stated."""
    facts: Columns = {
        "status": statement.status,
        "stated_number": statement.number,
        "stated_payment": statement.payment_status,
        "currency": statement.currency,
        "total": statement.total,
        "refunded": statement.refunded,
        "stated_by": statement.by,
    }
    if statement.created_at != order.created_at and statement.created_at <= timezone.now():
        facts["created_at"] = statement.created_at
    if order.processing_status != ProcessingStatus.ARCHIVED:
        facts["processing_status"] = statement.processing_status
        if statement.processing_status == ProcessingStatus.PROCESSED and order.processed_at is None:
            facts["processed_at"] = timezone.now()
    return facts


def _write(row: Any, facts: Mapping[str, Any]) -> set[str]:
    """Set what differs, unsaved; returns its names."""
    changed = {name for name, value in facts.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, facts[name])
    return changed


def _keep_rows(order: Order, statement: Statement, was: Statement | None) -> dict[str, Kept]:
    """Make the rows that hang on the order what is stated, kind by kind."""

    def same(name: str) -> bool:
        return was is not None and getattr(was, name) == getattr(statement, name)

    kept = dict.fromkeys(ROWS, Kept())
    if not same("lines"):
        kept["lines"] = _keep(order.lines, order, OrderLine, _lines_of(statement))
    if not same("fulfillments"):
        now = {"updated_at": timezone.now()}
        kept["fulfillments"] = _keep(order.fulfillments, order, Fulfillment, _fulfillments_of(statement), now)
    if not (same("lines") and same("fulfillments")):
        kept["fulfillment_lines"] = _keep_fulfillment_lines(order, statement)
    if not same("refunds"):
        kept["refunds"] = _keep(order.refunds, order, Refund, _refunds_of(statement))
    if not (same("lines") and same("refunds")):
        kept["refund_lines"] = _keep_refund_lines(order, statement)
    if not same("sums"):
        kept["sums"] = _keep_sums(order, statement)
    return kept


def _columns(stated: Any, *left_out: str) -> Columns:
    return {name: getattr(stated, name) for name in stated.__slots__ if name not in left_out}


def _lines_of(statement: Statement) -> list[Columns]:
    return [_columns(line) | {"position": position} for position, line in enumerate(statement.lines)]


def _fulfillments_of(statement: Statement) -> list[Columns]:
    return [_columns(fulfillment, "lines") for fulfillment in statement.fulfillments]


def _refunds_of(statement: Statement) -> list[Columns]:
    ended = {"status": "completed", "points": 0, "by": statement.by}
    return [_columns(refund, "lines") | ended | {"ended_at": refund.created_at} for refund in statement.refunds]


def _keep(
    rows: Manager[Any], order: Order, model: type[Any], stated: Iterable[Columns], stamps: Columns | None = None
) -> Kept:
    """Add, change and delete `rows` until they are as `stated`, matched by the partner's ids: three writes at most.

    `stamps` is written into what changes.
    """
    known = {row.external_id: row for row in rows.all()}
    new: list[Any] = []
    altered: list[Any] = []
    names: set[str] = set()
    for columns in stated:
        row = known.pop(columns["external_id"], None)
        if row is None:
            new.append(model(brand=order.brand, order=order, **columns))
        elif differing := _write(row, columns):
            names |= differing | _write(row, stamps or {})
            altered.append(row)
    if known:
        rows.filter(pk__in=[row.pk for row in known.values()]).delete()
    if altered:
        rows.bulk_update(altered, sorted(names))
    if new:
        rows.bulk_create(new)
    return Kept(new, altered, len(known))


def _keep_fulfillment_lines(order: Order, statement: Statement) -> Kept:
    lines = dict(order.lines.values_list("external_id", "pk"))
    parts = dict(order.fulfillments.values_list("external_id", "pk"))
    wanted = {
        (parts[one.external_id], lines[line]) for one in statement.fulfillments for line in one.lines if line in lines
    }
    rows = order.brand.fulfillment_lines.filter(fulfillment__order=order)
    return _keep_held(order, rows, ("fulfillment_id", "line_id"), wanted)


def _keep_refund_lines(order: Order, statement: Statement) -> Kept:
    lines = dict(order.lines.values_list("external_id", "pk"))
    parts = dict(order.refunds.values_list("external_id", "pk"))
    wanted = {
        (parts[one.external_id], lines[line], quantity)
        for one in statement.refunds
        for line, quantity in one.lines
        if line in lines
    }
    rows = order.brand.refund_lines.filter(refund__order=order)
    return _keep_held(order, rows, ("refund_id", "line_id", "quantity"), wanted)


def _keep_held(order: Order, rows: QuerySet[Any], names: tuple[str, ...], wanted: set[tuple[Any, ...]]) -> Kept:
    """Make `rows`, which say what part holds which line, what is `wanted` of the columns `names`.

    They have no identity of their own: what differs goes, and comes anew.
    """
    known = {tuple(held): pk for pk, *held in rows.order_by().values_list("pk", *names)}
    gone = [pk for held, pk in known.items() if held not in wanted]
    new = [
        rows.model(brand=order.brand, **dict(zip(names, held, strict=True)))
        for held in sorted(wanted - known.keys(), key=itemgetter(0, 1))
    ]
    if gone:
        rows.filter(pk__in=gone).delete()
    if new:
        rows.bulk_create(new)
    return Kept(new, gone=len(gone))


def _keep_sums(order: Order, statement: Statement) -> Kept:
    """They have no identity of their own: as soon as one differs, all are written anew."""
    stated = [_columns(one) for one in statement.sums]
    names = ("kind", "label", "amount", "currency")
    known = [{name: getattr(row, name) for name in names} for row in order.sums.all()]
    if known == stated:
        return Kept()
    order.sums.all().delete()
    return Kept(
        order.sums.bulk_create(OrderSum(brand=order.brand, order=order, **columns) for columns in stated),
        gone=len(known),
    )
