"""Reports of exams, which stay within their brand and are written once."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from shops.constraints import refuse, same_brand


class Migration(migrations.Migration):
    dependencies = [
        ("shops", "0002_ledger"),
        ("webhooks", "0005_replay_and_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExamReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="identifier")),
                ("url", models.CharField(max_length=2000, verbose_name="URL")),
                (
                    "grade",
                    models.CharField(
                        choices=[("passed", "Passed"), ("remarks", "Passed, with remarks"), ("failed", "Failed")],
                        max_length=10,
                        verbose_name="grade",
                    ),
                ),
                ("steps", models.JSONField(default=list, verbose_name="steps")),
                ("by", models.CharField(blank=True, max_length=200, verbose_name="held by")),
                ("started_at", models.DateTimeField(editable=False, verbose_name="started")),
                ("finished_at", models.DateTimeField(editable=False, verbose_name="finished")),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="exam_reports", to="shops.brand"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exam_reports",
                        to="webhooks.endpoint",
                        verbose_name="webhook endpoint",
                    ),
                ),
            ],
            options={
                "verbose_name": "exam report",
                "verbose_name_plural": "exam reports",
            },
        ),
        same_brand("webhooks_examreport", "endpoint_id", "webhooks_endpoint"),
        refuse("webhooks_examreport", "UPDATE", "a report is written once"),
    ]
