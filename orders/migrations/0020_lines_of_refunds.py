"""What a partner says of the lines that a refund is for."""

import django.db.models.deletion
from django.db import migrations, models

from shops.constraints import same_brand


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0019_orders_by_source"),
        ("shops", "0008_earn_rate"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefundLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveBigIntegerField(null=True)),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refund_lines", to="shops.brand"
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="refund_lines", to="orders.orderline"
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="orders.refund"
                    ),
                ),
            ],
            options={
                "ordering": ["line__position"],
                "constraints": [models.UniqueConstraint(fields=("refund", "line"), name="refund_line_once")],
            },
        ),
        same_brand("orders_refundline", "refund_id", "orders_refund"),
        same_brand("orders_refundline", "line_id", "orders_orderline"),
    ]
