"""The receiver exam, held with the documented receivers and with worse ones."""

import json
import ssl
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from shops.errors import InvalidInput
from tests.docs.conftest import COMMANDS, free_port, serving
from tests.making import make_endpoint, make_order
from tests.webhooks.examined import except_at, honest, partner
from tests.webhooks.hostile import answering, dripping, listening
from webhooks import delivery, exam, exam_steps, transport
from webhooks.exam import run_exam
from webhooks.exam_steps import STEPS, Exchange, Mark, judge_connection, judge_time
from webhooks.models import Call, Delivery, Endpoint, ExamReport
from webhooks.services import body_of, rotate_key
from webhooks.signing import wllt_signature

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = [*(step.name for step in STEPS), "time", "connection"]


def marks(report):
    return {step["name"]: step["grade"] for step in report.steps}


def statuses(report):
    return {
        step["name"]: [one["received"]["status"] for one in step["exchanges"]]
        for step in report.steps
        if step["exchanges"]
    }


def step_of(report, name):
    return next(step for step in report.steps if step["name"] == name)


GOOD = {
    "open": [200],
    "bad_signature": [401],
    "duplicate": [200],
    "paid_before_open": [200, 200],
    "old_timestamp": [401],
    "retry": [200],
}


@pytest.mark.parametrize("language", COMMANDS)
def test_the_documented_receivers_pass(brand, language, tmp_path):
    endpoint, key = make_endpoint(brand)
    environment = {"WEBHOOK_KEY": key, "INBOX": str(tmp_path), "API_TOKEN": "x"}
    environment["API_URL"] = f"http://127.0.0.1:{free_port()}"  # there is no such order to fetch
    with serving(COMMANDS[language](), environment) as port:
        report = run_exam(endpoint, url=f"http://127.0.0.1:{port}/", by="emma@example.com")
        assert statuses(report) == GOOD
    assert (report.grade, marks(report)) == ("passed", dict.fromkeys(NAMES, "passed"))
    assert (report.brand, report.endpoint, report.by) == (brand, endpoint, "emma@example.com")
    assert report.started_at <= report.finished_at
    assert [row.pk for row in brand.exam_reports.all()] == [report.pk]
    assert step_of(report, "bad_signature")["exchanges"][0]["received"]["body"] == "bad signature"
    assert all(step["expected"] and step["advice"] == "" for step in report.steps)


@pytest.mark.parametrize("language", COMMANDS)
def test_with_the_original_signature_age_is_a_remark(brand, language, tmp_path):
    endpoint, key = make_endpoint(brand)
    environment = {"WEBHOOK_KEY": key, "INBOX": str(tmp_path), "WEBHOOK_SCHEME": "wllt", "API_TOKEN": "x"}
    environment["API_URL"] = f"http://127.0.0.1:{free_port()}"
    with serving(COMMANDS[language](), environment) as port:
        report = run_exam(endpoint, url=f"http://127.0.0.1:{port}/")
    assert (report.grade, statuses(report)) == ("remarks", GOOD | {"old_timestamp": [200]})
    assert [name for name, mark in marks(report).items() if mark != "passed"] == ["old_timestamp"]


ADVICE = {  # (step, answer) -> what the report advises
    ("open", 400): "See that the URL takes POST",
    ("open", 401): "It takes a genuine message for a forged one.",
    ("open", 503): "Something broke in the receiver",
    ("duplicate", 409): "answer 200 to one that is known",
    ("duplicate", 302): "",
    ("paid_before_open", 422): "Answer 200 to news that comes late",
    ("retry", 409): "Forget a message that you refused",
    ("bad_signature", 200): "",
}


@pytest.mark.parametrize(("name", "status"), ADVICE)
def test_a_failed_step_comes_with_advice(brand, name, status):
    endpoint, key = make_endpoint(brand)
    with partner(except_at(key, name, status)) as (url, _heard):
        step = step_of(run_exam(endpoint, url=url), name)
    assert step["advice"] == "" if not ADVICE[name, status] else ADVICE[name, status] in step["advice"]
    assert step["grade"] != "passed"


FAULTS = {  # (step, answer) -> (grade of the step, grade of the exam)
    ("open", 400): ("failed", "failed"),
    ("open", 410): ("failed", "failed"),
    ("bad_signature", 500): ("failed", "failed"),
    ("bad_signature", 200): ("remark", "remarks"),
    ("bad_signature", 302): ("remark", "remarks"),
    ("duplicate", 409): ("failed", "failed"),
    ("paid_before_open", 422): ("failed", "failed"),
    ("old_timestamp", 200): ("remark", "remarks"),
    ("old_timestamp", 500): ("remark", "remarks"),
    ("retry", 500): ("failed", "failed"),
}


@pytest.mark.parametrize(("name", "status"), FAULTS)
def test_a_fault_fails_its_own_step(brand, name, status):
    endpoint, key = make_endpoint(brand)
    with partner(except_at(key, name, status, "oh")) as (url, _heard):
        report = run_exam(endpoint, url=url)
    step_grade, grade = FAULTS[name, status]
    odd = {step: mark for step, mark in marks(report).items() if mark != "passed"}
    assert odd.pop(name) == step_grade
    assert odd == ({"connection": "remark"} if status == 302 else {})
    assert report.grade == grade
    assert str(status) in step_of(report, name)["reason"] or status == 200
    assert step_of(report, name)["exchanges"][0]["received"]["body"] == "oh"


def test_a_first_attempt_that_fails_is_followed_by_a_second(brand):
    endpoint, key = make_endpoint(brand)

    def behave(headers, body):
        return (
            (500,) if (headers["wllt-exam"], headers["wllt-attempt"]) == ("retry", "1") else honest(key)(headers, body)
        )

    with partner(behave) as (url, heard):
        report = run_exam(endpoint, url=url)
    assert report.grade == "passed"
    first, second = [(headers, body) for headers, body in heard if headers["wllt-exam"] == "retry"]
    assert first[1] == second[1]
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert (first[0]["wllt-attempt"], second[0]["wllt-attempt"]) == ("1", "2")


def test_what_is_sent_is_what_deliveries_send(brand):
    endpoint, key = make_endpoint(brand)
    with partner(lambda headers, body: (200,)) as (url, heard):
        run_exam(endpoint, url=url)
        make_order(brand)
        Endpoint.objects.update(url=url)
        delivery.drain()
    *sent, real = heard
    assert all(headers.keys() == real[0].keys() | {"wllt-exam"} for headers, _body in sent)
    by_step = {}
    for headers, body in sent:
        by_step.setdefault(headers["wllt-exam"], []).append((headers, json.loads(body)))
    for name, letters in by_step.items():
        for (headers, read), (_same, body) in zip(
            letters, [one for one in sent if one[0]["wllt-exam"] == name], strict=True
        ):
            assert body == body_of(brand, order_uuid=read["order_id"], order_status=read["order_status"])
            assert (headers["wllt-signature"] == wllt_signature(key, body)) == (name != "bad_signature")
            if name not in {"bad_signature", "old_timestamp"}:
                assert Webhook(key).verify(body, headers) == read
    ids = {name: [headers["wllt-message-id"] for headers, _body in letters] for name, letters in by_step.items()}
    assert ids["open"] == ids["duplicate"]
    assert len({one for each in ids.values() for one in each}) == 6
    (paid, of_paid), (late, of_open) = by_step["paid_before_open"]
    assert of_paid["order_id"] == of_open["order_id"]
    assert (of_paid["order_status"], of_open["order_status"]) == ("paid", "open")
    assert (paid["wllt-order-version"], late["wllt-order-version"]) == ("2", "1")
    [(old, _body)] = by_step["old_timestamp"]
    assert abs(time.time() - 600 - int(old["webhook-timestamp"])) < 10


def test_both_keys_sign_while_one_is_replaced(brand):
    endpoint, old = make_endpoint(brand)
    new = rotate_key(endpoint)
    with partner(honest(new)) as (url, heard):
        assert run_exam(endpoint, url=url).grade == "passed"  # the endpoint in hand is older than the rotation
        for key in (old, new):
            Webhook(key).verify(heard[0][1], heard[0][0])
        Endpoint.objects.update(previous_key_until=timezone.now())
        run_exam(endpoint, url=url)
        assert " " not in heard[-1][0]["webhook-signature"]


def test_no_key_is_kept_though_the_receiver_tells_it(brand):
    endpoint, key = make_endpoint(brand)
    rotate_key(endpoint)
    told = f"key={key} {key[6:]} {key.replace('/', chr(92) + '/')}\0 Schlüssel ".encode() + b"\xff\xed\xa0\x80"
    with partner(lambda headers, body: (200, told * 30)) as (url, _heard):
        report = run_exam(endpoint, url=url)
    report.refresh_from_db()
    kept = json.dumps(report.steps)
    assert "[key]" in kept
    for secret in (key, key[6:], key[6:].replace("/", "\\/"), key[6:].replace("/", "\\\\/")):
        assert secret not in kept
    assert all(len(one["received"]["body"]) <= 200 for step in report.steps for one in step["exchanges"])
    assert "wllt-signature" in kept


@contextmanager
def canary():
    seen = []
    with listening(lambda connection, stop: seen.append(1)) as url:
        yield url
        time.sleep(0.05)
    assert seen == []


def test_a_refused_address_is_a_failed_exam_and_nobody_is_called(brand, settings):
    endpoint, _key = make_endpoint(brand)
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    with canary() as url:
        for one in (url, url.replace("127.0.0.1", "localhost"), "gopher://127.0.0.1/", "http://a b/", "http://[::1"):
            report = run_exam(endpoint, url=one)
            assert (report.grade, marks(report), report.url) == ("failed", {"open": "failed"}, one)
        assert "public internet" in run_exam(endpoint, url=url).steps[0]["reason"]
    settings.WEBHOOK_ALLOWED_PORTS = ["443"]
    assert "Port 9 is not allowed" in run_exam(endpoint).steps[0]["reason"]
    for text in ("http://x/" + "y" * 2000, "http://x/\0"):
        with pytest.raises(InvalidInput) as caught:
            run_exam(endpoint, url=text)
        assert list(caught.value.errors) == ["url"]


def test_nobody_there_is_a_failed_exam(brand):
    endpoint, _key = make_endpoint(brand)
    report = run_exam(endpoint, url=f"http://127.0.0.1:{free_port()}/")
    assert (report.grade, marks(report)) == ("failed", {"open": "failed"})
    assert report.steps[0]["reason"] == "A 2xx was expected. No connection, or it broke off."
    assert report.steps[0]["advice"].startswith("See that the URL is right")
    assert statuses(report) == {"open": [None]}


@pytest.mark.parametrize("behave", [dripping(b"", b""), answering(b"SSH-2.0-OpenSSH_9.2\r\n")], ids=["silent", "SSH"])
def test_a_hostile_receiver_fails(brand, behave, settings):
    settings.WEBHOOK_READ_TIMEOUT, settings.WEBHOOK_TOTAL_TIMEOUT = 0.3, 0.5
    endpoint, _key = make_endpoint(brand)
    with listening(behave) as url:
        report = run_exam(endpoint, url=url)
    assert (report.grade, marks(report)) == ("failed", {"open": "failed"})


def test_a_redirect_is_told(brand):
    endpoint, _key = make_endpoint(brand)
    with canary() as target, partner(lambda headers, body: (308, "", {"Location": target})) as (url, heard):
        report = run_exam(endpoint, url=url)
    assert (report.grade, marks(report)["connection"]) == ("failed", "remark")
    assert "give the URL that it leads to" in step_of(report, "open")["reason"]
    assert len(heard) == 8


@pytest.fixture
def certificate(tmp_path):
    """A certificate that nobody but its maker trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    plain = serialization.NoEncryption()
    path = tmp_path / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_certificate_that_cannot_be_verified_is_told(brand, certificate):
    endpoint, _key = make_endpoint(brand)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def behave(sock, stop):
        with context.wrap_socket(sock, server_side=True) as secure:
            secure.recv(1)

    with listening(behave) as url:
        report = run_exam(endpoint, url=url.replace("http:", "https:"))
    assert report.steps[0]["reason"] == "A 2xx was expected. The receiver's certificate could not be verified."


def test_slow_answers_are_judged(brand, monkeypatch):
    endpoint, key = make_endpoint(brand)
    monkeypatch.setattr(exam_steps, "GOOD", 100)

    def behave(headers, body):
        time.sleep(0.12 if headers["wllt-exam"] == "duplicate" else 0)
        return honest(key)(headers, body)

    with partner(behave) as (url, _heard):
        report = run_exam(endpoint, url=url)
        assert (report.grade, marks(report)["time"]) == ("remarks", "remark")
        monkeypatch.setattr(exam_steps, "BEARABLE", 110)
        assert marks(run_exam(endpoint, url=url))["time"] == "failed"


@pytest.mark.parametrize(
    ("milliseconds", "mark"), [(4999, "passed"), (5000, "remark"), (10_000, "remark"), (10_001, "failed")]
)
def test_the_limits_of_time(milliseconds, mark):
    assert judge_time([Exchange({}, "", 200), Exchange({}, "", 200, milliseconds=milliseconds)])[0] == mark
    assert (
        judge_time([Exchange({}, "", 200), Exchange({}, "", problem="The receiver did not answer in time.")])[0]
        == "failed"
    )


def test_plain_http_over_the_internet_is_a_remark():
    public = [Exchange({}, "", 200, address="8.8.8.8")]
    assert judge_connection("http://shop.example/", public)[0] == Mark.REMARK
    assert judge_connection("https://shop.example/", public)[0] == Mark.PASSED
    assert judge_connection("http://10.0.0.1/", [Exchange({}, "", 200, address="10.0.0.1")])[0] == Mark.PASSED
    assert judge_connection("http://shop.example/", [Exchange({}, "", 200)])[0] == Mark.PASSED


def test_an_exam_ends_in_time(brand, monkeypatch, settings):
    settings.WEBHOOK_TOTAL_TIMEOUT = 1.5
    monkeypatch.setattr(exam, "MOST_SECONDS", 3)
    endpoint, key = make_endpoint(brand)

    def behave(headers, body):
        time.sleep(0.8)
        return honest(key)(headers, body)

    with partner(behave) as (url, heard):
        report = run_exam(endpoint, url=url)
    assert 0 < len(heard) < 4  # the whole exam has many more calls
    assert report.grade == "failed"
    assert exam.NO_TIME_LEFT in step_of(report, "duplicate")["reason"]
    assert step_of(report, "duplicate")["advice"] == "Answer first, work later, and have it examined again."


def test_answers_that_are_just_good_have_their_turn(settings):
    """Each message of a whole exam gets sent, and it ends before a proxy's usual minute."""
    messages = sum(not letter.if_refused for step in STEPS for letter in step.letters)
    assert messages * exam_steps.GOOD / 1000 <= exam.MOST_SECONDS - settings.WEBHOOK_TOTAL_TIMEOUT
    assert exam.MOST_SECONDS < 60


def test_no_transaction_is_open_while_it_waits(brand, monkeypatch):
    endpoint, key = make_endpoint(brand)
    post, seen = transport.post, []

    def watched(*arguments):
        seen.append(connection.in_atomic_block)
        return post(*arguments)

    monkeypatch.setattr(transport, "post", watched)
    with partner(honest(key)) as (url, heard):
        run_exam(endpoint, url=url)
        assert seen == [False] * 7
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            run_exam(endpoint, url=url)
        assert len(heard) == 7


def test_whatever_breaks_ends_in_a_report(brand, monkeypatch):
    endpoint, _key = make_endpoint(brand)
    monkeypatch.setattr(transport, "post", lambda *_arguments: 1 / 0)
    assert run_exam(endpoint).steps[0]["reason"] == "A 2xx was expected. ZeroDivisionError"


def test_deliveries_calls_and_the_endpoints_health_stay_as_they_are(brand, statements):
    endpoint, _key = make_endpoint(brand)
    make_order(brand)
    before = [list(model.objects.values()) for model in (Delivery, Call, Endpoint)]
    statements.clear()
    with partner(lambda headers, body: (500,)) as (url, _heard):
        assert run_exam(endpoint, url=url).grade == "failed"
    assert [list(model.objects.values()) for model in (Delivery, Call, Endpoint)] == before
    written = [str(one) for one in statements if str(one).split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert [one.split()[2] for one in written if one.startswith("INSERT")] == [
        '"webhooks_probe"',
        '"webhooks_examreport"',
    ]
    assert all("webhooks_probe" in one for one in written if not one.startswith("INSERT"))


def test_another_brands_endpoint_is_not_involved(brand, other):
    with partner(lambda headers, body: (200,)) as (theirs, heard):
        stranger, their_key = make_endpoint(other, url=theirs)
        endpoint, key = make_endpoint(brand)
        with partner(honest(key)) as (url, mine):
            report = run_exam(endpoint, url=url)
        assert heard == []
    assert {json.loads(body)["brand_id"] for _headers, body in mine} == {str(brand.uuid)}
    assert other.exam_reports.count() == stranger.exam_reports.count() == 0
    assert their_key not in json.dumps(report.steps)
    with pytest.raises(IntegrityError, match="same_brand"), transaction.atomic():
        brand.exam_reports.create(
            endpoint=stranger, url=theirs, grade="passed", started_at=timezone.now(), finished_at=timezone.now()
        )
        connection.check_constraints()


def test_a_report_is_evidence(brand):
    endpoint, _key = make_endpoint(brand)
    report = run_exam(endpoint)
    assert str(report) == "http://127.0.0.1:9/hook Failed"
    with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
        ExamReport.objects.filter(pk=report.pk).update(grade="passed")
    assert ExamReport.objects.get(uuid=report.uuid).grade == "failed"
    assert not ExamReport.objects.filter(uuid=uuid4()).exists()
