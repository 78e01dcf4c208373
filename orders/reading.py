"""Orders as the API prints them, built by PostgreSQL in one statement.

`OrderSerializer` says the same in Django's words and is the reference: a test compares the two. This way costs a
page of orders, its exact total, members, payments, passes and coupons one round trip, whatever the page's depth
(docs/performance.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from shops.authentication import Along
from shops.models import Brand
from shops.prepared import run

PER_PAGE = 10
FURTHEST = 2**62  # an offset that bigint arithmetic still holds; no brand has that many orders


def _time(column: str) -> str:
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


# row_to_json keeps the columns' order and writes no spaces; the keys and their order are the seed's.
ORDERS = f"""
SELECT array_to_json(ARRAY(
    SELECT row_to_json(printed) FROM (
        SELECT {_time("o.created_at")} AS created_at, o.processing_status, {_time("o.processed_at")} AS processed_at,
            o.number::text AS number, o.currency, o.total::text AS total, {_time("o.updated_at")} AS updated_at, o.uuid,
            coalesce(pay.provider_id, nullif(o.stated_id, '')) AS payment_id,
            coalesce(pay.status, nullif(o.stated_payment, '')) AS payment_status,
            o.points_used, o.total_order_points_price,
            o.mail_delivered_in_inbox::int AS mail_delivered_in_inbox,
            array_to_json(ARRAY(
                SELECT row_to_json(pass) FROM (
                    SELECT p.qr_code, {_time("p.expiration_date")} AS expiration_date, p.status,
                        (SELECT row_to_json(coupon) FROM (
                            SELECT nullif(c.external_reference, '') AS external_reference, c.title, c.uuid AS identifier
                        ) coupon) AS coupon
                    FROM orders_orderitem i
                    JOIN passes_pass p ON p.id = i.issued_pass_id
                    JOIN passes_coupon c ON c.id = p.coupon_id
                    WHERE i.order_id = o.id ORDER BY i.id
                ) pass
            )) AS passes,
            (SELECT row_to_json(member) FROM (
                SELECT m.email, nullif(m.name, '') AS name, m.uuid AS identifier
            ) member) AS member,
            nullif(o.member_partner_id, '') AS member_partner_id,
            %(brand_json)s::json AS brand
        FROM ({{page}}) o
        JOIN shops_member m ON m.id = o.member_id
        LEFT JOIN orders_payment pay ON pay.order_id = o.id
        ORDER BY o.number DESC
    ) printed
))::text AS orders, {{total}} AS total
"""

GONE = "(SELECT cardinality(deleted_numbers) FROM shops_brand WHERE id = %(brand)s)"
ALL = "(SELECT order_count - cardinality(deleted_numbers) FROM shops_brand WHERE id = %(brand)s)"
# The number at which a page begins. Numbers have no gaps but those of deleted test orders, which the brand lists: each
# gap that fewer orders lie above than are skipped moves the page down by one.
TOP = """(
    SELECT b.order_count - %(offset)s::bigint - (
        SELECT count(*) FROM unnest(b.deleted_numbers) WITH ORDINALITY AS gap (number, place)
        WHERE b.order_count - gap.number - (gap.place - 1) <= %(offset)s::bigint
    ) FROM shops_brand b WHERE b.id = %(brand)s
)"""
# So a page is a range of numbers. Without the inner LIMIT the planner expects a third of the table.
NEWEST = f"""
SELECT * FROM orders_order WHERE brand_id = %(brand)s
AND number <= {TOP} AND number > {TOP} - {PER_PAGE} - {GONE}
ORDER BY number DESC LIMIT {PER_PAGE}
"""
# The inner select skips over index entries, not over rows.
MATCHING = f"""
SELECT * FROM orders_order WHERE brand_id = %(brand)s AND number IN (
    SELECT number FROM orders_order WHERE {{conditions}} ORDER BY number DESC LIMIT {PER_PAGE} OFFSET %(offset)s::bigint
)
"""
# With a total at hand one skips from the nearer end. The half whose condition is false is not run.
FROM_NEARER_END = f"""
SELECT * FROM orders_order WHERE brand_id = %(brand)s AND number IN (
    SELECT number FROM (
        SELECT number FROM orders_order WHERE {{conditions}}
        ORDER BY number DESC LIMIT {PER_PAGE} OFFSET %(offset)s::bigint
    ) newest WHERE %(offset)s::bigint <= {{total}} / 2
    UNION ALL
    SELECT number FROM (
        SELECT number FROM orders_order WHERE {{conditions}} ORDER BY number
        LIMIT greatest(least({PER_PAGE}, {{total}} - %(offset)s::bigint), 0)
        OFFSET greatest({{total}} - %(offset)s::bigint - {PER_PAGE}, 0)
    ) oldest WHERE %(offset)s::bigint > {{total}} / 2
)
"""
COUNTED = "(SELECT coalesce(sum(count), 0)::bigint FROM orders_ordercount WHERE {conditions})"
ONE = "SELECT * FROM orders_order WHERE brand_id = %(brand)s AND {column} = %(value)s::{type}"

BRAND_ALONG = "(SELECT row_to_json(b) FROM (SELECT token.brand_name AS name, token.uuid AS identifier) b)"
PAGE_ALONG = (
    ORDERS.format(page=NEWEST, total=ALL)
    .replace("%(brand_json)s::json", BRAND_ALONG)
    .replace("%(brand)s", "token.brand_id")
)

STATES = {"status": "status = %(status)s", "processing_status": "processing_status = %(processing_status)s"}
MEMBERS = {
    "email": "member_id = (SELECT id FROM shops_member WHERE brand_id = %(brand)s AND lower(email) = lower(%(email)s))",
    "member_id": "member_id = (SELECT id FROM shops_member WHERE brand_id = %(brand)s AND uuid = %(member_id)s::uuid)",
}
CONDITIONS = STATES | MEMBERS | {"modified_since": "updated_at >= %(modified_since)s::timestamptz"}


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders, printed, and how many there are in all."""

    orders: orjson.Fragment
    count: int
    total: int


def page_of_orders(brand: Brand, filters: Mapping[str, Any], page: int) -> Page:
    """Page `page` (from 1) of a brand's orders, newest first, with the exact total of what `filters` match.

    Filters (see CONDITIONS) hold checked values. Totals come from the last number or from the maintained counts;
    only filters by member or time count rows.
    """
    conditions = _conditions(filters)
    if not filters:
        source, total = NEWEST, ALL
    elif filters.keys() <= STATES.keys():
        total = COUNTED.format(conditions=conditions)
        source = FROM_NEARER_END.format(conditions=conditions, total=total)
    else:
        source = MATCHING.format(conditions=conditions)
        total = f"(SELECT count(*) FROM orders_order WHERE {conditions})"
    offset = min((page - 1) * PER_PAGE, FURTHEST)
    text, found = _run(brand, source, total, {**filters, "offset": offset})
    return Page(orjson.Fragment(text), max(0, min(PER_PAGE, found - offset)), found)


def page_along(page: int) -> Along:
    """The unfiltered page, to be read in the statement that finds the token."""
    offset = min((page - 1) * PER_PAGE, FURTHEST)
    return Along(PAGE_ALONG, ("orders", "total"), {"offset": offset})


def page_read_along(found: tuple[str, int], page: int) -> Page:
    """What `page_along` brought."""
    text, total = found
    return Page(orjson.Fragment(text), max(0, min(PER_PAGE, total - (page - 1) * PER_PAGE)), total)


def orders_of_member(brand: Brand, filters: Mapping[str, Any], page: int) -> orjson.Fragment:
    """Page `page` of one member's orders, newest first. It costs the same however many orders the member has."""
    offset = min((page - 1) * PER_PAGE, FURTHEST)
    source = MATCHING.format(conditions=_conditions(filters))
    return orjson.Fragment(_run(brand, source, "0", {**filters, "offset": offset})[0])


def one_order(brand: Brand, order_id: UUID | int) -> tuple[orjson.Fragment, int] | None:
    """The order with this uuid or number, and its version; or None."""
    column, kind = ("number", "bigint") if isinstance(order_id, int) else ("uuid", "uuid")
    source = ONE.format(column=column, type=kind)
    version = f"(SELECT coalesce(max(version), 0) FROM ({source}) one)"
    text, found = _run(brand, source, version, {"value": order_id})
    return (orjson.Fragment(text[1:-1]), found) if found else None


UNACKNOWLEDGED = """
brand_id = %(brand)s AND uuid IN (
    SELECT d.order_uuid FROM webhooks_delivery d
    WHERE d.endpoint_id = %(endpoint)s AND d.state <> 'delivered' AND NOT EXISTS (
        SELECT 1 FROM webhooks_delivery later WHERE later.endpoint_id = d.endpoint_id
        AND later.order_uuid = d.order_uuid AND later.version > d.version
    )
)
"""


def unacknowledged(brand: Brand, endpoint: int, page: int) -> Page:
    """Page `page` of the orders whose latest status this endpoint was told, or shall be, and has not confirmed."""
    total = f"(SELECT count(*) FROM orders_order WHERE {UNACKNOWLEDGED})"
    offset = min((page - 1) * PER_PAGE, FURTHEST)
    source = MATCHING.format(conditions=UNACKNOWLEDGED)
    text, found = _run(brand, source, total, {"endpoint": endpoint, "offset": offset})
    return Page(orjson.Fragment(text), max(0, min(PER_PAGE, found - offset)), found)


def _conditions(filters: Mapping[str, Any]) -> str:
    return " AND ".join(["brand_id = %(brand)s", *(CONDITIONS[name] for name in filters)])


@cache  # the same text, already hashed, is found faster among the prepared ones
def _statement(source: str, total: str) -> str:
    return ORDERS.format(page=source, total=total)


def _run(brand: Brand, source: str, total: str, parameters: dict[str, Any]) -> tuple[str, int]:
    brand_json = orjson.dumps({"name": brand.name, "identifier": brand.uuid}).decode()
    statement = _statement(source, total)
    [(text, found)] = run(statement, {"brand": brand.pk, "brand_json": brand_json, **parameters})
    return str(text), int(found)
