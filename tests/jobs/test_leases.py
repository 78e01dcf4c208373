"""Who works on a job: one at a time of a brand, two in all, and nobody for ever."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import User
from jobs import leases, running, services
from jobs.errors import LeaseLost
from jobs.models import Job, JobLine
from tests.making import make_brand
from walletapp.management.commands.pump import DRAINS


@pytest.fixture
def user(db):
    return User.objects.create_superuser("root@example.com")


def start(brand, user):
    return services.start_export(brand, user, of="members", query="", file_format="csv")


def test_a_job_is_done_once(brand, user):
    start(brand, user)
    assert (running.run_due(), running.run_due()) == (1, 0)


def test_one_job_of_a_brand_at_a_time_and_two_in_all(brand, other, user):
    first, second = start(brand, user), start(brand, user)
    theirs, third = start(other, user), start(make_brand("Third"), user)
    assert [leases.take().pk, leases.take().pk, leases.take()] == [first.pk, theirs.pk, None]
    assert {second.pk, third.pk} == set(Job.objects.filter(state="queued").values_list("pk", flat=True))


def test_a_lease_that_ended_goes_to_another_and_the_first_writes_nothing_more(brand, user):
    start(brand, user)
    first = leases.take()
    Job.objects.update(leased_until=first.created_at)
    second = leases.take()
    assert (second.pk, second.attempts) == (first.pk, 2)
    for late in (lambda: leases.pulse(first, done=9), lambda: leases.finish(first), lambda: leases.hold(first)):
        with pytest.raises(LeaseLost), transaction.atomic():
            late()
    leases.fail(first, "late")
    job = Job.objects.get()
    assert (job.state, job.done, job.token) == ("running", 0, second.token)


def test_a_job_that_kills_its_workers_fails_in_the_end(brand, user):
    start(brand, user)
    for _ in range(leases.MOST_ATTEMPTS):
        job = leases.take()
        Job.objects.update(leased_until=job.created_at)
    assert leases.take() is None
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "It was taken up 5 times and never ended.")


def test_a_worker_that_is_told_to_stop_gives_its_job_back(brand, user, monkeypatch):
    job = start(brand, user)
    taken = leases.take()
    running.stop()
    running.run(taken)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.token) == ("queued", 0, None)
    assert leases.take() is None
    leases.stopping.clear()
    assert running.run_due() == 1


def test_a_fault_of_ours_is_told_and_logged(brand, user, monkeypatch, caplog):
    job = start(brand, user)
    monkeypatch.setitem(running.WORK, "export", lambda job: 1 / 0)
    running.run_due()
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error == "A fault of ours (ZeroDivisionError). Nothing is half done; the log knows more."
    assert "ZeroDivisionError" in caplog.text


def test_a_job_that_has_ended_cannot_be_canceled(brand, user, client):
    job = start(brand, user)
    running.run_due()
    client.force_login(user)
    client.post(reverse("admin:jobs_job_cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == "done"
    assert client.get(reverse("admin:jobs_job_cancel", args=[job.pk])).status_code == 405


def test_the_database_refuses_rows_that_mix_brands(brand, other, user):
    job = start(brand, user)
    with pytest.raises(IntegrityError), transaction.atomic():
        JobLine.objects.create(brand=other, job=job, row=1, text="x")
        connection.check_constraints()


def test_without_redis_a_job_is_taken_and_the_pump_does_it(brand, user, settings, monkeypatch):
    job = start(brand, user)
    assert DRAINS["jobs"]() == 1
    job.refresh_from_db()
    assert job.state == "done"
