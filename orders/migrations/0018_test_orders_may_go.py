"""An order that no real money was paid for may be deleted; a real one never, whoever asks.

The order's row goes first, while its payment still says that it was a test: that is when the database checks. What hung
on it follows in the same transaction, and at commit the foreign keys see that nothing was left behind.
"""

from django.db import migrations

ORDER = """
CREATE OR REPLACE FUNCTION orders_order_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.source <> 'shop' OR OLD.status = 'open' OR NOT EXISTS (
        SELECT FROM orders_payment p WHERE p.order_id = OLD.id AND (p.is_test OR p.provider = 'sandbox')
    ) THEN
        RAISE EXCEPTION 'orders are archived, never deleted: their numbers have no gaps'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END$$;
"""
NEVER = """
CREATE OR REPLACE FUNCTION orders_order_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'orders are archived, never deleted: their numbers have no gaps'
    USING ERRCODE = 'restrict_violation'; END$$;
"""

REFUND = """
CREATE OR REPLACE FUNCTION orders_refund_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM orders_order o WHERE o.id = OLD.order_id) THEN
        RAISE EXCEPTION 'a refund is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END$$;
"""
NO_REFUND = """
CREATE OR REPLACE FUNCTION orders_refund_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'a refund is never deleted' USING ERRCODE = 'restrict_violation'; END$$;
"""

COUNT = """
CREATE FUNCTION orders_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM orders_count_change(brand_id, status, processing_status, -n) FROM (
        SELECT brand_id, status, processing_status, count(*) AS n FROM old_rows GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ) AS changes;
    RETURN NULL;
END$$;
CREATE TRIGGER orders_count_deleted AFTER DELETE ON orders_order
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION orders_count_deleted();
"""
UNCOUNT = "DROP TRIGGER orders_count_deleted ON orders_order; DROP FUNCTION orders_count_deleted();"


class Migration(migrations.Migration):
    dependencies = [("orders", "0017_mails_sent_again")]

    operations = [
        migrations.RunSQL(COUNT, UNCOUNT),
        migrations.RunSQL(ORDER, NEVER),
        migrations.RunSQL(REFUND, NO_REFUND),
    ]
