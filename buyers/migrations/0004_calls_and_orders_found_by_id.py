"""The lists of calls and of wallet orders find an ID, and calls that were refused, along indexes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Built while both are written."""

    atomic = False
    dependencies = [("buyers", "0003_orders_that_wait_for_their_brand")]
    operations = [
        AddIndexConcurrently("clientrequest", models.Index(fields=["request_id"], name="client_request_by_id")),
        AddIndexConcurrently(
            "clientrequest",
            models.Index(fields=["-id"], name="client_request_refused", condition=models.Q(status__gte=400)),
        ),
        AddIndexConcurrently("walletorder", models.Index(fields=["external_id"], name="wallet_order_by_external_id")),
    ]
