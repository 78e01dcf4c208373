"""A pass, its coupon and its member belong to one brand."""

from django.db import migrations

from shops.constraints import same_brand


class Migration(migrations.Migration):
    """See shops/constraints.py."""

    dependencies = [("passes", "0001_initial"), ("shops", "0002_ledger")]

    operations = [
        same_brand("passes_pass", "coupon_id", "passes_coupon"),
        same_brand("passes_pass", "member_id", "shops_member"),
    ]
