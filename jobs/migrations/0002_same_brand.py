from django.db import migrations

from shops.constraints import same_brand


class Migration(migrations.Migration):
    """The database refuses rows that mix brands."""

    dependencies = [("jobs", "0001_initial")]

    operations = [
        same_brand("jobs_job", "follows_id", "jobs_job"),
        same_brand("jobs_jobchunk", "job_id", "jobs_job"),
        same_brand("jobs_jobline", "job_id", "jobs_job"),
    ]
