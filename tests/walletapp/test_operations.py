"""What operators look at: health, metrics, logs, settings."""

import json
import os
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone, translation
from django_structlog.celery.receivers import CeleryReceiver

from tests.applewallet.making import make_credential
from tests.client import Api
from tests.making import make_endpoint, make_order, token_for
from walletapp import settings_rules


def test_live_and_ready(client, db):
    assert client.get("/live").json() == {"status": "ok"}
    answer = client.get("/ready")
    state = {"status": "ok", "postgresql": True, "encryption_keys": True, "redis": True}
    assert (answer.status_code, answer.json()) == (200, state)


def test_ready_without_redis_still_serves(client, db, settings):
    settings.REDIS_URL = "unix:///tmp/nobody-listens-here.sock"
    answer = client.get("/ready")
    state = {"status": "ok", "postgresql": True, "encryption_keys": True, "redis": False}
    assert (answer.status_code, answer.json()) == (200, state)


def test_metrics_count_by_route_and_tell_of_the_queue(api, brand, client):
    make_endpoint(brand)
    make_order(brand)
    api.get("/orders?status=open")
    text = client.get("/metrics").content.decode()
    assert 'walletapp_request_seconds_count{method="GET",route="shops/<str:brand_id>/orders",status="2xx"}' in text
    assert "walletapp_webhook_pending 1.0" in text
    assert "walletapp_webhook_expired_leases 0.0" in text
    assert str(brand.uuid) not in text
    assert f'walletapp_webhook_pending_of_endpoint{{endpoint="{brand.endpoints.get().uuid}"}} 1.0' in text


def test_metrics_tell_of_recent_calls(brand, client):
    make_endpoint(brand)
    for outcome, milliseconds in (("ok", 40), ("ok", 400), ("failed", 20_000), ("started", None)):
        make_order(brand)
        sent = brand.deliveries.latest("pk")
        brand.calls.create(
            delivery=sent, attempt=1, url="http://x.example/", interval=0, outcome=outcome, duration_ms=milliseconds
        )
    text = client.get("/metrics").content.decode()
    assert 'walletapp_webhook_recent_calls{outcome="ok"} 2.0' in text
    assert 'walletapp_webhook_recent_calls{outcome="failed"} 1.0' in text
    assert 'walletapp_webhook_recent_seconds_bucket{le="0.05"} 1.0' in text
    assert 'walletapp_webhook_recent_seconds_bucket{le="15"} 2.0' in text
    assert "walletapp_webhook_recent_seconds_count 3.0" in text
    assert "walletapp_webhook_recent_seconds_sum 20.44" in text


def push_row(package_type, token, state, **columns):
    columns |= {"lease_token": uuid.uuid4(), "lease_until": ago(5)} if state == "sending" else {}
    package_type.brand.pushes.create(type=package_type, push_token=token, state=state, **columns)


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def test_metrics_tell_of_pushes(brand, other, client):
    sending, paused = (make_credential(one).type for one in (brand, other))
    type(paused).objects.filter(pk=paused.pk).update(push_paused_at=ago(900), push_paused_reason="403 Forbidden")
    push_row(sending, "a1", "pending", due_at=ago(90))
    push_row(sending, "a2", "pending", due_at=ago(-600), attempts=3)
    push_row(sending, "a3", "sending", due_at=ago(500))
    push_row(paused, "a4", "pending", due_at=ago(900))
    for token, state, status in (("b1", "sent", 200), ("b2", "sent", 200), ("b3", "dead", 410), ("b4", "dead", None)):
        push_row(sending, token, state, last_status=status, done_at=ago(10))
    push_row(sending, "b5", "sent", last_status=200, done_at=ago(400))
    text = client.get("/metrics").content.decode()
    found = dict(line.split(" ", 1) for line in text.splitlines() if line.startswith("walletapp_push_"))
    assert 60 < float(found.pop("walletapp_push_oldest_due_seconds")) < 120, "what is paused has a figure of its own"
    assert found == {
        "walletapp_push_pending": "3.0",
        "walletapp_push_retrying": "1.0",
        "walletapp_push_sending": "1.0",
        "walletapp_push_expired_leases": "1.0",
        "walletapp_push_paused_types": "1.0",
        'walletapp_push_recent{outcome="sent",status="200"}': "2.0",
        'walletapp_push_recent{outcome="dead",status="410"}': "1.0",
        'walletapp_push_recent{outcome="dead",status=""}': "1.0",
    }


def test_one_line_a_request_with_its_id_and_no_secret(brand, capsys, settings):
    settings.BEHIND_PROXY = True
    secret = token_for(brand)
    answer = Api(brand, secret).get("/orders?email=emma@example.com", X_Request_ID="req-7")
    assert answer.headers["X-Request-ID"] == "req-7"
    written = capsys.readouterr().err
    [line] = [json.loads(line) for line in written.splitlines()]
    assert (line["event"], line["status"], line["request_id"]) == ("request", 200, "req-7")
    assert (line["method"], line["path"]) == ("GET", f"/shops/{brand.uuid}/orders")
    assert secret.split("|")[1] not in written
    assert "emma" not in written


def test_a_strangers_request_id_is_not_believed(api, capsys):
    answer = api.get("/orders", X_Request_ID="req-7")
    assert answer.headers["X-Request-ID"] != "req-7"
    assert len(answer.headers["X-Request-ID"]) == 36


def test_the_language_of_a_page_does_not_reach_the_api(api, client, brand):
    client.get(f"/s/{brand.slug}/", headers={"Accept-Language": "nl"})
    translation.activate("nl")
    assert api.post("/orders", {"items": "x"}).json()["errors"]["items"] == [
        'Expected a list of items but got type "str".'
    ]


def test_the_id_goes_along_to_the_worker():
    """django_structlog adds what is bound here to the headers of a task that is sent."""
    structlog.contextvars.bind_contextvars(request_id="req-7")
    headers = {}
    CeleryReceiver().receiver_before_task_publish(headers=headers)
    structlog.contextvars.clear_contextvars()
    assert headers["__django_structlog__"]["request_id"] == "req-7"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY must have at least 32 characters."),
        ("ENCRYPTION_KEYS", "", "ENCRYPTION_KEYS must hold at least one Fernet key."),
        (
            "DATABASE_URL",
            "mysql://me:secret@host/name",
            "ImproperlyConfigured: DATABASE_URL must begin with postgres://.",
        ),
        ("EMAIL_URL", "mail.example", "EMAIL_URL must begin with smtp+tls://"),
        ("WEBHOOK_RETRY_INTERVALS", "5,soon", "WEBHOOK_RETRY_INTERVALS must hold numbers of at least 0, not 'soon'."),
        ("API_RATE_LIMIT", "many", "API_RATE_LIMIT must be a number of at least 0, not 'many'."),
        ("WEBHOOK_LEASE", "-1", "WEBHOOK_LEASE must be a number of at least 0, not '-1'."),
        ("APNS_URL", "http://api.push.apple.com", "APNS_URL must begin with https://."),
        ("APNS_CA_FILE", "/nowhere.pem", "APNS_CA_FILE names no file: '/nowhere.pem'."),
        ("APNS_LEASE", "15", "APNS_LEASE must be longer than APNS_TIMEOUT."),
        ("MOLLIE_URL", "http://api.mollie.com", "MOLLIE_URL must begin with https://."),
        ("BEHIND_PROXY", "yes", "BEHIND_PROXY must be true or false, not 'yes'."),
        ("DATABASE_URL", None, "DATABASE_URL"),
    ],
)
def test_settings_refuse_nonsense(name, value, words):
    env = dict(os.environ)
    env.pop(name) if value is None else env.update({name: value})
    program = [sys.executable, "-c", "import walletapp.settings"]
    result = subprocess.run(program, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert words in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ENCRYPTION_KEYS", ["bm8gc2VjcmV0"], "hold Fernet keys: 32 bytes in URL-safe base64, separated by commas"),
        ("CARD_FINGERPRINT_KEY", "short", "have at least 32 characters"),
        ("PUBLIC_URL", "shop.example", "begin with http:// or https://"),
        ("ALLOWED_HOSTS", [], "name at least one host"),
        ("REDIS_URL", "localhost:6379", "begin with redis://, rediss:// or unix://"),
        ("WEBHOOK_LEASE", 15, "be longer than WEBHOOK_TOTAL_TIMEOUT"),
        ("WEBHOOK_CONCURRENCY", 0, "be at least 1"),
        ("APNS_CONCURRENCY", 0, "be at least 1"),
        ("WEBHOOK_ALLOWED_NETWORKS", ["10.1.0.0/99"], "hold networks such as 10.1.0.0/16, separated by commas"),
        ("WEBHOOK_ALLOWED_PORTS", ["80", "https"], "hold ports separated by commas, or *"),
        ("WEBHOOK_ALLOWED_PORTS", ["70000"], "hold ports separated by commas, or *"),
        ("LOG_LEVEL", "loud", "be one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ],
)
def test_what_cannot_work_is_refused_by_name_and_without_its_value(name, value, words, settings):
    good = {rule: getattr(settings, rule) for rule in {name for name, *_ in settings_rules.RULES} - {"DATABASE_URL"}}
    good |= {"DATABASES": settings.DATABASES, "WEBHOOK_TOTAL_TIMEOUT": 15, "APNS_TIMEOUT": settings.APNS_TIMEOUT}
    settings_rules.refuse(good)
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_rules.refuse(good | {name: value})
    assert str(refused.value) == f"{name} must {words}."


@pytest.mark.parametrize("text", ["nan", "inf", "-0.1", "", "5s"])
def test_what_is_no_number_of_seconds(text):
    assert settings_rules.read_number(text) is None
    assert settings_rules.read_number(" 0.5 ") == 0.5


def test_no_migration_is_missing(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
