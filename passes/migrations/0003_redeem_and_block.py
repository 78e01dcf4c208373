from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Who redeemed a pass, why it is blocked, whether it was taken back.

    Safe while the shop is open: the columns have constant defaults, which rewrite nothing, and the rows that are there
    are checked by the next migration, without a lock that keeps others from writing.
    """

    dependencies = [("passes", "0002_same_brand")]

    operations = [
        migrations.AddField(
            model_name="pass",
            name="redeemed_by",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="The name of a person or a device.",
                max_length=100,
                verbose_name="redeemed by",
            ),
        ),
        migrations.AddField(
            model_name="pass",
            name="blocked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="blocked"),
        ),
        migrations.AddField(
            model_name="pass",
            name="blocked_reason",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=200,
                verbose_name="blocked because",
            ),
        ),
        migrations.AddField(
            model_name="pass",
            name="voided_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="taken back"),
        ),
        AddConstraintNotValid(
            model_name="pass",
            constraint=models.CheckConstraint(
                condition=Q(status="redeemed", redeemed_at__isnull=False)
                | (~Q(status="redeemed") & Q(redeemed_at__isnull=True, redeemed_by="")),
                name="pass_redemption_whole",
            ),
        ),
        AddConstraintNotValid(
            model_name="pass",
            constraint=models.CheckConstraint(
                condition=Q(blocked_at__isnull=True, blocked_reason="")
                | (Q(status="blocked", blocked_at__isnull=False) & ~Q(blocked_reason="")),
                name="pass_block_whole",
            ),
        ),
        AddConstraintNotValid(
            model_name="pass",
            constraint=models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | Q(status="blocked"), name="pass_voided_is_blocked"
            ),
        ),
    ]
