from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

ONCE = models.UniqueConstraint(
    condition=models.Q(("provider_refund_id", ""), _negated=True),
    fields=("order", "provider_refund_id"),
    name="refund_at_provider_once",
)


class Migration(migrations.Migration):
    """Indexes over a table that is written to all the time are built beside it, and so outside of a transaction."""

    atomic = False
    dependencies = [("orders", "0015_chargebacks")]

    operations = [
        AddIndexConcurrently(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("provider_status", "failed"), ("status", "completed")),
                fields=["brand"],
                name="refund_came_back",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY refund_at_provider_once ON orders_refund"
                    " (order_id, provider_refund_id) WHERE NOT (provider_refund_id = '')",
                    "DROP INDEX CONCURRENTLY refund_at_provider_once",
                )
            ],
            state_operations=[migrations.AddConstraint(model_name="refund", constraint=ONCE)],
        ),
    ]
