"""Test calls and exams are counted; an endpoint asks for 1 to 50 calls at once."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

from shops.constraints import same_brand


class Migration(migrations.Migration):
    dependencies = [
        ("shops", "0002_ledger"),
        ("webhooks", "0006_exam_report"),
    ]

    operations = [
        migrations.CreateModel(
            name="Probe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("test", "Test call"), ("exam", "Receiver exam")], max_length=10)),
                ("started_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("busy_until", models.DateTimeField(editable=False, null=True)),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
                        to="shops.brand",
                        verbose_name="brand",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="probes", to="webhooks.endpoint"
                    ),
                ),
            ],
            options={
                "verbose_name": "probe",
                "verbose_name_plural": "probes",
                "indexes": [models.Index(fields=["brand", "started_at"], name="probe_recent")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("busy_until__isnull", False), ("kind", "exam")),
                        fields=("brand",),
                        name="probe_one_exam_at_a_time",
                    )
                ],
            },
        ),
        same_brand("webhooks_probe", "endpoint_id", "webhooks_endpoint"),
        migrations.RemoveConstraint(model_name="endpoint", name="endpoint_concurrency_positive"),
        migrations.AlterField(
            model_name="endpoint",
            name="concurrency",
            field=models.PositiveSmallIntegerField(
                default=4,
                help_text="From 1 to 50: how many messages the receiver can take at the same moment.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(50),
                ],
                verbose_name="calls at once",
            ),
        ),
        # Nobody was told of a limit so far.
        migrations.RunSQL(
            "UPDATE webhooks_endpoint SET concurrency = 50 WHERE concurrency > 50", migrations.RunSQL.noop
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("concurrency__gte", 1), ("concurrency__lte", 50)),
                name="endpoint_concurrency_bounds",
            ),
        ),
    ]
