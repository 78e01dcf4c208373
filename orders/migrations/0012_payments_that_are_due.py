from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """An index over a table that is written to all the time is built beside it, and so outside of a transaction."""

    atomic = False
    dependencies = [
        ("orders", "0011_payments_are_looked_at"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="payment",
            index=models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="payment_due"),
        ),
    ]
