"""Mails to buyers: rows that are sent once, at once where somebody waits, and again whatever dies."""

import re
import smtplib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from buyers import mailing, mails
from buyers.models import BuyerMail, Connection
from buyers.pages import signing_in
from buyers.tasks import forget_tokens, send_mails
from shops import hints
from tests.buyers.making import connect

URL = "/pay/sign-in"


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch):
    monkeypatch.setattr(signing_in, "MOST_OF_IP", 10**6)
    monkeypatch.setattr(signing_in, "MOST_OF_ADDRESS", 10**6)


@pytest.fixture
def server(monkeypatch):
    """A mail server that can be told to fail with an error; it keeps what it took."""
    sends = mailing.EmailMessage.send
    found = SimpleNamespace(error=None)

    def send(message):
        if found.error is not None:
            raise found.error
        return sends(message)

    monkeypatch.setattr(mailing.EmailMessage, "send", send)
    return found


def now_due():
    BuyerMail.objects.update(due_at=timezone.now())


def tell(partner, buyer):
    connect(partner.client, buyer, channel="Kiosk")
    mails.connected(Connection.objects.get(), "Safari, iPhone")


def test_a_link_goes_at_once_without_broker_or_worker(client, buyer, settings, monkeypatch):
    monkeypatch.setattr(hints, "give", lambda _task: pytest.fail("nobody may have to hear a hint"))
    settings.CELERY_BROKER_URL = settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert client.post(URL, {"email": buyer.email}).status_code == 200
    (message,) = mail.outbox
    path = re.search(r"http\S+(/pay/sign-in/\S+)", message.body)[1]
    assert send_mails() == 0  # no second one
    assert client.post(path).status_code == 303


def test_what_it_says_of_a_person_goes_with_it(client, db):
    client.post(URL, {"email": "new@shop.example", "next": "/pay/authorize?login_hint=new@shop.example"})
    row = BuyerMail.objects.get()
    assert (row.state, row.email, row.facts, row.buyer) == ("sent", "", {}, None)


def test_a_link_that_the_server_did_not_take_follows_by_the_pump(client, buyer, server):
    server.error = smtplib.SMTPServerDisconnected("gone")
    assert client.post(URL, {"email": buyer.email, "next": "/wallet/orders"}).status_code == 503
    row = BuyerMail.objects.get()
    assert (row.state, row.attempts, row.last_error) == ("pending", 1, "SMTPServerDisconnected")
    assert "http" not in str(row.facts)  # no row holds a link
    server.error = None
    now_due()
    call_command("pump", once=True)
    (message,) = mail.outbox
    answer = client.post(re.search(r"http\S+(/pay/sign-in/\S+)", message.body)[1])
    assert answer.headers["Location"] == "/wallet/orders"


@pytest.mark.parametrize("why", ["signed in", "too late"])
def test_a_link_that_nobody_waits_for_is_not_sent(client, buyer, server, why):
    server.error = ConnectionRefusedError()
    client.post(URL, {"email": buyer.email})
    server.error = None
    now_due()
    if why == "signed in":
        User.objects.update(last_login=timezone.now())
    else:
        BuyerMail.objects.update(created_at=timezone.now() - timedelta(minutes=31))
    assert send_mails() == 0
    assert mail.outbox == []
    assert not BuyerMail.objects.exists()


def test_a_worker_that_dies_before_the_note_sends_it_again_under_the_same_id(partner, buyer, monkeypatch):
    tell(partner, buyer)

    def die(_mail):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_forget_person", die)
        with pytest.raises(KeyboardInterrupt):
            send_mails()
    assert send_mails() == 0  # its lease has not ended
    now_due()
    assert send_mails() == 1
    assert send_mails() == 0
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert (first.body, first.to) == (second.body, [buyer.email])
    assert BuyerMail.objects.get().state == "sent"


@pytest.mark.parametrize("error", [smtplib.SMTPRecipientsRefused({}), ValueError("no such address")])
def test_it_gives_up_in_the_end_and_holds_up_no_other(partner, buyer, server, error):
    tell(partner, buyer)
    server.error = error
    for _attempt in range(len(mailing.WAITS) + 1):
        now_due()
        assert send_mails() == 0
    row = BuyerMail.objects.get()
    assert (row.state, row.attempts, row.sent_at) == ("failed", 8, None)
    server.error = None
    now_due()
    assert send_mails() == 0
    mails.password_set(buyer, "")
    assert send_mails() == 1
    BuyerMail.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert forget_tokens() == 2
    assert not BuyerMail.objects.exists()


def test_a_mail_keeps_to_the_language_and_the_names_of_its_time(partner, buyer):
    with mailing.override("nl"):
        tell(partner, buyer)
    type(partner.client).objects.update(name="Renamed")
    Connection.objects.all().delete()
    send_mails()
    (message,) = mail.outbox
    assert message.subject.startswith("Shop Partner ")
    assert "Met: Safari, iPhone" in message.body
