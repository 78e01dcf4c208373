"""Passes of a status, and a member's newest, are found along indexes: a list read all of a brand, a wallet all of a member."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while passes are written."""

    atomic = False
    dependencies = [("passes", "0004_redeem_and_block_checked")]
    operations = [
        AddIndexConcurrently("pass", models.Index(fields=["brand", "status", "-id"], name="pass_by_status")),
        AddIndexConcurrently("pass", models.Index(fields=["member", "-id"], name="pass_of_member")),
        migrations.AlterField(
            "pass",
            "member",
            models.ForeignKey(
                to="shops.member",
                on_delete=models.PROTECT,
                related_name="passes",
                verbose_name="member",
                db_index=False,
            ),
        ),
        AddIndexConcurrently(
            "pass",
            models.Index(fields=["member", "-id"], name="pass_of_member_active", condition=models.Q(status="active")),
        ),
    ]
