"""What the tests of jobs share."""

import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from jobs.models import Job
from jobs.running import run_due


def last_job(brand):
    return brand.jobs.latest("pk")


def exported(admin, of, **data):
    """Export what a list shows, do the job, download the file: its bytes, and the job."""
    answer = admin.post("jobs_job_export", of, **{"file_format": "csv", **data})
    assert answer.status_code == 302, answer.content.decode()
    job = Job.objects.latest("pk")
    run_due()
    job.refresh_from_db()
    assert (job.state, job.error) == ("done", "")
    download = admin.get("jobs_job_file", job.pk)
    assert download.status_code == 200
    return b"".join(download.streaming_content), job


def rows_of_csv(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def rows_of_xlsx(content):
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def workbook(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def checked(admin, content, name="members.csv", **data):
    """Upload a member file and have it checked: the job."""
    content = content.encode() if isinstance(content, str) else content
    upload = SimpleUploadedFile(name, content)
    answer = admin.post("jobs_job_members", file=upload, **data)
    assert answer.status_code == 302, answer.content.decode()
    run_due()
    return Job.objects.latest("pk")


def members_of(brand):
    return list(brand.members.order_by("pk").values_list("email", "name", "points"))
