"""What in an order of the wallet API does not agree with itself: sums, references, dates (buyer-wallet.md §A.16).

The order's structure has been checked (buyers/order_rules.py). A finding does not make an order wrong for the buyer, so
by default it is only noted; a client that wants to be strict has it refused. Findings are English, as the API is; the
admin shows them in the reader's language (shops/sentences.py).
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from django.utils.translation import gettext_noop as _

from buyers.order_rules import MOST_PROBLEMS, TABLES, Problem, moment
from shops.money import minor_units

Json = dict[str, Any]
ARRIVED = {"DELIVERED", "CANCELLED"}
HAVE_IDS = {
    "deliveryMethods": "deliveryMethodId",
    "fulfillments": "fulfillmentId",
    "lineItems": "lineItemId",
    "refunds": "refundId",
}
OTHER_CURRENCY = _("The order's currency is %(own)s, here it is %(other)s.")
OTHER_SUM = _("It says %(said)s, but its parts make %(computed)s.")
REFUNDED_TOO_MUCH = _("The refunds make %(sum)s, more than the order's total.")
UNITS = (("originalTotalPrice", "originalUnitPrice"), ("totalPrice", "unitPrice"))  # a total, and the price of one


def _amount(money: Json) -> Decimal:
    return Decimal(money["amount"])


def _sum(rows: Iterable[Json], key: str) -> Decimal:
    return sum((_amount(row[key]) for row in rows), Decimal(0))


def _taxes(order: Json) -> Decimal:
    return sum(
        (_sum(row["taxLines"], "price") for row in chain(order["lineItems"], order["deliveryMethods"])), Decimal(0)
    )


def _totals(order: Json, *names: str) -> Decimal:
    return sum((_amount(order["total"][name]) for name in names), Decimal(0))


# Each total, and what the reference computes it from.
TOTALS: dict[str, Callable[[Json], Decimal]] = {
    "lineItemSubtotalPrice": lambda order: _sum(order["lineItems"], "totalPrice") + _totals(order, "cartDiscounts"),
    "shippingSubtotalPrice": lambda order: _sum(order["deliveryMethods"], "totalPrice"),
    "totalDiscounts": lambda order: _totals(order, "cartDiscounts", "lineItemDiscounts", "shippingDiscounts"),
    "totalTax": _taxes,
    "totalPrice": lambda order: _totals(order, "lineItemSubtotalPrice", "shippingSubtotalPrice", "totalTax"),
}

# What cannot be at the same time: the field, whether it is so, and why that is odd.
INCONSISTENT: tuple[tuple[str, Callable[[Json], bool], str], ...] = (
    (
        "cancelReason",
        lambda order: bool(order.get("cancelReason")) != bool(order.get("cancelledAt")),
        _("cancelReason and cancelledAt come together."),
    ),
    (
        "paymentStatus",
        lambda order: order["paymentStatus"] == "REFUNDED" and not order["refunds"],
        _("The order is refunded, but lists no refund."),
    ),
    (
        "shipmentStatus",
        lambda order: (
            order["shipmentStatus"] == "DELIVERED"
            and any(one["status"] not in ARRIVED for one in order["fulfillments"])
        ),
        _("The order is delivered, but a fulfillment is not."),
    ),
    (
        "updatedAt",
        lambda order: moment(order["updatedAt"]) < moment(order["createdAt"]),
        _("It lies before createdAt."),
    ),
)


def findings_of(order: Json) -> list[Problem]:
    """All that does not agree in `order`, MOST_PROBLEMS at most."""
    currencies = list(_foreign_currencies(order))
    found = chain(
        currencies,
        () if currencies else _sums(order),  # sums over several currencies say nothing
        _repeated(order),
        _unknown_lines(order),
        _refunded_too_much(order),
        (Problem(field, "inconsistent", why) for field, is_so, why in INCONSISTENT if is_so(order)),
    )
    return list(islice(found, MOST_PROBLEMS))


def _currency(order: Json) -> str:
    return str(order["total"]["totalPrice"]["currencyCode"])


def _foreign_currencies(order: Json) -> Iterator[Problem]:
    own = _currency(order)
    for path, money in _moneys("Order", order, ""):
        if money["currencyCode"] != own:
            why = OTHER_CURRENCY % {"own": own, "other": money["currencyCode"]}
            yield Problem(f"{path}.currencyCode", "currency_mismatch", why)


def _moneys(kind: str, value: Json, path: str) -> Iterator[tuple[str, Json]]:
    """All amounts in `value`, with their paths, by the tables of the rules."""
    for field in TABLES[kind]:
        inner = value.get(field.name)
        if inner is None or field.kind not in TABLES:
            continue
        place = f"{path}.{field.name}" if path else field.name
        if field.kind in {"Money", "Due"}:
            yield place, inner
            continue
        rows = [(f"{place}[{number}]", row) for number, row in enumerate(inner)] if field.is_list else [(place, inner)]
        for where, row in rows:
            yield from _moneys(field.kind, row, where)


def _sums(order: Json) -> Iterator[Problem]:
    """Totals that are not what they are computed from. Rounding each unit is honest: half a minor unit for each."""
    unit = Decimal(1).scaleb(-minor_units(_currency(order)))
    for path, said, computed, pieces in chain(_of_rows(order), _of_order(order)):
        if abs(said - computed) > unit / 2 * pieces:
            yield Problem(path, "total_mismatch", OTHER_SUM % {"said": said, "computed": computed})


def _of_rows(order: Json) -> Iterator[tuple[str, Decimal, Decimal, int]]:
    for key in ("deliveryMethods", "lineItems"):
        for number, row in enumerate(order[key]):
            pieces = row["quantity"] if key == "lineItems" else len(row["lineItemIds"])
            for total, of_one in UNITS:
                if row.get(of_one) is not None:
                    yield f"{key}[{number}].{total}", _amount(row[total]), _amount(row[of_one]) * pieces, pieces


def _of_order(order: Json) -> Iterator[tuple[str, Decimal, Decimal, int]]:
    for name, compute in TOTALS.items():
        yield f"total.{name}", _amount(order["total"][name]), compute(order), 1


def _repeated(order: Json) -> Iterator[Problem]:
    for key, name in HAVE_IDS.items():
        seen: set[str] = set()
        for number, row in enumerate(order[key]):
            if row[name] in seen:
                yield Problem(f"{key}[{number}].{name}", "duplicate_id", _("Another one has this id."))
            seen.add(row[name])


def _references(order: Json) -> Iterator[tuple[str, str]]:
    for key in ("deliveryMethods", "fulfillments"):
        for number, row in enumerate(order[key]):
            for at, line in enumerate(row["lineItemIds"]):
                yield f"{key}[{number}].lineItemIds[{at}]", line
    for path, row in _refunded_lines(order):
        yield f"{path}.lineItemId", row["lineItemId"]


def _refunded_lines(order: Json) -> Iterator[tuple[str, Json]]:
    for number, refund in enumerate(order["refunds"]):
        for at, row in enumerate(refund["refundLineItems"]):
            yield f"refunds[{number}].refundLineItems[{at}]", row


def _unknown_lines(order: Json) -> Iterator[Problem]:
    known = {line["lineItemId"] for line in order["lineItems"]}
    for path, line in _references(order):
        if line not in known:
            yield Problem(path, "unknown_line_item", _("No line item has this id."))


def _refunded_too_much(order: Json) -> Iterator[Problem]:
    left: dict[str, int] = {}
    for line in order["lineItems"]:
        left[line["lineItemId"]] = left.get(line["lineItemId"], 0) + line["quantity"]
    for path, row in _refunded_lines(order):
        if row["lineItemId"] in left and row.get("quantity") is not None:
            left[row["lineItemId"]] -= row["quantity"]
            if left[row["lineItemId"]] < 0:
                yield Problem(f"{path}.quantity", "refund_quantity_exceeded", _("More is refunded than was bought."))
    own = [refund["totalRefund"] for refund in order["refunds"]]
    given_back = sum((_amount(one) for one in own if one["currencyCode"] == _currency(order)), Decimal(0))
    if given_back > _totals(order, "totalPrice"):
        yield Problem("refunds", "refund_exceeded", REFUNDED_TOO_MUCH % {"sum": given_back})
