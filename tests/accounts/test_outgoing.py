"""Mails that wait in rows: what holds for those of every table."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts import inviting, outgoing
from accounts.models import LinkMail, User
from accounts.outgoing import NotWanted

WAITS = [60]  # seconds


@pytest.fixture
def rows(owner):
    owner.link_mails.create(kind="forgotten")
    return LinkMail.objects.all()


def refuse(error):
    def send(_mail):
        raise error

    return send


def stands(rows):
    row = rows.get()
    return row.state, row.attempts, row.last_error


def test_while_a_mail_is_sent_no_other_worker_takes_it(rows):
    taken = []

    def send(row):
        taken.append((row.pk, outgoing.send_due(rows, taken.append, waits=WAITS)))

    assert outgoing.send_due(rows, send, waits=WAITS) == 1
    assert taken == [(rows.get().pk, 0)]
    assert stands(rows) == ("sent", 1, "")


def test_a_mail_that_fails_waits_as_long_as_it_says_and_is_given_up_after_that(rows):
    before = timezone.now()
    assert outgoing.send_due(rows, refuse(TimeoutError()), waits=[3600]) == 0
    assert stands(rows) == ("pending", 1, "TimeoutError")
    assert rows.get().due_at >= before + timedelta(hours=1)
    rows.update(due_at=before)
    assert outgoing.send_due(rows, refuse(ConnectionResetError()), waits=[3600]) == 0
    assert stands(rows) == ("failed", 2, "ConnectionResetError")
    rows.update(due_at=before)
    assert outgoing.send_due(rows, pytest.fail, waits=[3600]) == 0


def test_a_mail_that_nobody_wants_any_more_goes(rows):
    done = []
    assert outgoing.send_due(rows, refuse(NotWanted()), waits=WAITS, done=done.append) == 0
    assert (rows.count(), done) == (0, [])


def test_a_mail_that_was_taken_back_meanwhile_is_not_noted(rows):
    done = []
    assert outgoing.send_due(rows, lambda _mail: rows.delete(), waits=WAITS, done=done.append) == 1
    assert (rows.count(), done) == (0, [])


def test_an_address_that_no_mail_may_have_holds_up_no_other(rows):
    wrong = User.objects.create_user("x@é..example", is_staff=True)
    wrong.link_mails.create(kind="forgotten", due_at=timezone.now() - timedelta(hours=1))
    assert inviting.send_due() == 1
    assert [message.to for message in mail.outbox] == [[rows.get(state="sent").user.email]]
    assert stands(wrong.link_mails.all())[:2] == ("pending", 1)
