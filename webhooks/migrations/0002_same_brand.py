"""Events, deliveries and calls stay within their brand, and what an event said never changes."""

from django.db import migrations

from shops.constraints import refuse, same_brand


class Migration(migrations.Migration):
    """See shops/constraints.py."""

    dependencies = [("webhooks", "0001_initial")]

    operations = [
        same_brand("webhooks_delivery", "event_id", "webhooks_event"),
        same_brand("webhooks_delivery", "endpoint_id", "webhooks_endpoint"),
        same_brand("webhooks_call", "delivery_id", "webhooks_delivery"),
        refuse("webhooks_event", "UPDATE", "an event is written once"),
    ]
