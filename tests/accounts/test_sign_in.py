"""Signing in: how many attempts, what is said of them, and that Redis does not matter."""

import json

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts import sign_in
from accounts.models import SignInTry, User
from accounts.tasks import forget_tries
from tests.accounts.helping import LOGIN, is_in, with_password
from tests.admin.helping import text_of

TOO_MANY = "Too many attempts. Wait 15 minutes, or choose a new password."


def fail(email, times, client=None, **headers):
    client = client or Client()
    for _ in range(times):
        page = client.post(LOGIN, {"username": email, "password": "wrong"}, **headers)
    return text_of(page)


def test_ten_failures_close_an_address_for_fifteen_minutes_also_to_the_right_password(owner):
    assert TOO_MANY not in fail(owner.email, 10)
    client, answer = with_password(owner)
    assert TOO_MANY in text_of(answer)
    assert not is_in(client)
    SignInTry.objects.update(started_at=TransactionNow() - timezone.timedelta(minutes=15, seconds=1))
    client, _answer = with_password(owner)
    assert is_in(client)


def test_an_unknown_address_is_answered_just_the_same(owner):
    known, unknown = (fail(email, 1).replace(email, "") for email in (owner.email, "nobody@team.example"))
    assert "This e-mail address and this password do not open the admin." in known
    assert TOO_MANY in fail(owner.email.upper(), 10)
    assert TOO_MANY in fail("nobody@team.example", 10)
    assert known.count("do not open") == unknown.count("do not open")


def test_who_is_no_staff_hears_nothing_else(db):
    User.objects.create_user("buyer@example.com", "secret")
    page = with_password(User.objects.get())[1]
    assert "do not open the admin" in text_of(page)


def test_success_forgets_the_failures(owner):
    fail(owner.email, 9)
    with_password(owner)
    assert TOO_MANY not in fail(owner.email, 10)


def test_a_hundred_failures_close_an_ip_address_but_successes_do_not_count(owner, monkeypatch):
    monkeypatch.setattr(sign_in, "MOST_BY_IP", 3)
    for _ in range(5):
        assert is_in(with_password(owner)[0])
    for number in range(3):
        assert TOO_MANY not in fail(f"{number}@x.example", 1)
    assert TOO_MANY in text_of(with_password(owner)[1])
    assert is_in(with_password(owner, REMOTE_ADDR="10.0.0.7")[0])


def test_behind_a_proxy_the_address_is_the_one_it_added(owner, settings, monkeypatch):
    monkeypatch.setattr(sign_in, "MOST_BY_IP", 1)
    settings.BEHIND_PROXY = True
    fail("a@x.example", 1, HTTP_X_FORWARDED_FOR="10.9.9.9, 10.0.0.1")
    assert TOO_MANY in fail("b@x.example", 1, HTTP_X_FORWARDED_FOR="10.8.8.8, 10.0.0.1")
    assert TOO_MANY not in fail("c@x.example", 1, HTTP_X_FORWARDED_FOR="10.0.0.1, 10.0.0.2")


def test_without_redis_the_count_is_the_same(owner, settings):
    settings.REDIS_URL = "unix:///tmp/nobody-listens-here.sock"
    assert TOO_MANY in fail(owner.email, 11)
    assert is_in(with_password(User.objects.create_superuser("root@example.com", "secret"))[0])


def test_no_address_is_kept_in_the_clear(owner):
    fail("hunter2-typed-in-the-wrong-box", 1)
    kept = json.dumps(list(SignInTry.objects.values_list("key", flat=True)))
    assert "hunter2" not in kept
    SignInTry.objects.update(started_at=timezone.now() - timezone.timedelta(hours=1))
    assert forget_tries() == 2
    assert not SignInTry.objects.exists()


@pytest.mark.parametrize("by", ["command", "superuser"])
def test_somebody_is_let_in_before_the_time(owner, superuser, by, capsys):
    fail(owner.email, 11)
    if by == "command":
        call_command("unlock_sign_in", owner.email.upper())
        assert "may try again" in capsys.readouterr().out
    else:
        superuser.act("accounts_user", "unlock_sign_in", owner)
    assert is_in(with_password(owner)[0])
