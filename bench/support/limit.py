"""The limit: the order list as a bare WSGI function with one prepared statement.

It checks the token and prints what the product prints, and does nothing else: no framework, no rate limit, no log, no
metrics, no note of the token's use, no filters, no checks of what it is asked. `application` does that with psycopg
and orjson; `bare` calls libpq through psycopg and glues the text together by hand, which nobody would want to keep.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import psycopg

TIME = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
STATEMENT = f"""
SELECT array_to_json(ARRAY(
    SELECT row_to_json(printed) FROM (
        SELECT {TIME.format("o.created_at")} AS created_at, o.processing_status,
            {TIME.format("o.processed_at")} AS processed_at, o.number::text AS number, o.currency,
            o.total::text AS total, {TIME.format("o.updated_at")} AS updated_at, o.uuid,
            pay.provider_id AS payment_id, pay.status AS payment_status, o.points_used, o.total_order_points_price,
            o.mail_delivered_in_inbox::int AS mail_delivered_in_inbox,
            array_to_json(ARRAY(
                SELECT row_to_json(pass) FROM (
                    SELECT p.qr_code, {TIME.format("p.expiration_date")} AS expiration_date, p.status,
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
            (SELECT row_to_json(brand) FROM (SELECT b.name, b.uuid AS identifier) brand) AS brand
        FROM (
            SELECT * FROM orders_order WHERE brand_id = b.id
            AND number <= b.order_count - $3::bigint AND number > b.order_count - $3::bigint - 10
            ORDER BY number DESC LIMIT 10
        ) o
        JOIN shops_member m ON m.id = o.member_id
        LEFT JOIN orders_payment pay ON pay.order_id = o.id
        ORDER BY o.number DESC
    ) printed
))::text, b.order_count::text
FROM shops_apitoken t JOIN shops_brand b ON b.id = t.brand_id
WHERE t.digest = $1 AND b.uuid = $2::uuid AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
  AND t.abilities && ARRAY['*', 'shops.orders.get']::varchar[]
"""  # noqa: S608 -- put together from constants
local = threading.local()


def _connection() -> Any:
    if not hasattr(local, "connection"):
        parts = urlsplit(os.environ["DATABASE_URL"])
        address = parts._replace(scheme="postgresql").geturl()
        local.connection = psycopg.connect(address, autocommit=True)
        local.connection.execute("SET plan_cache_mode = force_generic_plan")
        local.connection.pgconn.prepare(b"page", STATEMENT.encode())
    return local.connection


def _asked(environ: dict[str, Any]) -> tuple[str, str, int]:
    """The token's digest, the path, the page."""
    secret = environ["HTTP_AUTHORIZATION"][7:].partition("|")[2]
    query = environ["QUERY_STRING"]
    page = int(parse_qs(query)["page"][0]) if query else 1
    return hashlib.sha256(secret.encode()).hexdigest(), environ["PATH_INFO"], page


def _answer(body: bytes, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """GET /shops/<brand>/orders[?page=n]."""
    digest, target, page = _asked(environ)
    with psycopg.RawCursor(_connection()) as cursor:
        orders, total = cursor.execute(STATEMENT, [digest, target[7:43], 10 * (page - 1)], prepare=True).fetchone()
    path = f"http://{environ['HTTP_HOST']}{target}"
    return _answer(orjson.dumps(_envelope(orjson.Fragment(orders), int(total), page, path)), start_response)


def _envelope(orders: orjson.Fragment, total: int, page: int, path: str) -> dict[str, Any]:
    last = max(-(-total // 10), 1)
    before = f"{path}?page={page - 1}" if page > 1 else None
    after = f"{path}?page={page + 1}" if page < last else None
    links: list[dict[str, Any]] = [{"url": before, "label": "&laquo; Previous", "active": False}]
    for number in _numbers(page, last):
        if number:
            links.append({"url": f"{path}?page={number}", "label": str(number), "active": number == page})
        else:
            links.append({"url": None, "label": "...", "active": False})
    links.append({"url": after, "label": "Next &raquo;", "active": False})
    return {
        "current_page": page,
        "data": orders,
        "first_page_url": f"{path}?page=1",
        "from": 10 * page - 9,
        "last_page": last,
        "last_page_url": f"{path}?page={last}",
        "links": links,
        "next_page_url": after,
        "path": path,
        "per_page": 10,
        "prev_page_url": before,
        "to": min(10 * page, total),
        "total": total,
    }


def bare(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """GET /shops/<brand>/orders[?page=n]."""
    digest, target, page = _asked(environ)
    parameters = [digest.encode(), target[7:43].encode(), b"%d" % (10 * (page - 1))]
    result = _connection().pgconn.exec_prepared(b"page", parameters)
    path = f"http://{environ['HTTP_HOST']}{target}"
    return _answer(_page(result.get_value(0, 0), int(result.get_value(0, 1)), page, path), start_response)


def _numbers(page: int, last: int) -> list[int | None]:
    if last < 14:  # noqa: PLR2004 -- Laravel's window
        return list(range(1, last + 1))
    if page <= 7:  # noqa: PLR2004
        return [*range(1, 11), None, last - 1, last]
    if page > last - 7:
        return [1, 2, None, *range(last - 9, last + 1)]
    return [1, 2, None, *range(page - 3, page + 4), None, last - 1, last]


def _page(orders: bytes, total: int, page: int, path: str) -> bytes:
    last = max(-(-total // 10), 1)
    first = (page - 1) * 10 + 1
    before = f'"{path}?page={page - 1}"' if page > 1 else "null"
    after = f'"{path}?page={page + 1}"' if page < last else "null"
    links = "".join(
        [
            f'{{"url":"{path}?page={number}","label":"{number}","active":{"true" if number == page else "false"}}},'
            if number
            else '{"url":null,"label":"...","active":false},'
            for number in _numbers(page, last)
        ]
    )
    head = f'{{"current_page":{page},"data":'
    tail = (
        f',"first_page_url":"{path}?page=1","from":{first},"last_page":{last},"last_page_url":"{path}?page={last}",'
        f'"links":[{{"url":{before},"label":"&laquo; Previous","active":false}},{links}'
        f'{{"url":{after},"label":"Next &raquo;","active":false}}],"next_page_url":{after},"path":"{path}",'
        f'"per_page":10,"prev_page_url":{before},"to":{min(first + 9, total)},"total":{total}}}'
    )
    return head.encode() + orders + tail.encode()
