"""The mail about what was bought: once, with the passes, whatever happens to the worker."""

import smtplib

import pytest
from django.core import mail
from django.utils import timezone

from applewallet.models import Design
from orders import mails
from orders.models import OrderMail
from orders.services import payment_said
from orders.tasks import send_mails
from tests.applewallet.making import make_credential
from tests.making import make_brand, make_member, make_order


@pytest.fixture
def shop(db):
    brand = make_brand(mails_orders=True)
    make_credential(brand)
    make_credential(brand, "order")
    Design.objects.create(brand=brand, merchant_identifier="merchant.example")
    return brand


def paid(brand, **options):
    order = make_order(brand, member=make_member(brand, email="emma@example.com"), **options)
    payment_said(order.payment, "paid")
    return order


def due(brand):
    brand.order_mails.update(due_at=timezone.now())


def test_a_paid_order_is_mailed_with_its_passes(shop):
    order = paid(shop)
    assert send_mails() == 1
    message = mail.outbox[0]
    assert (message.to, message.subject) == (["emma@example.com"], "Café Noord: your order 1")
    code = order.items.get().issued_pass
    assert f"/s/{shop.slug}/passes/{code.uuid}?key=" in message.body
    assert message.extra_headers["Message-ID"] == f"<order-{order.uuid}@127.0.0.1>"
    assert [(attached.filename, attached.mimetype) for attached in message.attachments] == [
        ("order-1-1.pkpass", "application/vnd.apple.pkpass"),
        ("order-1.order", "application/vnd.apple.finance.order"),
    ]
    assert "Open the attachment on an iPhone" in message.body
    assert '<html lang="en">' in message.alternatives[0].content
    order.refresh_from_db()
    assert order.mail_delivered_in_inbox is True
    assert send_mails() == 0


def test_many_passes_come_in_bundles(shop):
    paid(shop, quantity=11)
    send_mails()
    assert [attached.filename for attached in mail.outbox[0].attachments] == [
        "order-1-1.pkpasses",
        "order-1-2.pkpass",
        "order-1.order",
    ]


def test_without_a_certificate_there_are_links(db):
    brand = make_brand(mails_orders=True)
    paid(brand)
    assert send_mails() == 1
    assert mail.outbox[0].attachments == []
    text = mail.outbox[0].body
    assert "/passes/" in text
    assert ("attachment" in text, "Show the QR code behind a link." in text) == (False, True)


def test_a_brand_that_does_not_want_it_mails_nothing(brand):
    order = paid(brand)
    assert send_mails() == 0
    assert not OrderMail.objects.exists()
    order.refresh_from_db()
    assert order.mail_delivered_in_inbox is False


def test_what_is_not_paid_is_not_mailed(shop):
    order = make_order(shop)
    payment_said(order.payment, "failed")
    assert not OrderMail.objects.exists()


def test_a_mail_server_that_is_down_is_asked_again(shop, monkeypatch):
    order = paid(shop)
    sends = mails.EmailMultiAlternatives.send

    def refuse(_message):
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(mails.EmailMultiAlternatives, "send", refuse)
    assert send_mails() == 0
    order.refresh_from_db()
    assert order.mail_delivered_in_inbox is False
    assert send_mails() == 0  # it is not due yet
    row = shop.order_mails.get()
    assert (row.state, row.attempts, row.last_error) == ("pending", 1, "SMTPServerDisconnected")
    monkeypatch.setattr(mails.EmailMultiAlternatives, "send", sends)
    due(shop)
    assert send_mails() == 1


def test_it_gives_up_in_the_end(shop, monkeypatch):
    paid(shop)

    def refuse(_message):
        raise smtplib.SMTPRecipientsRefused({})

    monkeypatch.setattr(mails.EmailMultiAlternatives, "send", refuse)
    for _attempt in range(7):
        due(shop)
        send_mails()
    row = shop.order_mails.get()
    assert (row.state, row.attempts) == ("failed", 7)


def test_a_worker_that_dies_before_the_note_sends_it_again_under_the_same_id(shop, monkeypatch):
    paid(shop)
    note = mails.note_facts

    def die(*_args, **_facts):
        raise KeyboardInterrupt

    monkeypatch.setattr(mails, "note_facts", die)
    with pytest.raises(KeyboardInterrupt):
        send_mails()
    monkeypatch.setattr(mails, "note_facts", note)
    assert send_mails() == 0  # its lease has not ended
    due(shop)
    assert send_mails() == 1
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert shop.order_mails.get().state == "sent"


def test_an_order_that_wallet_would_refuse_is_mailed_without_it(shop):
    Design.objects.update(merchant_identifier="")
    paid(shop)
    assert send_mails() == 1
    assert [attached.filename for attached in mail.outbox[0].attachments] == ["order-1-1.pkpass"]
