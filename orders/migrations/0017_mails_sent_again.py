"""An order may have several mails: the one that goes out by itself, and those that staff ask for.

Old code may run beside it: what is new has a default, and the order of steps leaves no moment without a rule.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

from shops.constraints import same_brand

ONCE = models.UniqueConstraint(fields=["order"], condition=Q(asked_by=""), name="order_mail_by_itself_once")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("orders", "0016_refunds_made_at_the_provider"),
        ("passes", "0002_same_brand"),
    ]

    operations = [
        migrations.AddField(
            "ordermail",
            "kind",
            models.CharField(
                choices=[("bought", "What was bought"), ("pass", "The link to a pass")],
                db_default="bought",
                default="bought",
                max_length=6,
                verbose_name="what it holds",
            ),
        ),
        migrations.AddField(
            "ordermail",
            "issued_pass",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mails",
                to="passes.pass",
                verbose_name="pass",
            ),
        ),
        migrations.AddField(
            "ordermail",
            "asked_by",
            models.CharField(
                blank=True,
                db_default="",
                help_text="Empty: sent by itself.",
                max_length=200,
                verbose_name="asked for by",
            ),
        ),
        same_brand("orders_ordermail", "issued_pass_id", "passes_pass"),
        AddConstraintNotValid(
            "ordermail",
            models.CheckConstraint(
                condition=Q(kind="bought", issued_pass=None) | Q(kind="pass", issued_pass__isnull=False),
                name="order_mail_of_its_kind",
            ),
        ),
        ValidateConstraint("ordermail", "order_mail_of_its_kind"),
        AddIndexConcurrently("ordermail", models.Index(fields=["order", "id"], name="order_mail_of_order")),
        AddIndexConcurrently(
            "ordermail",
            models.Index(fields=["issued_pass"], name="order_mail_of_pass", condition=Q(issued_pass__isnull=False)),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY order_mail_by_itself_once ON orders_ordermail (order_id)"
                    " WHERE asked_by = ''",
                    "DROP INDEX CONCURRENTLY order_mail_by_itself_once",
                )
            ],
            state_operations=[migrations.AddConstraint("ordermail", ONCE)],
        ),
        migrations.AlterField(
            "ordermail",
            "order",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mails",
                to="orders.order",
                verbose_name="order",
            ),
        ),
    ]
