"""A fault is of its own brand's order or member."""

from django.db import migrations

from shops.constraints import same_brand


class Migration(migrations.Migration):
    dependencies = [("desk", "0004_points_that_do_not_agree"), ("orders", "0002_laws"), ("shops", "0002_ledger")]

    operations = [
        same_brand("desk_pointsfault", "order_id", "orders_order"),
        same_brand("desk_pointsfault", "member_id", "shops_member"),
    ]
