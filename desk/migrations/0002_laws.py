from django.db import migrations

from shops.constraints import refuse, same_brand


class Migration(migrations.Migration):
    """See shops/constraints.py."""

    dependencies = [("desk", "0001_initial"), ("orders", "0002_laws")]

    operations = [
        same_brand("desk_orderevent", "order_id", "orders_order"),
        same_brand("desk_ordernote", "order_id", "orders_order"),
        same_brand("desk_ordertag", "order_id", "orders_order"),
        refuse("desk_orderevent", "UPDATE", "the story of an order is append-only"),
        refuse("desk_orderevent", "DELETE", "the story of an order is append-only"),
    ]
