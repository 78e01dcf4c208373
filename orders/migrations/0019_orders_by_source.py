"""The list's filter by where orders come from."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while orders are placed."""

    atomic = False
    dependencies = [("orders", "0018_test_orders_may_go")]
    operations = [
        AddIndexConcurrently(
            "order",
            models.Index(fields=["brand", "-number"], name="order_of_partners", condition=models.Q(source="wallet")),
        ),
    ]
