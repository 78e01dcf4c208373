"""What the database itself holds: brands apart, numbers without gaps, exact counts per state."""

from django.db import migrations

from shops.constraints import refuse, same_brand

COUNT = """
CREATE FUNCTION orders_count_change(change_brand bigint, change_status text, change_processing text, change bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE orders_ordercount SET count = count + change
    WHERE brand_id = change_brand AND status = change_status AND processing_status = change_processing;
    IF NOT FOUND THEN
        INSERT INTO orders_ordercount (brand_id, status, processing_status, count)
        VALUES (change_brand, change_status, change_processing, change)
        ON CONFLICT (brand_id, status, processing_status) DO UPDATE SET count = orders_ordercount.count + change;
    END IF;
END$$;

CREATE FUNCTION orders_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM orders_count_change(brand_id, status, processing_status, n) FROM (
        SELECT brand_id, status, processing_status, count(*) AS n FROM new_rows GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ) AS changes;
    RETURN NULL;
END$$;

CREATE FUNCTION orders_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In one order, so that two writers that swap two states cannot wait for each other in a ring.
    PERFORM orders_count_change(brand_id, status, processing_status, n) FROM (
        SELECT brand_id, status, processing_status, sum(one) AS n FROM (
            SELECT brand_id, status, processing_status, 1 AS one FROM new_rows
            UNION ALL
            SELECT brand_id, status, processing_status, -1 FROM old_rows
        ) AS rows GROUP BY 1, 2, 3 HAVING sum(one) <> 0 ORDER BY 1, 2, 3
    ) AS changes;
    RETURN NULL;
END$$;

CREATE TRIGGER orders_count_inserted AFTER INSERT ON orders_order
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION orders_count_inserted();
CREATE TRIGGER orders_count_updated AFTER UPDATE ON orders_order
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_updated();
"""

UNCOUNT = """
DROP TRIGGER orders_count_updated ON orders_order;
DROP TRIGGER orders_count_inserted ON orders_order;
DROP FUNCTION orders_count_updated();
DROP FUNCTION orders_count_inserted();
DROP FUNCTION orders_count_change(bigint, text, text, bigint);
"""


class Migration(migrations.Migration):
    """See shops/constraints.py."""

    dependencies = [("orders", "0001_initial"), ("webhooks", "0002_same_brand"), ("passes", "0002_same_brand")]

    operations = [
        same_brand("orders_order", "member_id", "shops_member"),
        same_brand("orders_orderitem", "order_id", "orders_order"),
        same_brand("orders_orderitem", "issued_pass_id", "passes_pass"),
        same_brand("orders_payment", "order_id", "orders_order"),
        same_brand("orders_idempotencykey", "token_id", "shops_apitoken"),
        # An event names its order by uuid, because webhooks/ does not know orders/; the database knows both.
        migrations.RunSQL(
            "ALTER TABLE webhooks_event ADD CONSTRAINT webhooks_event_order_same_brand"
            " FOREIGN KEY (brand_id, order_uuid) REFERENCES orders_order (brand_id, uuid)"
            " DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE webhooks_event DROP CONSTRAINT webhooks_event_order_same_brand",
        ),
        refuse("orders_order", "DELETE", "orders are archived, never deleted: their numbers have no gaps"),
        refuse("orders_order", "UPDATE OF number", "an order keeps its number"),
        migrations.RunSQL(COUNT, UNCOUNT),
    ]
