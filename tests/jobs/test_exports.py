"""Exports: the exact file, what a spreadsheet could run, whose rows, how much memory."""

import re
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from jobs import exports
from jobs.models import Job
from jobs.running import run_due
from jobs.tasks import forget_files
from orders.models import Order
from orders.services import cancel
from shops.services import earn_points
from tests.admin.helping import Admin, text_of
from tests.jobs.helping import checked, exported, last_job, rows_of_csv, rows_of_xlsx
from tests.making import make_coupon, make_member, make_order, make_pass

PLACED = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def test_orders_as_csv_cell_by_cell(staff, brand):
    member = make_member(brand, points=1000, email="anna@example.com", name="Anna")
    order = make_order(brand, member=member, coupon=make_coupon(brand, points=350), points=200)
    Order.objects.filter(pk=order.pk).update(created_at=PLACED, updated_at=PLACED)
    content, job = exported(staff("manager"), "orders")
    assert rows_of_csv(content) == [
        {
            "number": "1",
            "identifier": str(order.uuid),
            "placed_at": "2026-07-02T00:30:00+02:00",
            "status": "open",
            "processing_status": "open",
            "member_email": "anna@example.com",
            "member_name": "Anna",
            "currency": "EUR",
            "total": "1.50",
            "points_price": "350",
            "points_used": "200",
            "refunded": "0",
            "points_refunded": "0",
            "updated_at": "2026-07-02T00:30:00+02:00",
        }
    ]
    assert (job.done, job.total, job.file_name) == (1, 1, f"orders-{brand.slug}-{job.pk}.csv")


def test_the_filter_of_the_list_is_the_filter_of_the_file(staff, brand):
    kept, canceled = make_order(brand), make_order(brand)
    cancel(canceled)
    manager = staff("manager")
    page = text_of(manager.get("orders_order_changelist", status__exact="open"))
    link = re.search(r'/admin/jobs/job/export/orders/\?filter=[^"]+', page).group()
    assert "1 row." in text_of(manager.client.get(link))
    content, _job = exported(manager, "orders", filter="status__exact=open&p=7&o=2")
    assert [row["number"] for row in rows_of_csv(content)] == [str(kept.number)]


def test_a_filter_that_does_not_exist_is_refused_and_starts_nothing(staff, brand):
    manager = staff("manager")
    answer = manager.get("jobs_job_export", "orders", filter="member__user__password=x")
    assert answer.status_code in {302, 400}
    assert not brand.jobs.exists()


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", '=HYPERLINK("http://x.example")'])
def test_no_cell_begins_like_a_formula(staff, brand, name):
    make_member(brand, name=name, email="anna@example.com")
    manager = staff("manager")
    assert rows_of_csv(exported(manager, "members")[0])[0]["name"] == f"'{name}"
    assert rows_of_xlsx(exported(manager, "members", file_format="xlsx")[0])[0]["name"] == f"'{name}"


def test_a_workbook_holds_numbers_as_numbers(staff, brand):
    make_order(brand, coupon=make_coupon(brand, points=123_456_789), points=0)
    row = rows_of_xlsx(exported(staff("owner"), "orders", file_format="xlsx")[0])[0]
    assert (Decimal(str(row["total"])), row["points_price"]) == (Decimal("1234567.89"), 123_456_789)


def test_a_workbook_goes_on_in_another_sheet(staff, brand, monkeypatch):
    monkeypatch.setattr(exports, "MOST_IN_SHEET", 2)
    for number in range(3):
        make_member(brand, email=f"m{number}@example.com")
    content, _job = exported(staff("owner"), "members", file_format="xlsx")
    assert len(rows_of_xlsx(content)) == 2


def test_control_characters_do_not_break_a_workbook(staff, brand):
    make_member(brand, name="An\x01na")
    assert rows_of_xlsx(exported(staff("owner"), "members", file_format="xlsx")[0])[0]["name"] == "Anna"


def test_the_ledger_and_the_passes(staff, brand):
    member = make_member(brand, points=700, email="anna@example.com")
    earn_points(member, 50, reference="till 4")
    manager = staff("manager")
    ledger = rows_of_csv(exported(manager, "points")[0])
    assert [(row["points"], row["balance"], row["reason"], row["reference"]) for row in ledger] == [
        ("700", "700", "earned", "welcome"),
        ("50", "750", "earned", "till 4"),
    ]
    issued = make_pass(brand, member=member)
    content, _job = exported(manager, "passes")
    row = rows_of_csv(content)[0]
    assert (row["identifier"], row["status"], row["member_email"]) == (str(issued.uuid), "active", "anna@example.com")
    assert issued.qr_code not in content.decode()


def test_an_empty_export_has_a_header(staff, brand):
    content, job = exported(staff("manager"), "members")
    assert content.decode("utf-8-sig") == "identifier,email,name,points,member_since\r\n"
    assert job.outcome == {"rows": 0}
    assert rows_of_xlsx(exported(staff("owner"), "members", file_format="xlsx")[0]) == []


def test_nobody_elses_rows_are_in_the_file(staff, superuser, brand, other):
    make_member(brand, email="mine@example.com")
    make_member(other, email="theirs@velo.example")
    for admin, data in ((staff("manager"), {"brand": other.pk}), (superuser, {"brand": brand.pk})):
        content, job = exported(admin, "members", **data)
        assert [row["email"] for row in rows_of_csv(content)] == ["mine@example.com"]
        assert job.brand == brand


def test_somebody_of_two_brands_exports_where_the_role_allows(staff, brand, other):
    both = staff("viewer", velo=(other, "manager"))
    make_member(brand, email="mine@example.com")
    make_member(other, email="theirs@velo.example")
    content, _job = exported(both, "members", brand=brand.pk)
    assert [row["email"] for row in rows_of_csv(content)] == ["theirs@velo.example"]


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_who_may_not_export_does_not(staff, brand, role):
    make_member(brand)
    somebody = staff(role)
    assert "/export/" not in text_of(somebody.get("shops_member_changelist"))
    assert somebody.get("jobs_job_export", "members").status_code == 403
    assert somebody.post("jobs_job_export", "members", file_format="csv").status_code == 403
    assert not brand.jobs.exists()


def test_a_file_is_for_those_who_could_have_exported_it(staff, brand, other, client):
    make_member(brand)
    _content, job = exported(staff("manager"), "members")
    assert staff("viewer").get("jobs_job_file", job.pk).status_code == 403
    assert staff("support").get("jobs_job_lines", job.pk).status_code == 403
    assert client.get(f"/admin/jobs/job/{job.pk}/file/").status_code == 302
    owner = User.objects.create_user("owner@velo.example", is_staff=True)
    other.staff.create(user=owner, role="owner")
    stranger = Admin(owner)
    assert stranger.get("jobs_job_file", job.pk).status_code == 404
    assert stranger.post("jobs_job_cancel", job.pk).status_code == 404
    assert stranger.get("jobs_job_change", job.pk).status_code == 302
    assert f"/job/{job.pk}/" not in text_of(stranger.get("jobs_job_changelist"))


def test_a_role_that_was_lost_meanwhile_stops_the_job(staff, brand):
    manager = staff("manager")
    make_member(brand)
    manager.post("jobs_job_export", "members", file_format="csv")
    brand.staff.update(role="viewer")
    run_due()
    job = last_job(brand)
    assert (job.state, job.error) == ("failed", "Whoever started this may not do it any more.")
    assert not job.chunks.exists()


def test_files_go_after_a_week_and_the_row_stays(staff, brand):
    make_member(brand)
    manager = staff("manager")
    _content, job = exported(manager, "members")
    assert forget_files() == 0
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timezone.timedelta(days=7, minutes=1))
    assert forget_files() == 1
    assert not job.chunks.exists()
    assert manager.get("jobs_job_file", job.pk).status_code == 404
    assert "Its files were deleted" in text_of(manager.get("jobs_job_change", job.pk))
    assert forget_files() == 0


def test_nobodys_name_stays_in_what_a_check_found(staff, brand):
    job = checked(staff("manager"), "email,name,points\nanna@example.com,Anna,5\n")
    assert job.outcome["sample"][0]["email"] == "anna@example.com"
    Job.objects.update(finished_at=timezone.now() - timezone.timedelta(days=8))
    assert forget_files() == 1
    job.refresh_from_db()
    assert job.outcome == {"rows": 1, "problems": 0, "new": 1, "updated": 0, "points": 5}


def test_memory_stays_flat(staff, brand):
    rows = (brand.members.model(brand=brand, email=f"m{number}@example.com") for number in range(24_000))
    brand.members.bulk_create(rows)
    tracemalloc.start()
    everybody = list(brand.members.all())
    for_all = tracemalloc.get_traced_memory()[1]
    del everybody
    staff("manager").post("jobs_job_export", "members", file_format="csv")
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]  # the admin's pages, if this test is the first to load them
    run_due()
    most = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert last_job(brand).outcome == {"rows": 24_000}
    assert most < for_all / 2
