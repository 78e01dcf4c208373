"""Checks what 0013 asked of new rows for those that were there, without keeping writers out."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """See 0013."""

    dependencies = [("orders", "0013_orders_that_partners_state")]

    operations = [ValidateConstraint(model_name="order", name="order_of_its_source")]
