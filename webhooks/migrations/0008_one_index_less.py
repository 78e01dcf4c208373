"""The claim asks for an order's earlier news by `delivery_of_order`."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks", "0007_probe_and_concurrency"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="delivery_earlier"),
    ]
