from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0009_events_of_rare_statuses")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="response_headers",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Without cookies.",
                max_length=2000,
                verbose_name="response headers",
            ),
        ),
    ]
