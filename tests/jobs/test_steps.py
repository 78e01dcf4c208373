"""Steps with many orders: asked first, done in the background, told order by order."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from jobs import leases, steps
from jobs.models import Job
from jobs.running import run, run_due
from orders.models import Order
from orders.services import cancel
from tests.admin.helping import hidden_fields, order_of, text_of
from tests.jobs.helping import last_job
from tests.making import make_endpoint, make_member, make_order
from webhooks.models import Delivery


def ask(admin, step, *orders, query="", **data):
    """Choose in the list: the page that asks."""
    answer = admin.client.post(
        f"/admin/orders/order/{query}",
        {"action": step, "index": "0", "_selected_action": [order.pk for order in orders], **data},
    )
    assert answer.status_code == 302
    return admin.client.get(answer["Location"])


def confirm(admin, page):
    return admin.post("jobs_job_steps", **hidden_fields(page))


def states(brand):
    return list(brand.orders.order_by("pk").values_list("processing_status", flat=True))


def test_a_step_with_chosen_orders(staff, brand):
    orders = [make_order(brand) for _ in range(3)]
    support = staff("support")
    page = ask(support, "begin", *orders[:2])
    assert "2 orders." in text_of(page)
    assert states(brand) == ["open", "open", "open"]
    confirm(support, page)
    assert states(brand) == ["open", "open", "open"]
    run_due()
    assert states(brand) == ["being_processed", "being_processed", "open"]
    job = last_job(brand)
    assert (job.state, job.done, job.total, job.outcome) == ("done", 2, 2, {"rows": 2, "taken": 2, "problems": 0})
    assert [(line.row, line.text, line.is_problem) for line in job.lines.order_by("pk")] == [
        (1, "Mark as being processed", False),
        (2, "Mark as being processed", False),
    ]
    entries = LogEntry.objects.filter(content_type__model="order", user=support.user)
    assert sorted(entries.values_list("object_id", flat=True)) == sorted(str(order.pk) for order in orders[:2])


def test_all_that_match_the_filter_and_none_that_came_later(staff, brand):
    orders = [make_order(brand) for _ in range(4)]
    cancel(orders[1])
    manager = staff("manager")
    page = ask(manager, "archive", orders[0], query="?status__exact=open", select_across="1")
    assert "3 orders." in text_of(page)
    confirm(manager, page)
    make_order(brand)
    run_due()
    assert states(brand) == ["archived", "open", "archived", "archived", "open"]


def test_a_filter_that_the_step_itself_empties_loses_no_order(staff, brand, monkeypatch):
    monkeypatch.setattr(steps, "BATCH", 2)
    orders = [make_order(brand) for _ in range(5)]
    support = staff("support")
    query = "?processing_status__exact=open"
    confirm(support, ask(support, "begin", orders[0], query=query, select_across="1"))
    run_due()
    assert states(brand) == ["being_processed"] * 5
    assert last_job(brand).outcome == {"rows": 5, "taken": 5, "problems": 0}


def test_an_order_that_the_step_does_not_fit_stays_and_the_job_says_why(staff, brand):
    first, second = make_order(brand), make_order(brand)
    cancel(second)
    manager = staff("manager")
    page = ask(manager, "cancel", first, second)
    assert "1 order." in text_of(page)
    assert "1 more stays as it is" in text_of(page)
    confirm(manager, page)
    run_due()
    job = last_job(brand)
    assert job.outcome == {"rows": 2, "taken": 1, "problems": 1}
    assert list(brand.orders.order_by("pk").values_list("status", flat=True)) == ["canceled", "canceled"]
    text = "An order that is canceled cannot become canceled."
    assert job.lines.get(is_problem=True).text == text
    assert text in text_of(manager.get("jobs_job_change", job.pk))


def test_webhooks_are_sent_again_the_newest_of_each_order(staff, brand):
    make_endpoint(brand)
    told, untold = make_order(brand), make_order(brand)
    cancel(told)
    Delivery.objects.filter(order_uuid=told.uuid).update(state="delivered", done_at=told.created_at)
    manager = staff("manager")
    confirm(manager, ask(manager, "tell", told, untold))
    run_due()
    again = Delivery.objects.filter(order_uuid=told.uuid).order_by("version")
    assert [one.state for one in again] == ["delivered", "pending"]
    job = last_job(brand)
    assert job.outcome == {"rows": 2, "taken": 1, "problems": 1}
    assert job.lines.get(is_problem=True).row == untold.number


def test_a_worker_that_dies_takes_no_step_twice(staff, brand, monkeypatch):
    orders = [make_order(brand) for _ in range(3)]
    support = staff("support")
    confirm(support, ask(support, "begin", *orders))
    real, taken = steps._take_one, []

    def dying(job, step, order, user):
        if len(taken) == 2:
            raise SystemExit
        taken.append(order.pk)
        real(job, step, order, user)

    monkeypatch.setattr(steps, "_take_one", dying)
    with pytest.raises(SystemExit):
        run(leases.take())
    assert states(brand) == ["being_processed", "being_processed", "open"]
    job = last_job(brand)
    assert (job.state, job.done) == ("running", 2)
    monkeypatch.undo()
    Job.objects.filter(pk=job.pk).update(leased_until=job.created_at)
    run_due()
    job.refresh_from_db()
    assert (job.state, job.done, job.attempts) == ("done", 3, 2)
    assert list(job.lines.order_by("pk").values_list("row", "is_problem")) == [(1, False), (2, False), (3, False)]


def test_a_cancel_stops_at_the_next_order(staff, brand, monkeypatch):
    orders = [make_order(brand) for _ in range(3)]
    support = staff("support")
    confirm(support, ask(support, "begin", *orders))
    real = steps._take_one

    def canceling(job, step, order, user):
        real(job, step, order, user)
        support.post("jobs_job_cancel", job.pk)

    monkeypatch.setattr(steps, "_take_one", canceling)
    run_due()
    job = last_job(brand)
    assert (job.state, job.done) == ("canceled", 1)
    assert states(brand) == ["being_processed", "open", "open"]


def test_a_role_is_asked_again_when_the_job_runs(staff, brand):
    order = make_order(brand)
    manager = staff("manager")
    confirm(manager, ask(manager, "cancel", order))
    brand.staff.update(role="support")
    run_due()
    assert last_job(brand).error == "Whoever started this may not do it any more."
    assert Order.objects.get().status == "open"


@pytest.mark.parametrize(("role", "step"), [("viewer", "begin"), ("support", "cancel"), ("support", "tell")])
def test_who_may_not_take_the_step_starts_no_job(staff, brand, role, step):
    order = make_order(brand)
    somebody = staff(role)
    assert somebody.get("jobs_job_steps", step=step, ids=str(order.pk)).status_code == 403
    assert somebody.post("jobs_job_steps", step=step, ids=str(order.pk)).status_code == 403
    assert not brand.jobs.exists()


def test_another_brands_orders_are_none_of_ones_own(staff, brand, other):
    theirs = order_of(make_member(other))
    owner = staff("owner")
    page = owner.get("jobs_job_steps", step="begin", ids=str(theirs.pk))
    assert "0 orders." in text_of(page)
    owner.post("jobs_job_steps", step="begin", ids=str(theirs.pk))
    assert not Job.objects.exists()


def test_orders_of_two_brands_become_two_jobs_where_the_role_allows(superuser, staff, brand, other):
    mine, theirs = make_order(brand), make_order(other)
    confirm(superuser, ask(superuser, "begin", mine, theirs))
    assert (brand.jobs.count(), other.jobs.count()) == (1, 1)
    run_due()
    assert states(brand) == states(other) == ["being_processed"]
    both = staff("support", velo=(other, "viewer"))
    page = ask(both, "finish", mine, theirs)
    assert re.search(r"1 more is of a brand where your role does not allow it", text_of(page))
    confirm(both, page)
    run_due()
    assert (states(brand), states(other)) == (["processed"], ["being_processed"])
