from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Check the rows that were there before. Others write meanwhile."""

    dependencies = [("passes", "0003_redeem_and_block")]

    operations = [
        ValidateConstraint(model_name="pass", name=name)
        for name in ("pass_redemption_whole", "pass_block_whole", "pass_voided_is_blocked")
    ]
