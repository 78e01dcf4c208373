from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shops", "0011_numbers_of_deleted_orders")]

    operations = [
        migrations.AddField(
            model_name="idempotencykey",
            name="answer_etag",
            field=models.CharField(db_default="", default="", max_length=100),
        ),
    ]
