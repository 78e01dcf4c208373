"""Many orders at once, for load tests: written with COPY, and as true as if they had been placed one by one."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, transaction

from orders.invention import Calendar, Ids, Inventor, Rows, steadily, uuid_text
from passes.models import Coupon
from shops.models import Brand
from webhooks.models import Endpoint
from webhooks.services import add_endpoint

CHUNK = 20_000  # orders in one COPY
COUPONS = 20  # made for a brand that has none

# In the order in which rows refer to each other.
COLUMNS = {
    "shops_member": "id, brand_id, uuid, email, name, points, created_at",
    "orders_order": "id, brand_id, uuid, number, member_id, status, processing_status, processed_at, currency, total,"
    " total_order_points_price, points_used, point_value, member_partner_id, mail_delivered_in_inbox, version,"
    " created_at, updated_at",
    "passes_pass": "id, brand_id, uuid, coupon_id, member_id, qr_code, status, expiration_date, redeemed_at,"
    " redeemed_by, created_at, updated_at",
    "orders_orderitem": "brand_id, order_id, issued_pass_id, points",
    "orders_payment": "brand_id, uuid, order_id, provider, provider_id, status, amount, currency, created_at,"
    " updated_at",
    "shops_pointsentry": "brand_id, member_id, points, balance, reason, reference, created_at",
    "webhooks_event": "id, brand_id, uuid, order_uuid, order_status, version, body, occurred_at",
    "webhooks_delivery": "id, brand_id, uuid, event_id, endpoint_id, order_uuid, version, state, attempts, interval,"
    " due_at, created_at, done_at",
    "webhooks_call": "brand_id, delivery_id, attempt, trigger, url, interval, outcome, http_status_code, response,"
    " remote_ip, duration_ms, started_at, finished_at",
}
# Where this run brings more rows than there are, indexes and foreign keys are made anew at the end, which is quicker.
LAWS = """
SELECT conrelid::regclass::text, 'CONSTRAINT ' || quote_ident(conname), pg_get_constraintdef(oid), contype = 'f'
FROM pg_constraint
WHERE contype IN ('p', 'u', 'f')
  AND (conrelid = ANY (%(tables)s::regclass[]) OR confrelid = ANY (%(tables)s::regclass[]))
ORDER BY contype = 'f', conrelid, conname
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (%(tables)s::regclass[])
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
ORDER BY indexrelid
"""
HEAVY = ["orders_order", "passes_pass", "orders_orderitem", "orders_payment", "shops_pointsentry"]

SETTLE = """
UPDATE shops_member SET points = new.points FROM unnest(%s::bigint[], %s::bigint[]) AS new (id, points)
WHERE shops_member.id = new.id
"""


def seed_orders(brand: Brand, count: int, *, seed: int, calendar: Calendar = steadily) -> None:
    """Make `count` orders for `brand`, all or none, and refresh the planner's statistics.

    The brand's row stays locked until they are there. Its coupons are sold; if it has none, some are made. What is
    sold is not taken off their stock, which says how many are left today.
    """
    with transaction.atomic():
        brand = Brand.objects.select_for_update().get(pk=brand.pk)
        chance = random.Random(f"{seed} {brand.slug} {brand.order_count}")  # noqa: S311 -- data for tests
        inventor = _inventor(brand, count, chance, calendar)
        with _laws_at_the_end(count):
            _write_all(inventor, _chunks(brand.order_count + 1, count))
        _settle(inventor)
        Brand.objects.filter(pk=brand.pk).update(order_count=brand.order_count + count)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(COLUMNS)}")


def _inventor(brand: Brand, count: int, chance: random.Random, calendar: Calendar) -> Inventor:
    sizes = Inventor.sizes(count)
    ids = Ids(*(_reserve(table, size) for table, size in sizes.items()))
    sold, told = _coupons(brand, chance), _silent_endpoint(brand)
    return Inventor(brand, count, chance, coupons=sold, endpoint=told, ids=ids, calendar=calendar)


def _chunks(first: int, count: int) -> Iterator[range]:
    for start in range(first, first + count, CHUNK):
        yield range(start, min(start + CHUNK, first + count))


def _write_all(inventor: Inventor, chunks: Iterator[range]) -> None:
    """Write everything; the next chunk is invented while PostgreSQL works on this one."""
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(inventor.members)
        for numbers in chunks:
            ready, coming = coming.result(), ahead.submit(inventor.orders, numbers)
            _write(ready)
        _write(coming.result())
    _write(inventor.webhooks())


def _settle(inventor: Inventor) -> None:
    """Bring the members' balances to where their ledgers end."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [list(inventor.changed), list(inventor.changed.values())])


def _write(rows: Rows) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or millions of checks would wait in memory for the commit
        for table, columns in COLUMNS.items():
            if lines := rows.get(table):
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    copy.write("".join(lines).encode())


@contextmanager
def _laws_at_the_end(count: int) -> Iterator[None]:
    """Without indexes and foreign keys inside, and with all of them, checked, afterwards. Others wait until commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT 1 FROM orders_order LIMIT %s) AS there", [count])
        if cursor.fetchone()[0] == count:
            yield  # to make anew what many rows need would take longer
            return
        cursor.execute(LAWS, {"tables": HEAVY})
        laws = cursor.fetchall()
        cursor.execute(INDEXES, {"tables": HEAVY})
        indexes = cursor.fetchall()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, law, _definition, _refers in reversed(laws):
            cursor.execute(f"ALTER TABLE {table} DROP {law}")
        for index, _definition in indexes:
            cursor.execute(f"DROP INDEX {index}")
        yield
        for table, law, definition, refers in laws:
            if refers:
                cursor.execute(f"ANALYZE {table}")
            cursor.execute(f"ALTER TABLE {table} ADD {law} {definition}")
        for _index, definition in indexes:
            cursor.execute(definition)


def _reserve(table: str, count: int) -> int:
    """Take `count` ids in a row; returns the first. The lock keeps others from taking one of them meanwhile."""
    sequence = f"pg_get_serial_sequence('{table}', 'id')"
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"SELECT nextval({sequence})")
        first = int(cursor.fetchone()[0])
        cursor.execute(f"SELECT setval({sequence}, %s)", [first + max(count - 1, 0)])
        return first


def _coupons(brand: Brand, chance: random.Random) -> list[Coupon]:
    if not brand.coupons.exists():
        for at in range(1, COUPONS + 1):
            brand.coupons.create(
                uuid=uuid_text(chance),
                title=f"Coupon {at}",
                points=chance.randrange(100, 10_001, 50),
                valid_days=chance.choice([None, 30, 90, 365]),
                external_reference=chance.choice(["", f"seeded-{at}"]),
            )
    return list(brand.coupons.select_related("brand").order_by("pk"))


def _silent_endpoint(brand: Brand) -> Endpoint:
    """An endpoint of the brand that nothing is sent to any more."""
    endpoint = brand.endpoints.filter(is_active=False).first()
    if endpoint is None:
        endpoint, _key = add_endpoint(brand, url="https://seeded.example/webhooks", is_validated=True)
        endpoint.is_active = False
        endpoint.save(update_fields=["is_active"])
    return endpoint
