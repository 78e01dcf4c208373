"""Member imports: what is wrong is told row by row, and nothing is half done."""

import io
import threading
import time
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection

from jobs import leases, member_files, sheets
from jobs.models import Job
from jobs.running import run, run_due
from shops import arrivals
from shops.arrivals import Arrival, add_or_update
from tests.admin.helping import text_of
from tests.jobs.helping import checked, last_job, members_of, workbook
from tests.making import make_member

GOOD = "email,name,points,reference\nanna@example.com,Anna,100,Fair\nBEN@example.com,Ben,,\n"


def problems_of(job):
    return list(job.lines.order_by("pk").values_list("row", "column", "text"))


@pytest.mark.parametrize("content", [GOOD, GOOD.rstrip("\n")])
def test_the_bar_is_for_the_rows_below_the_heading(staff, monkeypatch, content):
    told = []
    monkeypatch.setattr(member_files, "pulse", lambda _job, **facts: told.append(facts))
    checked(staff("manager"), content)
    assert told[0] == {"done": 0, "total": 2}


def test_a_check_changes_nothing_and_tells_what_would_happen(staff, brand):
    make_member(brand, email="Ben@Example.com", name="Benjamin", points=30)
    manager = staff("manager")
    job = checked(manager, GOOD)
    assert (job.state, job.kind, job.done, job.total) == ("done", "check", 2, 2)
    sample = job.outcome.pop("sample")
    assert job.outcome == {"rows": 2, "problems": 0, "new": 1, "updated": 1, "points": 100}
    assert sample[1] == {
        "row": 3, "email": "BEN@example.com", "name": "Ben", "points": 0, "is_known": True, "was": "Benjamin"
    }  # fmt: skip
    assert members_of(brand) == [("Ben@Example.com", "Benjamin", 30)]
    page = text_of(manager.get("jobs_job_change", job.pk))
    assert "Exists: updated" in page
    assert "Benjamin → Ben" in page
    assert "Import 2 rows" in page


@pytest.mark.django_db(transaction=True)
def test_an_import_takes_all_rows(staff, brand):
    make_member(brand, email="Ben@Example.com", name="Benjamin", points=30)
    manager = staff("manager")
    check = checked(manager, GOOD)
    answer = manager.post("jobs_job_confirm", check.pk)
    run_due()
    job = last_job(brand)
    assert answer["Location"] == f"/admin/jobs/job/{job.pk}/change/"
    assert (job.state, job.error, job.outcome) == (
        "done",
        "",
        {"rows": 2, "new": 1, "updated": 1, "points": 100},
    )
    assert members_of(brand) == [("Ben@Example.com", "Ben", 30), ("anna@example.com", "Anna", 100)]
    entry = brand.points_entries.get(reference__startswith="Fair")
    assert (entry.points, entry.balance, entry.reason) == (100, 100, "earned")
    assert entry.reference == f"Fair #{check.uuid.hex[:12]}:2"
    manager.post("jobs_job_confirm", check.pk)
    run_due()
    assert brand.jobs.count() == 2
    assert members_of(brand)[1] == ("anna@example.com", "Anna", 100)


@pytest.mark.django_db(transaction=True)
def test_a_workbook_and_a_semicolon_do_as_well(staff, brand):
    manager = staff("manager")
    made = workbook([["Email", "Points"], ["anna@example.com", 100.0], [None, None], ["ben@example.com", None]])
    files = [(made, "members.xlsx"), ("\ufeffE-Mail;x\n".encode(), ""), ("email;points\ncarl@example.com;7\n", "c.csv")]
    for content, name in (files[0], files[2]):
        check = checked(manager, content, name)
        assert (check.state, check.error, check.outcome.get("problems")) == ("done", "", 0)
        manager.post("jobs_job_confirm", check.pk)
        run_due()
    assert [(email, points) for email, _name, points in members_of(brand)] == [
        ("anna@example.com", 100),
        ("ben@example.com", 0),
        ("carl@example.com", 7),
    ]


def test_each_row_tells_what_is_wrong_with_it(staff, brand):
    long = "x" * 151
    content = (
        "email,name,points,reference\n"
        "anna@example.com,Anna,10,\n"
        ",Nobody,1,\n"
        "no address,X,-5,\n"
        f"ANNA@example.com,{long},1.5,{'r' * 31}\n"
        "ben@example.com,Ben,1000000001,\n"
        "carl@example.com,Carl,1,ref,more\n"
        "\n"
        "dora@example.com\n"
    )
    manager = staff("manager")
    job = checked(manager, content)
    assert job.outcome["rows"] == 7
    assert problems_of(job) == [
        (3, "email", "It is missing."),
        (4, "email", "This is no e-mail address."),
        (4, "points", "Points are a whole number, 0 or more."),
        (5, "email", "The same address stands in row 2."),
        (5, "name", "It has more than 150 characters."),
        (5, "points", "Points are a whole number, 0 or more."),
        (5, "reference", "It has more than 30 characters."),
        (6, "points", "These are more than 1000000000 points."),
        (7, "", "There are more cells than columns."),
    ]
    page = text_of(manager.get("jobs_job_change", job.pk))
    assert "mend the file and upload it again" in page
    assert "/import/" not in page
    manager.post("jobs_job_confirm", job.pk)
    run_due()
    assert (brand.jobs.count(), members_of(brand)) == (1, [])
    lines = b"".join(manager.get("jobs_job_lines", job.pk).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[:2] == ["row,column,problem,text", "3,email,yes,It is missing."]
    assert len(lines) == 10


BAD = {
    "empty": (b"", "The file is empty."),
    "only a header": (b"email,name\n", "The file names columns, but nobody."),
    "utf-16": ("email\nx@y.example\n".encode("utf-16"), "The file is in UTF-16. Save it as “CSV UTF-8”."),
    "latin-1": (
        b"email,name\na@b.example,Zo\xeb\n",
        "The file is not UTF-8 (after line 0). Save it as “CSV UTF-8”.",
    ),
    "no email": (
        b"name,points\nAnna,1\n",
        "The first row must name the columns, email among them. They are: email, name, points, reference.",
    ),
    "unknown column": (
        b"email,Phone\na@b.example,1\n",
        "There is no column “phone”. They are: email, name, points, reference.",
    ),
    "column twice": (b"email,email\na@b.example,\n", "A column stands there twice."),
    "nul": (b"email,name\na@b.example,A\0nna\n", "Row 2 holds a NUL character: the file is damaged."),
    "huge cell": (
        b"email,name\na@b.example," + b"x" * 1001 + b"\n",
        "Row 2 has a cell of more than 1000 characters.",
    ),
    "huge line": (b"email,name\n" + b"x" * 50_001, "A line has more than 50000 characters."),
    "open quote": (b'email,name\na@b.example,"Anna\n', "Line 2 is no CSV: look at its quotation marks."),
    "old excel": (b"\xd0\xcf\x11\xe0" + b"x" * 600, "This is an old Excel file. Save it as .xlsx or as CSV."),
    "no workbook": (
        b"PK\x03\x04" + b"x" * 600,
        "This is no workbook that can be read. Save it anew as .xlsx, or as CSV.",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence(staff, brand, name):
    content, text = BAD[name]
    if not content:
        upload = SimpleUploadedFile("m.csv", content)
        assert "The submitted file is empty." in text_of(staff("manager").post("jobs_job_members", file=upload))
        assert not brand.jobs.exists()
        return
    job = checked(staff("manager"), content)
    assert (job.state, job.error) == ("failed", text)
    assert members_of(brand) == []


def zipped(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_a_zip_bomb_is_not_unpacked(staff, brand, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_UNPACKED", 1_000_000)
    bomb = zipped(**{"xl/worksheets/sheet1.xml": b"0" * 1_000_001})
    assert len(bomb) < 2000
    job = checked(staff("manager"), bomb, "m.xlsx")
    assert job.error == "This workbook is too large once unpacked. Save it as CSV."


def test_a_workbook_whose_xml_multiplies_itself_is_refused(staff, brand):
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    book = zipfile.ZipFile(io.BytesIO(workbook([["email"], ["a@b.example"]])))
    parts = {name: book.read(name) for name in book.namelist()} | {"xl/workbook.xml": laughs}
    job = checked(staff("manager"), zipped(**parts), "m.xlsx")
    assert job.state == "failed"
    assert job.error == "This is no workbook that can be read. Save it anew as .xlsx, or as CSV."


def test_too_many_rows_and_too_many_bytes_are_refused(staff, brand, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    manager = staff("manager")
    body = "".join(f"m{number}@example.com\n" for number in range(3))
    assert checked(manager, f"email\n{body}").error == "The file has more than 2 rows. Split it."
    assert checked(manager, "email\na@b.example\nc@d.example\n").outcome["rows"] == 2
    monkeypatch.setattr("jobs.services.MOST_BYTES", 10)
    page = manager.post("jobs_job_members", file=SimpleUploadedFile("m.csv", b"x" * 11))
    assert "The file is larger than 0 MB." in text_of(page)
    assert brand.jobs.count() == 2


def test_a_file_that_was_imported_before_is_recognised(staff, brand, django_capture_on_commit_callbacks):
    manager = staff("manager")
    first = checked(manager, GOOD)
    Job.objects.create(
        brand=brand, user=manager.user, kind="import", follows=first, state="done", finished_at=first.created_at
    )
    assert "imported before" in text_of(manager.get("jobs_job_change", checked(manager, GOOD).pk))
    assert "imported before" not in text_of(manager.get("jobs_job_change", checked(manager, GOOD + "\n").pk))


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_within_an_import_leaves_nothing_and_the_next_takes_all(staff, brand, monkeypatch):
    monkeypatch.setattr(member_files, "BATCH", 1)
    manager = staff("manager")
    manager.post("jobs_job_confirm", checked(manager, GOOD).pk)
    real, calls = add_or_update, []

    def dying(brand, people, *, slip):
        calls.append(people)
        if len(calls) == 2:
            raise SystemExit
        return real(brand, people, slip=slip)

    monkeypatch.setattr(member_files, "add_or_update", dying)
    with pytest.raises(SystemExit):
        run(leases.take())
    job = last_job(brand)
    assert (job.state, members_of(brand)) == ("running", [])
    assert leases.take() is None
    Job.objects.filter(pk=job.pk).update(leased_until=job.created_at)
    run_due()
    job.refresh_from_db()
    assert (job.state, job.attempts, len(members_of(brand))) == ("done", 2, 2)
    assert brand.points_entries.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_cancel_within_an_import_undoes_all_of_it(staff, brand, monkeypatch):
    monkeypatch.setattr(member_files, "BATCH", 1)
    monkeypatch.setattr(leases, "BEAT", 0.05)
    manager = staff("manager")
    manager.post("jobs_job_confirm", checked(manager, GOOD).pk)
    real = add_or_update

    def cancel():
        manager.post("jobs_job_cancel", last_job(brand).pk)
        connection.close()

    def slow(brand, people, *, slip):
        if people[0].email.startswith("anna"):
            thread = threading.Thread(target=cancel)
            thread.start()
            thread.join()
            time.sleep(0.3)
        return real(brand, people, slip=slip)

    monkeypatch.setattr(member_files, "add_or_update", slow)
    run_due()
    job = last_job(brand)
    assert (job.state, members_of(brand)) == ("canceled", [])
    assert not brand.points_entries.exists()


def test_the_same_slip_is_booked_once(brand):
    people = [Arrival(2, "anna@example.com", points=5)]
    assert add_or_update(brand, people, slip="abc") == 1
    with pytest.raises(IntegrityError), arrivals.transaction.atomic():
        add_or_update(brand, people, slip="abc")
    assert members_of(brand) == [("anna@example.com", "", 5)]


def test_a_batch_costs_the_same_statements_however_many_rows(brand, django_assert_num_queries):
    for size in (2, 300):
        people = [Arrival(row, f"{size}-{row}@example.com", "N", 1) for row in range(size)]
        with django_assert_num_queries(7):
            add_or_update(brand, people, slip=str(size))
    assert brand.members.filter(points=1).count() == 302


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_who_may_not_import_does_not(staff, brand, role):
    somebody = staff(role)
    assert "/jobs/job/members/" not in text_of(somebody.get("shops_member_changelist"))
    assert somebody.get("jobs_job_members").status_code == 403
    assert somebody.post("jobs_job_members", file=SimpleUploadedFile("m.csv", GOOD.encode())).status_code == 403
    check = checked(staff("manager"), GOOD)
    assert somebody.post("jobs_job_confirm", check.pk).status_code == 403
    assert "anna@example.com" not in text_of(somebody.get("jobs_job_change", check.pk))
    assert brand.jobs.count() == 1
