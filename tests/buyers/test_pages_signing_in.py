"""Buyers sign in by a mailed link or a password, by their own session alone."""

import re
import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.core import mail, signing
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import User
from buyers.devices import device_of
from buyers.masking import masked
from buyers.pages import signing_in
from buyers.visitors import SALT, own_page
from shops import throttling
from tests.buyers.making import make_buyer

URL = "/pay/sign-in"


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch):
    """All tests come from one address, and many use the same names. No minute ends within a test."""
    monkeypatch.setattr(signing_in, "MOST_OF_IP", 10**6)
    monkeypatch.setattr(signing_in, "MOST_OF_ADDRESS", 10**6)
    monkeypatch.setattr(throttling, "WINDOW", 86_400)


def link_for(client, email, after="/wallet"):
    """The path of the link that is mailed to `email`."""
    answer = client.post(URL, {"email": email, "next": after})
    assert answer.status_code == 200
    assert mail.outbox[-1].to == [email]
    return re.search(r"http\S+(/pay/sign-in/\S+)", mail.outbox[-1].body)[1]


def is_in(client):
    return client.get("/wallet").status_code == 200


class TestByMail:
    """A link, once, for half an hour."""

    def test_it_leads_back_to_where_the_buyer_was(self, client, buyer):
        link = link_for(client, buyer.email, "/wallet/orders?page=2")
        assert client.get(link).status_code == 200
        assert not is_in(client)  # a scanner looks at links
        answer = client.post(link)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/wallet/orders?page=2")
        assert is_in(client)

    def test_it_works_once(self, client, buyer):
        first, second = link_for(client, buyer.email), link_for(client, buyer.email)
        assert client.post(first).status_code == 303
        client.post("/pay/sign-out")
        for link in (first, second):  # what was mailed before counts no more, either
            assert client.get(link).status_code == 403
            assert client.post(link).status_code == 403
        assert not is_in(client)

    def test_an_old_and_a_forged_one_do_nothing(self, client, buyer, monkeypatch):
        link = link_for(client, buyer.email)
        forged = signing.dumps([buyer.email, "", "/wallet"], salt="other", compress=True)
        monkeypatch.setattr("buyers.visitors.LINK_LASTS", -1)
        for path in (link, f"{URL}/{forged}", f"{URL}/x"):
            assert client.post(path).status_code == 403
        assert not is_in(client)
        buyer.refresh_from_db()
        assert buyer.last_login is None

    def test_the_session_key_changes(self, client, buyer):
        link = link_for(client, buyer.email, "/pay/authorize?" + "x" * 1200)
        planted = client.session.session_key
        client.post(link)
        assert planted
        assert client.session.session_key != planted
        assert Browser(COOKIES={"sessionid": planted}).get("/wallet").status_code == 303

    def test_a_long_request_is_kept_in_the_session(self, client, buyer):
        after = "/pay/authorize?" + "x" * 1200
        link = link_for(client, buyer.email, after)
        assert len(link) < 400
        assert client.post(link).headers["Location"] == after

    def test_a_disabled_buyer_is_told_so_and_gets_no_link(self, client, buyer):
        link = link_for(client, buyer.email)
        User.objects.filter(pk=buyer.pk).update(is_active=False)
        assert client.post(link).status_code == 403
        client.post(URL, {"email": buyer.email})
        assert "http" not in mail.outbox[-1].body
        assert "closed" in mail.outbox[-1].body

    def test_a_mail_server_that_is_down_is_told(self, client, buyer, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        answer = client.post(URL, {"email": buyer.email})
        assert answer.status_code == 503
        assert "could not be sent yet" in answer.content.decode()


class TestNewBuyers:
    """An address that nobody has gets a link that makes an account."""

    def test_the_link_makes_an_account_with_a_name(self, client, db):
        link = link_for(client, "New.Person@shop.example")
        assert "New.Person@shop.example" in client.get(link).content.decode()
        assert client.post(link, {"name": ""}).status_code == 422
        assert not User.objects.exists()
        assert client.post(link, {"name": "New Person"}).status_code == 303
        made = User.objects.get()
        assert (made.email, made.name, made.is_staff) == ("New.Person@shop.example", "New Person", False)
        assert not made.has_usable_password()
        assert is_in(client)

    def test_once(self, client, db):
        link = link_for(client, "new@shop.example")
        client.post(link, {"name": "New"})
        assert Browser().post(link, {"name": "Again"}).status_code == 403
        assert User.objects.get().name == "New"

    def test_words_and_effort_do_not_tell_who_has_an_account(self, client, buyer, statements):
        texts, efforts = [], []
        closed = make_buyer("closed@shop.example", is_active=False)
        for email in (buyer.email, "nobody@shop.example", closed.email):
            statements.clear()
            answer = client.post(URL, {"email": email})
            efforts.append([text for text in statements if "SAVEPOINT" not in text])
            text = re.sub(r'value="\w{64}"', "", answer.content.decode())
            texts.append(text.replace(email, ""))
        assert texts[0] == texts[1] == texts[2]
        assert [message.to[0] for message in mail.outbox] == [buyer.email, "nobody@shop.example", closed.email]
        assert efforts[0] == efforts[1] == efforts[2] != []


class TestPasswords:
    """Only for who has one, and in the same words and time for all."""

    def test_it_signs_in(self, client, db):
        buyer = make_buyer("emma@shop.example", password="a secret")
        answer = client.post(URL, {"email": "Emma@shop.example", "password": "a secret", "next": "/wallet/orders"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/wallet/orders")
        assert is_in(client)
        assert mail.outbox == []
        buyer.set_password("another")
        buyer.save()
        assert not is_in(client)  # who learned the old one is out

    def test_a_wrong_one_reads_the_same_for_everybody(self, client, buyer):
        make_buyer("emma@shop.example", password="a secret")
        closed = make_buyer("closed@shop.example", password="a secret", is_active=False)
        texts = set()
        tries = [(email, "wrong") for email in ("emma@shop.example", buyer.email, "nobody@shop.example")]
        for email, password in [*tries, (closed.email, "a secret")]:
            answer = client.post(URL, {"email": email, "password": password})
            assert answer.status_code == 422
            texts.add(re.sub(r'value="\w{64}"', "", answer.content.decode()).replace(email, ""))
        assert len(texts) == 1
        assert not is_in(client)

    def test_it_takes_as_long_for_an_address_that_nobody_has(self, client, buyer, settings):
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
        make_buyer("emma@shop.example", password="a secret")
        times = {}
        for email in ("emma@shop.example", buyer.email, "nobody@shop.example"):
            started = time.process_time()
            client.post(URL, {"email": email, "password": "wrong"})
            times[email] = time.process_time() - started
        assert max(times.values()) < 2.5 * min(times.values())

    def test_guessing_ends(self, client, db, monkeypatch):
        monkeypatch.setattr(signing_in, "MOST_OF_ADDRESS", 3)
        make_buyer("guessed@shop.example", password="a secret")
        for _guess in range(3):
            assert client.post(URL, {"email": "guessed@shop.example", "password": "wrong"}).status_code == 422
        answer = client.post(URL, {"email": "GUESSED@shop.example", "password": "a secret"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
        assert not is_in(client)

    def test_guessing_many_addresses_ends(self, client, db, monkeypatch):
        monkeypatch.setattr(signing_in, "MOST_OF_IP", 2)
        headers = {"REMOTE_ADDR": "192.0.2.7"}
        answers = [client.post(URL, {"email": f"a{n}@shop.example", "password": "x"}, **headers) for n in range(3)]
        assert [one.status_code for one in answers] == [422, 422, 429]

    def test_behind_a_proxy_the_peer_is_what_the_proxy_saw(self, client, db, monkeypatch, settings):
        settings.BEHIND_PROXY = True
        monkeypatch.setattr(signing_in, "MOST_OF_IP", 1)
        codes = []
        for forged, seen in (("1.1.1.1", "192.0.2.8"), ("2.2.2.2", "192.0.2.8"), ("2.2.2.2", "192.0.2.9")):
            headers = {"X-Forwarded-For": f"{forged}, {seen}"}
            codes.append(client.post(URL, {"email": f"{seen}@x.example", "password": "x"}, headers=headers).status_code)
        assert codes == [422, 429, 422]


class TestSessions:
    """The buyer's own session key; nothing else."""

    def test_staff_who_are_buyers_do_not_get_into_the_admin(self, client, db):
        boss = User.objects.create_superuser("boss@shop.example", "a secret")
        client.post(URL, {"email": boss.email, "password": "a secret"})
        assert is_in(client)
        assert client.get("/admin/").status_code == 302
        assert "_auth_user_id" not in client.session

    def test_the_admin_is_no_way_into_the_wallet(self, client, db):
        client.force_login(User.objects.create_superuser("boss@shop.example", "a secret"))
        assert client.get("/admin/").status_code == 200
        assert not is_in(client)
        client.post(link_for(client, "boss@shop.example"))
        client.post("/pay/sign-out")
        assert client.get("/admin/").status_code == 200  # stays as it was

    def test_a_disabled_buyer_is_out_at_once(self, client, buyer):
        client.post(link_for(client, buyer.email))
        assert is_in(client)
        User.objects.filter(pk=buyer.pk).update(is_active=False)
        for path in ("/wallet", "/wallet/connections", "/wallet/orders", "/po/x"):
            assert client.get(path).status_code == 303

    def test_pages_ask_to_sign_in_and_are_kept_nowhere(self, client, db):
        for path in ("/wallet", "/wallet/connections", "/wallet/orders", "/po/abc", "/wallet/connections/1"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"]) == (303, f"{URL}?next={quote(path, safe='')}")
            assert answer.headers["Cache-Control"] == "no-store"
        assert client.get(URL).headers["Cache-Control"] == "no-store"

    def test_the_session_is_a_cookie_that_scripts_cannot_read(self, client, buyer):
        client.post(link_for(client, buyer.email))
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    @pytest.mark.parametrize("path", [URL, "/pay/sign-out", "/pay/language"])
    def test_forms_need_their_token(self, path, db):
        answer = Browser(enforce_csrf_checks=True).post(path, {"email": "a@shop.example"})
        assert answer.status_code == 403
        assert mail.outbox == []


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/wallet",
    "/\\evil.example",
    "/wallet/../admin",
    "/wallet@evil.example",
    "/walletx",
    "javascript:alert(1)",
    "/pay/authorize\r\nSet-Cookie: a=b",
    "/pay/sign-out",
    "/admin/",
    " /wallet",
    "/po/a/../../admin/",
    "/wallet\n",
]


class TestNext:
    """`next` leads to the buyers' own pages, whatever is written there."""

    @pytest.mark.parametrize("where", ELSEWHERE)
    def test_elsewhere_is_the_wallet(self, where):
        assert own_page(where) == "/wallet"

    @pytest.mark.parametrize(
        "where",
        ["/wallet", "/wallet/connections/7", "/wallet/cards/1-2/remove", "/po/Y2xp-_", "/pay/authorize?a=b%20c&d=/"],
    )
    def test_own_pages(self, where):
        assert own_page(where) == where

    @pytest.mark.parametrize("where", ELSEWHERE)
    def test_no_form_and_no_link_leads_elsewhere(self, client, db, where):
        make_buyer("emma@shop.example", password="a secret")
        assert client.get(URL, {"next": where}).content.decode().count('name="next" value="/wallet"') == 1
        link = f"{URL}/{signing.dumps(['emma@shop.example', '', where], salt=SALT, compress=True)}"
        assert client.post(link).headers["Location"] == "/wallet"
        assert client.post("/pay/sign-out", {"next": where}).headers["Location"] == "/wallet"

    def test_a_password_leads_nowhere_else(self, client, db):
        make_buyer("emma@shop.example", password="a secret")
        form = {"email": "emma@shop.example", "password": "a secret", "next": "//evil.example"}
        assert client.post(URL, form).headers["Location"] == "/wallet"

    def test_the_language_leads_nowhere_else(self, client):
        answer = client.post("/pay/language", {"language": "nl", "next": "https://evil.example/"})
        assert answer.headers["Location"] == "/"


def test_a_link_signs_nobody_in_who_signed_in_meanwhile(client, buyer):
    link = link_for(client, buyer.email)
    User.objects.filter(pk=buyer.pk).update(last_login=timezone.now() - timedelta(minutes=1))
    assert client.post(link).status_code == 403
    assert not is_in(client)


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("jane.doe@shop.example", "j••••e@shop.example"),
        ("ab@shop.example", "a••••b@shop.example"),
        ("j@shop.example", "j••••@shop.example"),
    ],
)
def test_masking(email, expected):
    assert masked(email) == expected


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("<script>", ""),
    ],
)
def test_devices(agent, expected):
    assert device_of(agent) == expected
