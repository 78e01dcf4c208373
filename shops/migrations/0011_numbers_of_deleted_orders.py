import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shops", "0010_members_found_by_name")]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="deleted_numbers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                db_default=[],
                default=list,
                editable=False,
                help_text="Of test orders that were deleted, the newest first; they are not given out again.",
                size=None,
            ),
        ),
    ]
