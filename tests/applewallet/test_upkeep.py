"""Owners hear in time that a certificate expires."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from applewallet import upkeep
from applewallet.credentials import days_left, install, read, state_of
from applewallet.kinds import PASS
from applewallet.models import Credential
from applewallet.services import keep_log
from applewallet.tasks import forget_device_log, warn_of_expiry
from tests.applewallet.making import make_credential
from tests.applewallet.uploading import apple, whole


@pytest.fixture
def team(brand, other):
    for at, role in ((brand, "owner"), (brand, "manager"), (brand, "viewer"), (other, "owner")):
        at.staff.create(user=User.objects.create_user(f"{role}@{at.slug}.example"), role=role)


@pytest.fixture
def real(brand):
    return install(brand, read(whole(by=apple), PASS))


def ends_in(days):
    Credential.objects.update(valid_until=timezone.now() + timedelta(days=days, minutes=5))


def test_owners_are_warned_at_thirty_fourteen_and_seven_days(brand, team, real, mailoutbox):
    for days, mails in ((40, 0), (31, 0), (30, 1), (20, 1), (15, 1), (14, 2), (8, 2), (7, 3), (1, 3), (0, 3), (-5, 3)):
        ends_in(days)
        warn_of_expiry()
        assert warn_of_expiry() == 0
        assert len(mailoutbox) == mails, days
    assert {tuple(one.to) for one in mailoutbox} == {(f"owner@{brand.slug}.example",)}
    day = f"{timezone.now() + timedelta(days=30, minutes=5):%Y-%m-%d}"
    assert mailoutbox[0].subject == f"The certificate of Café Noord for Apple Wallet expires on {day}"
    assert "pass.com.example.card" in mailoutbox[0].body
    assert "/admin/applewallet/credential/" in mailoutbox[0].body


def test_whoever_uploads_late_is_warned_once_and_of_what_is_past(brand, team, real, mailoutbox):
    ends_in(5)
    assert (warn_of_expiry(), warn_of_expiry()) == (1, 0)
    Credential.objects.update(warned_days=None)
    ends_in(-1)
    assert warn_of_expiry() == 1
    assert mailoutbox[1].subject == "The certificate of Café Noord for Apple Wallet has expired"


def test_of_certificates_for_tests_or_replaced_nobody_is_warned(brand, other, team, mailoutbox):
    make_credential(other)
    first = install(brand, read(whole(by=apple), PASS))
    install(brand, read(whole(by=apple, days=400), PASS))
    ends_in(3)
    Credential.objects.filter(is_active=True).update(valid_until=timezone.now() + timedelta(days=90))
    first.refresh_from_db()
    assert not first.is_active
    assert warn_of_expiry() == 0
    assert mailoutbox == []


def test_a_renewed_certificate_is_warned_of_anew(brand, team, real, mailoutbox):
    ends_in(7)
    warn_of_expiry()
    install(brand, read(whole(by=apple, days=20), PASS))
    assert warn_of_expiry() == 1
    assert warn_of_expiry() == 0


def test_killed_between_mail_and_note_it_mails_again_and_never_forgets(brand, team, real, mailoutbox, monkeypatch):
    ends_in(14)
    warn = upkeep._warn

    def killed(*arguments):
        warn(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(upkeep, "_warn", killed)
    with pytest.raises(KeyboardInterrupt):
        warn_of_expiry()
    monkeypatch.setattr(upkeep, "_warn", warn)
    assert (warn_of_expiry(), warn_of_expiry()) == (1, 0)
    assert len(mailoutbox) == 2


def test_a_mail_server_that_refuses_one_does_not_keep_others_from_theirs(brand, other, team, mailoutbox, monkeypatch):
    install(brand, read(whole(by=apple), PASS))
    install(other, read(whole(identifier="pass.com.example.velo", by=apple), PASS))
    ends_in(14)
    send = mail.get_connection().__class__.send_messages
    fails = [OSError("451 try later")]

    def refuse_first(self, messages):
        if fails:
            raise fails.pop()
        return send(self, messages)

    monkeypatch.setattr(mail.get_connection().__class__, "send_messages", refuse_first)
    assert warn_of_expiry() == 1
    assert warn_of_expiry() == 1
    assert warn_of_expiry() == 0
    assert {one.to[0].split("@")[1] for one in mailoutbox} == {f"{brand.slug}.example", f"{other.slug}.example"}


def test_who_becomes_the_owner_late_is_warned_then(brand, real, mailoutbox):
    ends_in(14)
    assert warn_of_expiry() == 0
    assert mailoutbox == []
    brand.staff.create(user=User.objects.create_user("late@example.com"), role="owner")
    assert (warn_of_expiry(), warn_of_expiry()) == (1, 0)


@pytest.mark.parametrize(("days", "state"), [(31, "active"), (30, "soon"), (0, "soon"), (-1, "expired")])
def test_the_state_of_a_certificate(real, days, state):
    ends_in(days)
    real.refresh_from_db()
    assert (state_of(real, timezone.now()), days_left(real, timezone.now())) == (state, days)


def test_metrics_tell_the_days_left(brand, other, client, real):
    make_credential(other, identifier="pass.test.velo")
    ends_in(12)
    text = client.get("/metrics").content.decode()
    assert 'walletapp_certificate_days_left{type="pass.com.example.card",use="phones"} 12.0' in text
    assert 'walletapp_certificate_days_left{type="pass.test.velo",use="tests"} 12.0' in text
    install(brand, read(whole(by=apple, days=200), PASS))
    assert client.get("/metrics").content.decode().count('type="pass.com.example.card"') == 1


def test_the_device_log_is_kept_for_two_weeks(brand, monkeypatch):
    monkeypatch.setattr(upkeep, "BATCH", 2)
    package_type = make_credential(brand).type
    keep_log(package_type, [f"line {number}" for number in range(7)])
    ages = dict(zip(package_type.device_logs.order_by("pk"), (20, 20, 15, 15, 15, 13, 0), strict=True))
    for line, days in ages.items():
        package_type.device_logs.filter(pk=line.pk).update(received_at=timezone.now() - timedelta(days=days))
    assert (forget_device_log(), forget_device_log()) == (5, 0)
    assert [line.line for line in package_type.device_logs.order_by("pk")] == ["line 5", "line 6"]
