"""Brands with endpoints and with deliveries that wait; import it where Django is set up."""

import itertools
from uuid import uuid4

from django.db import connection

from orders import bulk
from shops.models import Brand
from webhooks.services import add_endpoint

# The rows that `publish` writes, for each order of a brand, in turns to its endpoints.
PUBLISH = """
WITH events AS (
    INSERT INTO webhooks_event (brand_id, uuid, order_uuid, order_status, version, body)
    SELECT b.id, gen_random_uuid(), o.uuid, 'paid', %(version)s, convert_to(format(
        '{"order_id":"%%s","brand_id":"%%s","order_status":"paid"}', o.uuid, b.uuid), 'UTF8')
    FROM orders_order o JOIN shops_brand b ON b.id = o.brand_id WHERE b.id = %(brand)s
    RETURNING id, order_uuid
), placed AS (
    SELECT id, order_uuid, row_number() OVER (ORDER BY id) AS place FROM events
), endpoints AS (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM webhooks_endpoint
    WHERE brand_id = %(brand)s AND is_active
)
INSERT INTO webhooks_delivery
    (brand_id, uuid, event_id, endpoint_id, order_uuid, version, state, attempts, interval)
SELECT %(brand)s, gen_random_uuid(), placed.id, endpoints.id, placed.order_uuid, %(version)s, 'pending', 0, 0
FROM placed JOIN endpoints ON endpoints.place = placed.place %% (SELECT count(*) FROM endpoints)
"""
_versions = itertools.count(100)  # of orders that were at less


def make_brand(urls: list[str], *, orders: int, calls_at_once: int | None = None) -> tuple[Brand, str]:
    """A brand with orders and with an endpoint for each URL; returns the key of one of them too."""
    brand = Brand.objects.create(slug=f"bench-{uuid4().hex}", name="Bench")
    bulk.seed_orders(brand, orders, seed=1)
    for url in urls:
        _endpoint, key = add_endpoint(brand, url=url, is_validated=True)
    if calls_at_once:
        brand.endpoints.update(concurrency=calls_at_once)
    return brand, key


def publish_all(brand: Brand) -> None:
    """Write a delivery that is due for each of the brand's orders, all in one moment, as a replay would."""
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH, {"brand": brand.pk, "version": next(_versions)})
