"""Many counts of orders in a statement or two, none of which can take long."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from orders.models import Order

MOST = 1000  # counted; beyond it there are "1,000+"
WINDOW = 5000  # so many of the newest orders are looked through where looking through all would take long
CHEAP = 2500.0  # in the planner's units, in which reading a page is 1; some 20 ms
COUNT = "(SELECT count(*) FROM ({}) AS found)"

Rows = QuerySet[Order]
Keys = QuerySet[Order, Any]
Count = tuple[int, bool]  # how many there are, and whether there may be more


def counts_of(several: Sequence[Rows], keys: Sequence[list[int] | None], totals: Sequence[int]) -> list[Count | None]:
    """How many orders each of `several` has, in three statements at most; None for all where PostgreSQL refuses one.

    `keys` are the brands that each is about, None for all there are; `totals` how many orders these have. Where they
    have many, and PostgreSQL expects to be long at it, only the newest are looked through.
    """
    try:
        with transaction.atomic():
            are_dear = _are_dear(several) if max(totals, default=0) > WINDOW else [False] * len(several)
            windows = [is_dear and total > WINDOW for is_dear, total in zip(are_dear, totals, strict=True)]
            first = iter(
                _numbers([_oldest_of_the_newest(of) for of, is_it in zip(keys, windows, strict=True) if is_it])
            )
            looked_at = [
                rows.filter(pk__gte=next(first) or 0) if is_window else rows
                for rows, is_window in zip(several, windows, strict=True)
            ]
            counts = [rows.order_by().values("pk")[: MOST + 1] for rows in looked_at]
            found = _numbers(counts, COUNT)
    except (DatabaseError, ValueError):  # a value that no column holds, or a text with a zero byte
        return [None] * len(several)
    return [(min(n, MOST), n > MOST or is_window) for n, is_window in zip(found, windows, strict=True)]


def _oldest_of_the_newest(keys: list[int] | None) -> Keys:
    """The key of the WINDOWth order of these brands, the newest first, along an index; they have more than so many.

    Its value goes into the statement that counts: PostgreSQL then knows how few orders are newer.
    """
    rows = Order.objects.all() if keys is None else Order.objects.filter(brand__in=keys)
    is_one = keys is not None and len(keys) == 1
    return rows.order_by("-number" if is_one else "-pk").values("pk")[WINDOW - 1 : WINDOW]


def _are_dear(several: Sequence[Rows]) -> list[bool]:
    """Whether PostgreSQL expects to be long at counting each to the end."""
    parts, params, places = _parts([rows.order_by().values("pk") for rows in several], COUNT)
    if not parts:
        return [False] * len(several)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT {', '.join(parts)}", params)
        told = cursor.fetchone()[0]
    plan = (orjson.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    costs = iter([one["Total Cost"] for one in plan["Plans"] if one.get("Parent Relationship") == "InitPlan"])
    return [is_there and next(costs) > CHEAP for is_there in places]


def _numbers(several: Sequence[Keys], shape: str = "({})") -> list[int]:
    """One number of each, in one statement; 0 of what cannot find anything."""
    parts, params, places = _parts(several, shape)
    if not parts:
        return [0] * len(several)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        found = iter(cursor.fetchone())
    return [next(found) if is_there else 0 for is_there in places]


def _parts(several: Sequence[Keys], shape: str) -> tuple[list[str], list[Any], list[bool]]:
    """Each as a scalar subquery of this shape, their parameters, and which of them can find anything at all."""
    parts: list[str] = []
    params: list[Any] = []
    places = []
    for rows in several:
        try:
            sql, own = rows.query.sql_with_params()
        except EmptyResultSet:  # Django knows without asking
            places.append(False)
            continue
        parts.append(shape.format(sql))  # Django's own SQL; values are parameters
        params.extend(own)
        places.append(True)
    return parts, params, places
