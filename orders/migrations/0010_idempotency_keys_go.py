from django.db import migrations


class Migration(migrations.Migration):
    """Idempotency keys belong to shops now. Their table stays as it is."""

    dependencies = [("orders", "0009_mails"), ("shops", "0005_idempotency_keys")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="IdempotencyKey")]),
    ]
