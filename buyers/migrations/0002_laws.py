"""Nobody's consent or order leads to another buyer's card or address."""

from django.db import migrations

from shops.constraints import same_owner


class Migration(migrations.Migration):
    dependencies = [("buyers", "0001_initial")]

    operations = [
        same_owner("buyers_connection", "card_id", "buyers_card", "buyer"),
        same_owner("buyers_connection", "address_id", "buyers_address", "buyer"),
    ]
