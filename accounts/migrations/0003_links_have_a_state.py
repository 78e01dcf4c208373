"""Links wait as all mails do (accounts/outgoing.py).

Old web code may run beside it and knows no state. An old worker cannot note what it sent: that is sent once more.
"""

from django.db import migrations, models
from django.db.models.functions import Now

STATES = [("pending", "Pending"), ("sent", "Accepted by the mail server"), ("failed", "Given up")]
SAY = """
ALTER TABLE accounts_linkmail ALTER state SET DEFAULT 'pending';
UPDATE accounts_linkmail
SET state = CASE WHEN sent_at IS NULL THEN 'failed' ELSE 'sent' END, due_at = COALESCE(sent_at, created_at)
WHERE due_at IS NULL;
"""
UNSAY = "UPDATE accounts_linkmail SET due_at = NULL WHERE state <> 'pending'"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_second_factor")]

    operations = [
        migrations.AddField(
            "linkmail",
            "state",
            models.CharField(choices=STATES, default="pending", max_length=7, verbose_name="state"),
        ),
        migrations.AddField(
            "linkmail",
            "last_error",
            models.CharField(blank=True, db_default="", max_length=200, verbose_name="last error"),
        ),
        migrations.RunSQL(SAY, UNSAY),
        migrations.AlterField("linkmail", "due_at", models.DateTimeField(db_default=Now(), editable=False)),
        migrations.RemoveIndex("linkmail", "link_mail_due"),
        migrations.AddIndex(
            "linkmail",
            models.Index(fields=["due_at"], name="link_mail_due", condition=models.Q(state="pending")),
        ),
    ]
