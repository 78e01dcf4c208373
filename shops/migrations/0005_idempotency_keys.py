import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Idempotency keys are no longer of orders alone. Their table stays as it is."""

    dependencies = [("shops", "0004_members_sign_in"), ("orders", "0002_laws")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="IdempotencyKey",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=255)),
                        (
                            "request_digest",
                            models.CharField(
                                help_text="SHA-256 of method, path and what the body says.", max_length=64
                            ),
                        ),
                        ("answer_status", models.PositiveSmallIntegerField(null=True)),
                        ("answer", models.BinaryField(null=True)),
                        ("created_at", models.DateTimeField(db_default=Now())),
                        (
                            "brand",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="idempotency_keys",
                                to="shops.brand",
                            ),
                        ),
                        (
                            "token",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="idempotency_keys",
                                to="shops.apitoken",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "orders_idempotencykey",
                        "indexes": [models.Index(fields=["created_at"], name="idempotency_key_age")],
                        "constraints": [models.UniqueConstraint(fields=("token", "key"), name="idempotency_key_once")],
                    },
                ),
            ],
        ),
    ]
