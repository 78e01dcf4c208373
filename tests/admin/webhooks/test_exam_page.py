"""The receiver exam in the admin: the page says what will be sent where, the report says how it went."""

import threading
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.encryption import decrypt
from tests.admin.helping import said, sign_in, text_of
from tests.webhooks.examined import honest, partner
from webhooks import probes, transport
from webhooks.exam import run_exam
from webhooks.models import ExamReport, Probe
from webhooks.services import add_endpoint, remove_endpoint

PAGE = "webhooks_endpoint_exam"


@pytest.fixture
def key(endpoint):
    return decrypt(bytes(endpoint.encrypted_key))


@pytest.fixture
def receiving(key):
    """A receiver that does not know a message when it comes twice, and takes forged ones."""

    def behave(headers, body):
        odd = {"duplicate": (409, "<b>known</b>"), "bad_signature": (200,)}
        return odd.get(headers["wllt-exam"]) or honest(key)(headers, body)

    with partner(behave) as (url, heard):
        yield url, heard


def test_the_page_says_what_will_be_sent_where_and_sends_nothing(staff, endpoint, receiving):
    url, heard = receiving
    endpoint.brand.endpoints.update(url=url)
    page = text_of(staff("manager").get(PAGE, endpoint.pk))
    for wanted in (f'value="{url}"', "50 at most", "A valid message", "News of one order in the wrong order"):
        assert wanted in page
    assert (heard, ExamReport.objects.count(), Probe.objects.count()) == ([], 0, 0)


def test_an_exam_is_held_and_its_report_says_all(staff, endpoint, receiving, key):
    url, heard = receiving
    manager = staff("manager")
    answer = manager.post(PAGE, endpoint.pk, url=url)
    report = ExamReport.objects.get()
    assert answer["Location"] == f"/admin/webhooks/examreport/{report.pk}/change/"
    assert (report.grade, report.url, report.by) == ("failed", url, manager.user.email)
    assert len(heard) == 7
    page = text_of(manager.get("webhooks_examreport_change", report.pk))
    for wanted in (
        "6 of 8 steps passed without a remark",
        manager.user.email,
        f"POST {url}",
        "An answer from 200 to 299",
        "A 2xx was expected. It answered 409.",
        "Look the message id up first",
        "401 would be clearer",
        "&lt;b&gt;known&lt;/b&gt;",
        "HTTP 409 in",
        heard[0][0]["webhook-signature"],
    ):
        assert wanted in page, wanted
    assert page.index("wllt-sent-at: ") < page.index("wllt-exam: open")
    assert key not in page
    assert LogEntry.objects.get().change_message == "Receiver exam held: failed."
    assert f"/admin/webhooks/examreport/{report.pk}/change/" in text_of(
        manager.get("webhooks_endpoint_change", endpoint.pk)
    )


def test_an_exam_that_reaches_nobody_has_a_report_too(staff, endpoint):
    manager = staff("manager")
    manager.post(PAGE, endpoint.pk, url=endpoint.url)
    page = text_of(manager.get("webhooks_examreport_change", ExamReport.objects.get().pk))
    assert "0 of 1 steps passed" in page
    assert "No connection, or it broke off." in page
    assert "See that the URL is right" in page


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "This field is required."),
        ("nonsense url", "Enter a valid URL."),
        ("http://127.0.0.1:9/hook", "The address is not on the public internet."),
        ("http://u:p@partner.example/", "The URL must not hold a user name"),
        ("https://partner.example:22/", "Port 22 is not allowed."),
        (f"https://partner.example/{'x' * 2000}", "at most 2000 characters"),
    ],
)
def test_a_url_that_is_not_allowed_is_refused_beside_its_field(staff, endpoint, settings, monkeypatch, url, text):
    settings.WEBHOOK_ALLOWED_NETWORKS, settings.WEBHOOK_ALLOWED_PORTS = [], ["80", "443", "9"]
    monkeypatch.setattr(transport, "post", None)  # nobody may get as far as that
    answer = staff("manager").post(PAGE, endpoint.pk, url=url)
    assert list(answer.context["form"].errors) == ["url"]
    assert text in text_of(answer)
    assert (ExamReport.objects.count(), Probe.objects.count(), LogEntry.objects.count()) == (0, 0, 0)


def test_too_many_exams_and_test_calls_are_told(staff, endpoint, receiving, settings):
    settings.WEBHOOK_TESTS_PER_MINUTE = settings.WEBHOOK_EXAMS_PER_HOUR = 1
    url, heard = receiving
    endpoint.brand.endpoints.update(url=url)
    manager = staff("manager")
    manager.post(PAGE, endpoint.pk, url=url)
    manager.post("webhooks_endpoint_test", endpoint.pk)
    before = (len(heard), ExamReport.objects.count(), LogEntry.objects.count())
    assert before == (8, 1, 2)
    answer = manager.post(PAGE, endpoint.pk, url=url)
    assert "Exams of one endpoint: at most 1 an hour. Try again in" in text_of(answer)
    answer = manager.post("webhooks_endpoint_test", endpoint.pk)
    assert said(answer)[-1].startswith("Test calls to one endpoint: at most 1 a minute. Try again in")
    assert (len(heard), ExamReport.objects.count(), LogEntry.objects.count()) == before


def test_no_transaction_is_open_while_it_waits(staff, endpoint, receiving, monkeypatch, transactional_db):
    url, _heard = receiving
    post, seen = transport.post, []

    def watched(*arguments):
        seen.append((connection.in_atomic_block, probes.slots._value))
        return post(*arguments)

    monkeypatch.setattr(probes, "slots", threading.BoundedSemaphore(2))
    monkeypatch.setattr(transport, "post", watched)
    staff("manager").post(PAGE, endpoint.pk, url=url)
    assert seen == [(False, 1)] * 7
    assert probes.slots._value == 2


@pytest.fixture
def reports(endpoint, their_delivery):
    """One of ours, and another brand's."""
    return run_exam(endpoint, by="emma@team.example"), run_exam(their_delivery.endpoint, by="boss@velo.example")


def test_reports_are_listed_with_who_held_them(staff, endpoint, reports):
    mine, theirs = reports
    viewer = staff("viewer")
    page = viewer.get("webhooks_examreport_changelist")
    assert list(page.context["cl"].result_list) == [mine]
    assert "emma@team.example" in text_of(page)
    assert "velo" not in text_of(page)
    assert theirs.url not in text_of(page)
    for query, found in (({"endpoint__id__exact": endpoint.pk}, [mine]), ({"grade__exact": "passed"}, [])):
        assert list(viewer.get("webhooks_examreport_changelist", **query).context["cl"].result_list) == found


@pytest.mark.parametrize("role", ["viewer", "support", "manager", "owner"])
def test_nobody_adds_changes_or_deletes_a_report(staff, reports, role):
    somebody, (mine, theirs) = staff(role), reports
    before = list(ExamReport.objects.order_by("pk").values())
    page = text_of(somebody.get("webhooks_examreport_change", mine.pk))
    assert "Step by step" in page
    assert 'method="post"' not in page.partition('id="main"')[2].partition("Step by step")[0].replace("logout", "")
    assert ("Hold another exam" in page) == (role in {"manager", "owner"})
    assert ("Signature clinic" in page) == (role != "viewer")
    assert somebody.get("webhooks_examreport_add").status_code == 403
    for name in ("change", "delete"):
        somebody.post(f"webhooks_examreport_{name}", mine.pk, post="yes", grade="passed")
        assert somebody.post(f"webhooks_examreport_{name}", theirs.pk, post="yes").status_code in {302, 403}
    assert list(ExamReport.objects.order_by("pk").values()) == before


def test_the_list_costs_the_same_with_one_report_and_with_twelve(staff, endpoint, superuser):
    for somebody in (staff("viewer"), superuser):
        costs = []
        for count in (1, 11):
            for _ in range(count):
                run_exam(endpoint)
            somebody.get("webhooks_examreport_changelist")
            with CaptureQueriesContext(connection) as queries:
                text_of(somebody.get("webhooks_examreport_changelist"))
            costs.append(len(queries))
            assert not [one for one in queries if '"steps"' in one["sql"]]
        assert costs[0] == costs[1]


def test_an_endpoint_that_is_removed_leaves_its_reports(staff, endpoint, reports):
    mine, _theirs = reports
    manager = staff("manager")
    page = text_of(manager.get("webhooks_endpoint_change", endpoint.pk))
    assert "Remove this endpoint" in page
    assert "Delete" not in page
    asked = text_of(manager.get("webhooks_endpoint_delete", endpoint.pk))
    assert "The log of what was sent to it stays. So do the reports of its exams." in asked
    endpoint.refresh_from_db()
    assert endpoint.removed_at is None
    answer = manager.post("webhooks_endpoint_delete", endpoint.pk, post="yes")
    assert said(answer) == [
        f"The webhook endpoint {endpoint.url} is removed. It is sent nothing more; the log of what was sent stays."
    ]
    endpoint.refresh_from_db()
    assert endpoint.removed_at
    assert list(manager.get("webhooks_examreport_changelist").context["cl"].result_list) == [mine]
    page = text_of(manager.get("webhooks_examreport_change", mine.pk))
    assert "(removed)" in page
    assert "Hold another exam" not in page
    for name in (PAGE, "webhooks_endpoint_clinic", "webhooks_endpoint_delete"):
        assert manager.post(name, endpoint.pk, url=endpoint.url).status_code == 302
    assert endpoint.exam_reports.get() == mine


def test_a_report_from_before_there_was_advice_is_shown(staff, endpoint):
    step = {"name": "open", "purpose": "A valid message", "grade": "passed", "reason": "It takes it.", "exchanges": []}
    now = timezone.now()
    times = {"started_at": now - timedelta(seconds=3), "finished_at": now}
    old = endpoint.brand.exam_reports.create(endpoint=endpoint, url=endpoint.url, grade="passed", steps=[step], **times)
    remove_endpoint(add_endpoint(endpoint.brand, url="https://partner.example/")[0])
    page = text_of(staff("viewer").get("webhooks_examreport_change", old.pk))
    assert "1 of 1 steps passed" in page
    assert "3.0 s" in page
    assert "Expected" not in page


@pytest.mark.parametrize(("count", "ok"), [(0, False), (1, True), (50, True), (51, False), ("", False), ("x", False)])
def test_the_calls_at_once_have_bounds(staff, endpoint, count, ok):
    data = {"url": endpoint.url, "statuses": ["paid"], "is_active": "on", "concurrency": count}
    answer = staff("manager").post("webhooks_endpoint_change", endpoint.pk, **data)
    endpoint.refresh_from_db()
    assert answer.status_code == (302 if ok else 200)
    assert endpoint.concurrency == (count if ok else 4)
    assert endpoint.statuses == (["paid"] if ok else ["open", "paid", "failed", "canceled"])
    if not ok:
        assert list(answer.context["adminform"].form.errors) == ["concurrency"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_a_manager_holds_an_exam(live_server, browser_page, staff, endpoint, receiving, look):
    url, heard = receiving
    page = browser_page(*look)
    sign_in(page, live_server, staff("manager"))
    page.goto(f"{live_server.url}/admin/webhooks/endpoint/{endpoint.pk}/change/")
    assert page.axe() == []
    page.get_by_role("link", name="Receiver exam", exact=True).click()
    page.get_by_label("URL").fill("http://x:1:2/")
    page.get_by_role("button", name="Hold the exam now").click()
    page.get_by_text("Enter a valid URL.").wait_for()
    assert page.axe() == []
    page.get_by_label("URL").fill(url)
    page.get_by_role("button", name="Hold the exam now").click()
    page.get_by_text("Step by step").wait_for()
    page.get_by_text("Message 1: HTTP 409").click()
    assert page.get_by_text("<b>known</b>").is_visible()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("link", name="All reports of this endpoint").click()
    page.get_by_text("Failed").first.wait_for()
    assert page.axe() == []
    assert len(heard) == 7
    assert page.errors == []
