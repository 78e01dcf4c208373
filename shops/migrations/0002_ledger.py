"""The points ledger is append-only and stays within its brand."""

from django.db import migrations

from shops.constraints import refuse, same_brand


class Migration(migrations.Migration):
    """See shops/constraints.py."""

    dependencies = [("shops", "0001_initial")]

    operations = [
        same_brand("shops_pointsentry", "member_id", "shops_member"),
        refuse("shops_pointsentry", "UPDATE", "the points ledger is append-only"),
        refuse("shops_pointsentry", "DELETE", "the points ledger is append-only"),
    ]
