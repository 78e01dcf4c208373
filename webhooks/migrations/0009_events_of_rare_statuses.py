"""The log of deliveries finds news of a rare status along an index: it read all events of a brand."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while events are written."""

    atomic = False
    dependencies = [("webhooks", "0008_one_index_less")]
    operations = [
        AddIndexConcurrently(
            "event",
            models.Index(
                fields=["brand", "order_status"],
                name="event_of_rare_status",
                condition=~models.Q(order_status__in=["open", "paid"]),
            ),
        ),
    ]
