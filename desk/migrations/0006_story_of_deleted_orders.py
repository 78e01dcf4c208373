"""The story of an order is append-only as long as there is the order; with a test order that was deleted it goes."""

from django.db import migrations

STORY = """
CREATE OR REPLACE FUNCTION desk_orderevent_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM orders_order o WHERE o.id = OLD.order_id) THEN
        RAISE EXCEPTION 'the story of an order is append-only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END$$;
"""
NEVER = """
CREATE OR REPLACE FUNCTION desk_orderevent_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION 'the story of an order is append-only' USING ERRCODE = 'restrict_violation'; END$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0005_faults_of_the_same_brand"),
        ("orders", "0018_test_orders_may_go"),
        ("shops", "0011_numbers_of_deleted_orders"),
    ]

    operations = [migrations.RunSQL(STORY, NEVER)]
