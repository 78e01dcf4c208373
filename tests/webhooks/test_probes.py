"""Test calls and exams are limited: beside each refusal, a receiver that heard nothing of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from shops.errors import TooSoon
from tests.making import make_endpoint
from tests.webhooks.examined import partner
from webhooks import probes
from webhooks.exam import run_exam
from webhooks.models import Probe, ProbeKind
from webhooks.probes import probing
from webhooks.services import send_test

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard():
    """A partner's receiver: its URL, and what it heard."""
    with partner(lambda headers, body: (200, "ok")) as (url, calls):
        yield url, calls


def age(**by):
    Probe.objects.update(started_at=timezone.now() - timedelta(**by))


def test_an_endpoint_has_so_many_test_calls_a_minute(brand, heard, settings):
    settings.WEBHOOK_TESTS_PER_MINUTE = 2
    url, calls = heard
    endpoint, _key = make_endpoint(brand, url=url)
    for _ in range(2):
        assert send_test(endpoint).delivered
    Probe.objects.filter(pk=Probe.objects.earliest("pk").pk).update(started_at=timezone.now() - timedelta(seconds=40))
    with pytest.raises(TooSoon) as caught:
        send_test(endpoint)
    assert 18 <= caught.value.wait <= 20
    assert str(caught.value) == (
        f"Test calls to one endpoint: at most 2 a minute. Try again in {caught.value.wait} seconds."
    )
    assert (len(calls), Probe.objects.count()) == (2, 2)
    age(seconds=61)
    assert send_test(endpoint).delivered


def test_all_endpoints_of_a_brand_together_have_three_times_as_many(brand, other, heard, settings):
    settings.WEBHOOK_TESTS_PER_MINUTE = 1
    url, calls = heard
    for _ in range(3):
        send_test(make_endpoint(brand, url=url)[0])
    with pytest.raises(TooSoon, match=r"Test calls to a brand's endpoints: at most 3 a minute\."):
        send_test(make_endpoint(brand, url=url)[0])
    assert len(calls) == 3
    assert send_test(make_endpoint(other, url=url)[0]).delivered


def test_an_endpoint_has_so_many_exams_an_hour(brand, heard, settings):
    settings.WEBHOOK_EXAMS_PER_HOUR = 1
    url, calls = heard
    endpoint, _key = make_endpoint(brand)
    run_exam(endpoint, url=url)
    count = len(calls)
    with pytest.raises(TooSoon, match=r"Exams of one endpoint: at most 1 an hour\.") as caught:
        run_exam(endpoint, url=url)
    assert 3590 < caught.value.wait <= 3600
    assert (len(calls), brand.exam_reports.count()) == (count, 1)
    age(minutes=61)
    assert run_exam(endpoint, url=url).pk


def test_tests_and_exams_are_counted_apart_and_zero_is_no_limit(brand, heard, settings):
    settings.WEBHOOK_TESTS_PER_MINUTE, settings.WEBHOOK_EXAMS_PER_HOUR = 0, 1
    url, calls = heard
    endpoint, _key = make_endpoint(brand, url=url)
    for _ in range(5):
        send_test(endpoint)
    run_exam(endpoint)
    send_test(endpoint)
    assert len(calls) == 6 + 7


def test_old_probes_are_forgotten(brand, other, heard):
    endpoint, _key = make_endpoint(brand, url=heard[0])
    for one in (endpoint, endpoint, make_endpoint(other, url=heard[0])[0]):
        send_test(one)
    age(minutes=61)
    send_test(endpoint)
    assert (brand.probes.count(), other.probes.count()) == (1, 1)


def test_one_exam_of_a_brand_at_a_time(brand, other):
    endpoint, _key = make_endpoint(brand)
    second, _key = make_endpoint(brand)
    theirs, _key = make_endpoint(other)
    begun, go_on = threading.Event(), threading.Event()

    def slow(headers, body):
        begun.set()
        go_on.wait(10)
        return (200,)

    def examine():
        try:
            return run_exam(endpoint, url=url)
        finally:
            connection.close()

    with partner(slow) as (url, heard), ThreadPoolExecutor(1) as pool:
        first = pool.submit(examine)
        assert begun.wait(10)
        for one in (endpoint, second):
            with pytest.raises(TooSoon, match=r"Another exam of this brand is under way\.") as caught:
                run_exam(one, url=url)
            assert 50 < caught.value.wait <= 60
        assert run_exam(theirs).grade == "failed"  # nobody is there, but it was held
        assert len(heard) == 1
        go_on.set()
        assert first.result().steps[0]["grade"] == "passed"
        assert run_exam(second, url=url).pk
    assert (brand.exam_reports.count(), brand.probes.filter(busy_until__isnull=False).count()) == (2, 0)


def test_the_database_holds_it_too(brand):
    endpoint, _key = make_endpoint(brand)
    row = {"endpoint": endpoint, "kind": ProbeKind.EXAM, "busy_until": timezone.now()}
    brand.probes.create(**row)
    with pytest.raises(IntegrityError, match="probe_one_exam_at_a_time"), transaction.atomic():
        brand.probes.create(**row)


def test_an_exam_whose_process_was_lost_blocks_nobody_for_long(brand, heard):
    endpoint, _key = make_endpoint(brand)
    lost = brand.probes.create(
        endpoint=endpoint, kind=ProbeKind.EXAM, busy_until=timezone.now() + timedelta(seconds=30)
    )
    with pytest.raises(TooSoon):
        run_exam(endpoint, url=heard[0])
    Probe.objects.filter(pk=lost.pk).update(busy_until=timezone.now() - timedelta(seconds=1))
    assert run_exam(endpoint, url=heard[0]).pk


def test_an_exam_that_breaks_blocks_nobody(brand):
    endpoint, _key = make_endpoint(brand)
    with pytest.raises(ZeroDivisionError), probing(endpoint, ProbeKind.EXAM, 50):
        raise ZeroDivisionError
    with probing(endpoint, ProbeKind.EXAM, 50):
        pass


def test_of_many_at_the_same_moment_as_many_as_allowed_go_through(brand, heard, settings, monkeypatch):
    settings.WEBHOOK_TESTS_PER_MINUTE = 2
    monkeypatch.setattr(probes, "slots", threading.BoundedSemaphore(8))
    endpoint, _key = make_endpoint(brand, url=heard[0])
    together = threading.Barrier(8)

    def ask(_number):
        together.wait(10)
        try:
            return send_test(endpoint).delivered
        except TooSoon:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(ask, range(8))) == [False] * 6 + [True] * 2
    assert len(heard[1]) == 2


def test_a_process_keeps_threads_free(brand, heard):
    endpoint, _key = make_endpoint(brand, url=heard[0])
    with probing(endpoint, ProbeKind.TEST), probing(endpoint, ProbeKind.TEST):
        count = Probe.objects.count()
        for probe in (send_test, run_exam):
            with pytest.raises(TooSoon, match=r"under way\. Try again in 5 seconds\."):
                probe(endpoint)
        assert (Probe.objects.count(), heard[1]) == (count, [])
    assert send_test(endpoint).delivered


def test_nothing_is_sent_within_a_transaction(brand, heard):
    endpoint, _key = make_endpoint(brand, url=heard[0])
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send_test(endpoint)
    assert (heard[1], Probe.objects.count()) == ([], 0)
    assert send_test(endpoint).delivered  # the slot was given back


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/test", "Test calls to one endpoint: at most 1 a minute."),
        ("/exams", "Exams of one endpoint: at most 1 an hour."),
    ],
)
def test_over_the_api_it_is_a_429(api, brand, heard, settings, path, text):
    settings.WEBHOOK_TESTS_PER_MINUTE = settings.WEBHOOK_EXAMS_PER_HOUR = 1
    endpoint, _key = make_endpoint(brand, url=heard[0])
    assert api.post(f"/webhooks/{endpoint.uuid}{path}", {}).status_code in {200, 201}
    calls, reports = len(heard[1]), brand.exam_reports.count()
    answer = api.post(f"/webhooks/{endpoint.uuid}{path}", {})
    wait = int(answer.headers["Retry-After"])
    assert answer.status_code == 429
    assert 0 < wait <= 3600
    assert list(answer.json()) == ["message"]
    assert answer.json()["message"] == f"{text} Try again in {wait} seconds."
    assert (len(heard[1]), brand.exam_reports.count()) == (calls, reports)
