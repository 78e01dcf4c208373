"""A package type's page: what it counts, what it says of failures and of what phones wrote."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from applewallet.admin_health import health_of
from applewallet.models import Credential, PackageType, Push
from applewallet.services import keep_log
from tests.admin.applewallet.helping import phone_with
from tests.admin.helping import text_of
from tests.applewallet.making import make_package


def page_of(admin, package):
    return text_of(admin.get("applewallet_packagetype_change", package.type_id))


def pushed(package_type, state, status=None, reason="", *, ago=timedelta(0), due=timedelta(0)):
    now = timezone.now()
    number = Push.objects.count()
    return package_type.pushes.create(
        brand=package_type.brand,
        push_token=f"token{number}",
        state=state,
        last_status=status,
        last_reason=reason,
        due_at=now + due,
        done_at=now - ago if state in {"sent", "dead"} else None,
    )


def test_it_counts_what_there_is_and_the_last_day(package, theirs):
    package_type = package.type
    Push.objects.all().delete()
    phone_with(make_package(package.brand), library_identifier="another-device", push_token="another")
    package_type.devices.first().registrations.create(brand=package.brand, package=package.brand.packages.last())
    make_package(package.brand)
    Push.objects.all().delete()
    oldest = pushed(package_type, "pending", due=-timedelta(minutes=7))
    pushed(package_type, "pending", 503, "ServiceUnavailable", due=timedelta(minutes=7))
    pushed(package_type, "sent", 200)
    pushed(package_type, "sent", 200, ago=timedelta(hours=23))
    pushed(package_type, "sent", 200, ago=timedelta(hours=25))
    pushed(package_type, "dead", 410, "Unregistered")
    pushed(package_type, "dead", 410, "Unregistered")
    pushed(package_type, "dead", 400, "BadMessageId", ago=timedelta(hours=25))
    pushed(theirs.type, "dead", 403, "BadCertificate")
    health = health_of(package_type)
    assert (health.packages, health.devices, health.registrations) == (3, 2, 3)
    assert {one.state: one.count for one in health.pushes} == {"pending": 2, "sending": 0, "sent": 2, "dead": 2}
    assert health.oldest_due == oldest.due_at
    assert [(one.status, one.reason, one.state, one.count) for one in health.failures] == [
        (410, "Unregistered", "Given up", 2),
        (503, "ServiceUnavailable", "Pending", 1),
    ]


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (410, "Unregistered", "The phone does not want this push any more"),
        (400, "BadDeviceToken", "The phone does not want this push any more"),
        (400, "DeviceTokenNotForTopic", "does not let this certificate or key push"),
        (403, "BadCertificate", "Apple does not accept the certificate"),
        (403, "InvalidProviderToken", "Apple does not accept the key"),
        (403, "ExpiredProviderToken", "the clock of the server is wrong"),
        (429, "TooManyRequests", "pushed too often"),
        (503, "Shutdown", "service had a fault"),
        (None, "ConnectTimeout", "Apple was not reached"),
        (400, "PayloadEmpty", "Something is wrong in how we push"),
    ],
)
def test_failures_are_explained(staff, package, status, reason, words):
    pushed(package.type, "dead", status, reason)
    page = page_of(staff("viewer"), package).replace("&#x27;", "'")
    assert words in page
    assert reason in page


def test_why_pushes_stopped_is_said_with_what_to_do(staff, package):
    viewer = staff("viewer")
    assert "Pushes stopped" not in page_of(viewer, package)
    PackageType.objects.update(push_paused_at=timezone.now(), push_paused_reason="400 TopicDisallowed")
    page = page_of(viewer, package)
    assert "Pushes stopped on" in page
    assert "Upload the certificate of exactly this identifier" in page
    assert "Stopped" in text_of(viewer.get("applewallet_packagetype_changelist"))


@pytest.mark.parametrize(
    ("days", "words"),
    [(90, "For tests only"), (12, "For tests only · Expires in 12 days"), (-1, "For tests only · Expired")],
)
def test_the_certificates_state_is_told(staff, package, days, words):
    until = timezone.now() + timedelta(days=days, minutes=5)
    Credential.objects.update(valid_until=until)
    viewer = staff("viewer")
    for page in ("packagetype", "credential"):
        assert words in text_of(viewer.get(f"applewallet_{page}_changelist"))
    assert words in page_of(viewer, package)
    Credential.objects.update(is_test=False)
    assert words.partition(" · ")[2] in page_of(viewer, package)
    assert "For tests only" not in page_of(viewer, package)


def test_a_type_without_a_certificate_says_so(staff, package):
    Credential.objects.update(is_active=False)
    page = page_of(staff("viewer"), package)
    assert "None is in use: nothing can be signed." in page


def test_the_device_log_is_grouped_explained_and_escaped(staff, package):
    hostile = '<img src=x onerror=alert(1)> {{ brand }} "quoted"'
    keep_log(package.type, [hostile, hostile])
    old = "[t] Get pass task (x) encountered error: Unexpected response code 500"
    keep_log(package.type, [old])
    package.type.device_logs.filter(line=old).update(received_at=timezone.now() - timedelta(days=8))
    viewer = staff("viewer")
    page = page_of(viewer, package)
    assert "The package was not let in" in page
    assert "The member removes it from Wallet and adds it again." in page
    assert f"?q={package.serial}" in page
    assert "A message that we do not know" in page
    assert "2 times" in page
    assert "Our server failed" not in page
    line = package.type.device_logs.filter(line=hostile).first()
    lists = text_of(viewer.get("applewallet_devicelog_changelist"))
    for text in (page, lists, text_of(viewer.get("applewallet_devicelog_change", line.pk))):
        assert "&lt;img src=x onerror=alert(1)&gt; {{ brand }}" in text
        assert "<img src=x" not in text


def test_a_line_has_a_page_that_leads_to_its_package(staff, package):
    viewer = staff("viewer")
    page = text_of(viewer.get("applewallet_devicelog_change", package.type.device_logs.get().pk))
    assert f'href="/admin/applewallet/package/?q={package.serial}"' in page
    assert "It carries another authentication token than the one we keep" in page


def test_a_package_shows_its_source(staff, package):
    page = text_of(staff("viewer").get("applewallet_package_change", package.pk)).replace("&quot;", '"')
    assert '"label": "points"' in page
    assert "Punten — “spaar”" in page
    assert "pass.json, manifest.json, signature, icon.png" in page
    assert "…334ee9" in page


def test_a_push_names_its_device_and_what_the_answer_means(staff, package):
    Push.objects.update(last_status=503, last_reason="Shutdown")
    push, device = Push.objects.get(), package.type.devices.get()
    viewer = staff("viewer")
    page = text_of(viewer.get("applewallet_push_change", push.pk))
    assert f'href="/admin/applewallet/device/{device.pk}/change/">…334ee9</a>' in page
    assert "Apple&#x27;s service had a fault." in page
    assert "503 Shutdown" in text_of(viewer.get("applewallet_push_changelist"))
    assert str(package.serial) in text_of(viewer.get("applewallet_device_change", device.pk))
    package.type.devices.all().delete()
    assert "forgotten" in text_of(viewer.get("applewallet_push_change", push.pk))


def test_the_page_costs_the_same_with_one_phone_and_with_twelve(staff, package):
    viewer = staff("viewer")
    page_of(viewer, package)
    costs = []
    for count in (0, 11):
        for number in range(count):
            phone_with(make_package(package.brand), f"device-number-{number}", f"token{number}")
            pushed(package.type, "dead", 400, f"Reason{number}")
        with CaptureQueriesContext(connection) as queries:
            page_of(viewer, package)
        costs.append(len(queries))
    assert costs[0] == costs[1]
