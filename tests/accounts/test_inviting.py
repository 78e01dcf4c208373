"""Links to choose a password: who gets one, what it opens, and for how long."""

import re
import smtplib

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import LinkMail, User
from accounts.tasks import send_links
from tests.accounts.helping import FORGOT, LOGIN, enrolled, is_in, with_password
from tests.admin.helping import Admin, text_of

NEW = {"new_password1": "a-long-new-password", "new_password2": "a-long-new-password"}


def link_in(message):
    return re.search(r"http://[^/]+(/admin/sign-in/password/\S+)", message.body).group(1)


def choose(link, **data):
    return Client().post(link, {**NEW, **data})


def test_a_colleague_who_is_new_chooses_a_password_by_mail(owner, brand):
    Admin(owner).post("shops_staff_add", email="new@team.example", role="manager")
    assert mail.outbox == []
    assert (send_links(), send_links()) == (1, 0)
    message = mail.outbox[0]
    assert (message.to, message.subject) == (["new@team.example"], f"You are on the team of {brand.name}")
    link = link_in(message)
    assert "For new@team.example." in text_of(Client().get(link))
    assert choose(link)["Location"] == LOGIN
    user = User.objects.get(email="new@team.example")
    assert is_in(with_password(user, "a-long-new-password")[0])
    answer = choose(link)
    assert answer.status_code == 403
    assert "It was used before, or is too old." in answer.content.decode()


def test_who_has_a_password_is_told_of_the_team_and_gets_no_link(owner, other):
    User.objects.create_user("known@velo.example", "secret")
    Admin(owner).post("shops_staff_add", email="known@velo.example", role="viewer")
    send_links()
    assert "/password/" not in mail.outbox[0].body
    assert "You have been added to the team of Café Noord." in mail.outbox[0].body


def test_a_forgotten_password_is_chosen_anew_and_the_second_factor_stays(owner):
    enrolled(owner)
    answer = Client().post(FORGOT, {"email": owner.email.upper()})
    assert "a link is on its way" in text_of(answer)
    send_links()
    assert choose(link_in(mail.outbox[0])).status_code == 302
    client, answer = with_password(owner, "a-long-new-password")
    assert answer["Location"].startswith("/admin/sign-in/code/")
    assert not is_in(client)


def test_the_page_tells_nobody_who_has_an_account(owner):
    User.objects.create_user("buyer@example.com", "secret")
    User.objects.create_user("gone@example.com", "secret", is_staff=True, is_active=False)
    pages = {
        re.sub(r'nonce="[^"]*"', "", text_of(Client().post(FORGOT, {"email": email}))).replace(email, "")
        for email in (owner.email, "nobody@example.com", "buyer@example.com", "gone@example.com")
    }
    assert len(pages) == 1
    send_links()
    assert [message.to for message in mail.outbox] == [[owner.email]]


def test_asking_often_mails_once_in_two_minutes(owner):
    for _ in range(3):
        Client().post(FORGOT, {"email": owner.email})
    assert LinkMail.objects.count() == 1
    LinkMail.objects.update(created_at=timezone.now() - timezone.timedelta(minutes=2, seconds=1))
    Client().post(FORGOT, {"email": owner.email})
    assert LinkMail.objects.count() == 2


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("short", "short", "too short"),
        ("a-long-new-password", "another-password", "two password fields"),
        ("password123", "password123", "too common"),
    ],
)
def test_a_password_that_is_refused_changes_nothing_and_keeps_the_link(owner, first, second, text):
    Client().post(FORGOT, {"email": owner.email})
    send_links()
    link = link_in(mail.outbox[0])
    assert text in text_of(choose(link, new_password1=first, new_password2=second))
    owner.refresh_from_db()
    assert owner.check_password("secret")
    assert choose(link).status_code == 302


def test_a_link_ends_with_its_hours_and_with_the_place(owner, settings):
    Client().post(FORGOT, {"email": owner.email})
    send_links()
    link = link_in(mail.outbox[0])
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert choose(link).status_code == 403
    settings.PASSWORD_RESET_TIMEOUT = 1000
    User.objects.update(is_active=False)
    assert choose(link).status_code == 403
    assert User.objects.get().check_password("secret")


@pytest.mark.parametrize("link", ["x/y", "MQ/x-y", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk/x-y", "4pyT/x"])
def test_a_link_that_was_never_made_opens_nothing(owner, link):
    assert Client().get(f"/admin/sign-in/password/{link}/").status_code == 403


def test_a_mail_server_that_is_down_is_tried_again(owner, monkeypatch):
    Client().post(FORGOT, {"email": owner.email})
    real = mail.get_connection

    def down(*_args, **_options):
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
    assert send_links() == 0
    waiting = LinkMail.objects.get()
    assert (waiting.attempts, waiting.sent_at) == (1, None)
    monkeypatch.undo()
    assert send_links() == 0
    LinkMail.objects.update(due_at=timezone.now())
    assert send_links() == 1
    assert mail.get_connection is real
    assert len(mail.outbox) == 1


def test_a_choice_lets_who_was_closed_out_try_again(owner):
    client = Client()
    for _ in range(11):
        client.post(LOGIN, {"username": owner.email, "password": "wrong"})
    client.post(FORGOT, {"email": owner.email})
    send_links()
    choose(link_in(mail.outbox[0]))
    assert is_in(with_password(owner, "a-long-new-password")[0])
