"""/pay/authorize, in all ways that a browser may come there; the rows are those of buyer-wallet.md §B.5."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core import mail
from django.test import Client as Browser

from accounts.models import User
from buyers.models import Card, ClientRequest, Connection, Grant
from buyers.pages import signing_in
from buyers.scopes import ADDRESS, CARD, ENCRYPTED, PAYMENT_SESSION
from buyers.tasks import send_mails
from shops import throttling
from tests.buyers.keeping import make_address, make_card
from tests.buyers.making import REDIRECT_URI, connect, make_buyer, make_client

ADDRESS_FIELDS = {
    "address-recipient": "Emma Brown",
    "address-country": "NL",
    "address-line1": "Prinsengracht 263",
    "address-city": "Amsterdam",
}
CARD_FIELDS = {
    "card-number": "4111 1111 1111 1111",
    "card-month": "12",
    "card-year": "2030",
    "card-name": "Emma Brown",
}
PAGE = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch):
    monkeypatch.setattr(signing_in, "MOST_OF_IP", 10**6)
    monkeypatch.setattr(signing_in, "MOST_OF_ADDRESS", 10**6)
    monkeypatch.setattr(throttling, "WINDOW", 86_400)


@pytest.fixture
def emma(db):
    """A buyer with a password, a card and an address."""
    buyer = make_buyer("emma@shop.example", password="a secret", name="Emma Brown")
    make_card(buyer)
    make_address(buyer)
    return buyer


@pytest.fixture
def shop(db):
    return make_client("Nordic Market", verified_domain="nordic.example")[0]


def sign_in(client, email="emma@shop.example"):
    assert client.post("/pay/sign-in", {"email": email, "password": "a secret"}).status_code == 303


@pytest.fixture
def signed_in(client, emma):
    sign_in(client)
    return client


def url_of(shop, **changed):
    asked = {
        "response_type": "code",
        "client_id": shop.client_id,
        "scope": f"{ADDRESS} {CARD}",
        "redirect_uri": REDIRECT_URI,
        "state": "a b&c=<d>",
    }
    return "/pay/authorize?" + urlencode({name: one for name, one in (asked | changed).items() if one is not None})


def answer_of(buyer, *scopes, **changed):
    """What the buyer's browser posts."""
    form = {"step": "allow", "scopes": scopes or (ADDRESS, CARD)}
    return form | {"card": buyer.cards.last().uuid, "address": buyer.addresses.last().uuid} | changed


def nothing_happened():
    return not Grant.objects.exists() and not Connection.objects.exists()


class TestAllowing:
    """A code, and a connection with what the buyer chose."""

    def test_a_code_arrives(self, signed_in, emma, shop):
        text = signed_in.get(url_of(shop)).content.decode()
        for shown in ("Nordic Market", "nordic.example", "TEST", "partner.example", "emma@shop.example"):
            assert shown in text
        answer = signed_in.post(url_of(shop), answer_of(emma))
        assert answer.status_code == 303
        where, query = answer.headers["Location"].split("?")
        found = parse_qs(query)
        assert where == REDIRECT_URI
        assert found["state"] == ["a b&c=<d>"]
        assert len(found["code"][0]) == 48
        connection = Connection.objects.get()
        assert (connection.buyer, connection.client, connection.scopes) == (emma, shop, [ADDRESS, CARD])
        assert (connection.card, connection.address) == (emma.cards.get(), emma.addresses.get())

    def test_fewer_than_asked(self, signed_in, emma, shop):
        signed_in.post(url_of(shop), answer_of(emma, ADDRESS))
        connection = Connection.objects.get()
        assert (connection.scopes, connection.card) == ([ADDRESS], None)
        assert Grant.objects.get().scope == ADDRESS

    def test_an_address_alone_needs_no_card(self, client, shop):
        buyer = make_buyer("emma@shop.example", password="a secret")
        make_address(buyer)
        sign_in(client)
        assert 'name="card"' not in client.get(url_of(shop, scope=ADDRESS)).content.decode()
        form = {"step": "allow", "scopes": [ADDRESS], "address": buyer.addresses.get().uuid}
        assert "code=" in client.post(url_of(shop, scope=ADDRESS), form).headers["Location"]

    def test_the_buyer_is_told_once_by_mail(self, signed_in, emma, shop):
        agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
        for _time in range(2):
            signed_in.post(url_of(shop, channel="Kiosk"), answer_of(emma), headers=agent)
        assert send_mails() == 1
        (message,) = mail.outbox
        assert (message.to, message.subject) == (["emma@shop.example"], "Nordic Market can now use your wallet")
        for told in ("In: Kiosk", "With: Firefox, Linux", "http://127.0.0.1:8000/wallet/connections"):
            assert told in message.body

    def test_cancel(self, signed_in, emma, shop):
        answer = signed_in.post(url_of(shop), {"step": "cancel"})
        assert answer.status_code == 303
        assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]
        assert nothing_happened()
        assert mail.outbox == []

    def test_what_came_of_it_is_in_the_log_of_the_client(self, signed_in, emma, shop):
        signed_in.post(url_of(shop), answer_of(emma))
        signed_in.post(url_of(shop), {"step": "cancel"})
        signed_in.get(url_of(shop, scope="everything"))
        signed_in.get(url_of(shop, redirect_uri="https://partner.example/callback/"))
        rows = ClientRequest.objects.filter(client=shop).order_by("pk")
        assert [row.status for row in rows] == [303, 303, 302, 400]
        assert [bool(row.cause) for row in rows] == [False, True, True, True]
        assert "trailing slash" in rows[3].cause


class TestAdding:
    """What is missing is added on the way, and the request is still there."""

    def test_address_and_card(self, client, shop):
        buyer = make_buyer("emma@shop.example", password="a secret")
        sign_in(client)
        url = url_of(shop, code_challenge="a" * 43, code_challenge_method="S256", channel="Kiosk")
        answer = client.post(url, {"step": "address", **ADDRESS_FIELDS})
        assert (answer.status_code, answer.headers["Location"]) == (303, url)
        address = buyer.addresses.get()
        answer = client.post(url, {"step": "card", **CARD_FIELDS, "card-address": address.uuid})
        assert (answer.status_code, answer.headers["Location"]) == (303, url)
        card = buyer.cards.get()
        assert client.post(url, answer_of(buyer)).headers["Location"].startswith(REDIRECT_URI)
        connection = Connection.objects.get()
        assert (connection.card, connection.address, connection.channel) == (card, address, "Kiosk")
        assert Grant.objects.get().code_challenge == "a" * 43

    def test_what_was_added_is_marked(self, signed_in, emma, shop):
        signed_in.post(url_of(shop), answer_of(emma))  # what is in use is marked otherwise
        signed_in.post(url_of(shop), {"step": "address", **ADDRESS_FIELDS, "address-city": "Utrecht"})
        text = signed_in.get(url_of(shop)).content.decode()
        marked = re.findall(r'<input[^>]*name="address"[^>]*checked[^>]*>', text)
        assert len(marked) == 1
        assert str(emma.addresses.last().uuid) in marked[0]

    @pytest.mark.parametrize("number", ["4242 4242 4242 4241", "4532015112830366"])
    def test_no_other_number_is_taken_or_shown_again(self, signed_in, emma, shop, number):
        form = {"step": "card", **CARD_FIELDS, "card-number": number, "card-address": emma.addresses.get().uuid}
        answer = signed_in.post(url_of(shop), form)
        assert answer.status_code == 422
        assert number not in answer.content.decode()
        assert Card.objects.count() == 1

    def test_a_faulty_address_is_shown_with_what_is_wrong(self, signed_in, emma, shop):
        answer = signed_in.post(url_of(shop), {"step": "address", **ADDRESS_FIELDS, "address-phone": "12"})
        assert answer.status_code == 422
        assert "country code" in answer.content.decode()
        assert emma.addresses.count() == 1


class TestAttacks:
    """Row 13: what a form may not change, and who may not send it."""

    def test_without_its_token_and_from_another_session(self, emma, shop):
        victim, attacker = Browser(enforce_csrf_checks=True), Browser()
        make_buyer("evil@shop.example", password="a secret")
        sign_in(attacker, "evil@shop.example")
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', attacker.get(url_of(shop)).content.decode())[1]
        own = re.search(r'csrfmiddlewaretoken" value="(\w+)"', victim.get("/pay/sign-in").content.decode())[1]
        form = {"email": emma.email, "password": "a secret", "csrfmiddlewaretoken": own}
        assert victim.post("/pay/sign-in", form).status_code == 303
        for sent in ({}, {"csrfmiddlewaretoken": token}, {"csrfmiddlewaretoken": own}):
            assert victim.post(url_of(shop), answer_of(emma) | sent).status_code == 403
        assert nothing_happened()

    def test_what_was_asked_is_in_the_url_alone(self, signed_in, emma, shop):
        other = make_client("Other")[0]
        changed = {
            "redirect_uri": "https://evil.example/",
            "client_id": other.client_id,
            "scope": ENCRYPTED,
            "state": "x",
            "channel": "y",
        }
        answer = signed_in.post(url_of(shop), answer_of(emma) | changed)
        assert answer.headers["Location"].startswith(f"{REDIRECT_URI}?code=")
        assert "state=a+b%26c" in answer.headers["Location"]
        connection = Connection.objects.get()
        assert (connection.client, connection.channel, connection.scopes) == (shop, "", [ADDRESS, CARD])

    def test_a_changed_redirect_uri_in_the_url(self, signed_in, emma, shop):
        for uri in ("https://evil.example/", REDIRECT_URI + "/", REDIRECT_URI + "?a=b", REDIRECT_URI.upper()):
            answer = signed_in.post(url_of(shop, redirect_uri=uri), answer_of(emma), headers=PAGE)
            assert answer.status_code == 400
            assert "Location" not in answer.headers
            assert re.search(r'(href|action|src)="[^"]*example', answer.content.decode()) is None
        assert nothing_happened()

    def test_wider_scopes(self, signed_in, emma, shop):
        answer = signed_in.post(url_of(shop), answer_of(emma, ADDRESS, CARD, PAYMENT_SESSION))
        assert answer.status_code == 400
        assert nothing_happened()

    def test_none(self, signed_in, emma, shop):
        answer = signed_in.post(url_of(shop), answer_of(emma) | {"scopes": []})
        assert answer.status_code == 400
        assert "Leave at least one" in answer.content.decode()
        assert nothing_happened()

    @pytest.mark.parametrize("what", ["card", "address"])
    def test_another_buyers_card_and_address(self, signed_in, emma, shop, what):
        other = make_buyer()
        theirs = {"card": make_card(other), "address": make_address(other)}[what]
        assert str(theirs.uuid) not in signed_in.get(url_of(shop)).content.decode()
        for value in (theirs.uuid, theirs.pk, "x", ""):
            assert signed_in.post(url_of(shop), answer_of(emma) | {what: value}).status_code == 400
        assert nothing_happened()

    def test_a_real_client_is_offered_no_test_card(self, signed_in, emma):
        live = make_client("Live", environment="live")[0]
        text = signed_in.get(url_of(live)).content.decode()
        assert "TEST" not in text
        assert "no card that Live can use" in text
        assert signed_in.post(url_of(live), answer_of(emma)).status_code == 400
        assert nothing_happened()

    def test_a_buyer_who_was_disabled_meanwhile(self, signed_in, emma, shop):
        User.objects.update(is_active=False)
        answer = signed_in.post(url_of(shop), answer_of(emma))
        assert answer.status_code == 200
        assert "Sign in" in answer.content.decode()
        assert nothing_happened()

    def test_a_client_that_was_disabled_meanwhile(self, signed_in, emma, shop):
        shop.is_active = False
        shop.save()
        assert signed_in.post(url_of(shop), answer_of(emma)).status_code == 400
        assert nothing_happened()

    def test_a_card_that_was_removed_meanwhile(self, signed_in, emma, shop):
        form = answer_of(emma)
        emma.cards.get().delete()
        answer = signed_in.post(url_of(shop), form)
        assert answer.status_code == 400
        assert nothing_happened()


class TestBeforeSigningIn:
    """The request is looked at before anybody is asked who they are (§A.2)."""

    def test_no_client_no_sign_in(self, client, shop):
        for changed in ({"client_id": "x"}, {"client_id": None}, {"redirect_uri": None}):
            answer = client.get(url_of(shop, **changed), headers=PAGE)
            assert answer.status_code == 400
            text = answer.content.decode()
            assert "cannot be answered" in text
            assert "password" not in text
            assert answer.headers["X-Request-ID"] in text
            assert set(re.findall(r'href="([^"]+)"', text)) <= {
                "#main",
                "/static/walletapp/icon.svg",
                "/static/walletapp/page.css",
                "/static/buyers/pages.css",
            }

    def test_json_for_programs(self, client, shop):
        answer = client.get(url_of(shop, client_id="x"), headers={"Accept": "*/*"})
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_client"
        assert answer.json()["error_message"] == answer.json()["error_description"]

    def test_other_faults_go_to_the_client_at_once(self, client, shop):
        answer = client.get(url_of(shop, scope="everything"))
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(f"{REDIRECT_URI}?error=invalid_scope")

    @pytest.mark.parametrize("changed", [{"prompt": "none"}, {"next": "https://evil.example/"}])
    def test_nothing_else_leads_away(self, signed_in, shop, changed):
        """Row 15."""
        answer = signed_in.get(url_of(shop, **changed))
        assert answer.status_code == 200
        assert 'href="https://evil.example' not in answer.content.decode()

    def test_the_page_asks_who_it_is_and_comes_back(self, client, emma, shop):
        text = client.get(url_of(shop)).content.decode()
        assert "Nordic Market" in text
        after = unescape(re.search(r'name="next" value="([^"]+)"', text)[1])
        assert after == url_of(shop)
        form = {"email": emma.email, "password": "a secret", "next": after}
        assert client.post("/pay/sign-in", form).headers["Location"] == url_of(shop)

    @pytest.mark.parametrize("rest", ["", "x" * 3000])
    def test_a_mailed_link_comes_back_with_the_whole_request(self, client, emma, shop, rest):
        url = url_of(shop, state=rest or "s")
        client.post("/pay/sign-in", {"email": emma.email, "next": url})
        link = re.search(r"http\S+(/pay/sign-in/\S+)", mail.outbox[0].body)[1]
        answer = client.post(link)
        assert answer.headers["Location"] == url
        assert "Allow" in client.get(url).content.decode()


class TestHints:
    """Row 19: `login_hint` saves typing, tells nobody anything, and signs nobody in."""

    def test_an_address_skips_its_step_whether_somebody_has_it_or_not(self, client, emma, shop):
        texts = []
        for hint in ("emma@shop.example", "enna@shop.example"):
            text = client.get(url_of(shop, login_hint=hint)).content.decode()
            assert "e••••a@shop.example" in text
            assert 'name="email"' not in text
            text = re.sub(r'value="\w{64}"', "", text).replace(hint.replace("@", "%40"), "")
            texts.append(text)
        assert texts[0] == texts[1]
        assert "_buyer" not in client.session

    def test_a_uuid_shows_the_address_masked(self, client, emma, shop):
        text = client.get(url_of(shop, login_hint=emma.uuid)).content.decode()
        assert "e••••a@shop.example" in text
        assert "emma@" not in text
        url = url_of(shop, login_hint=emma.uuid)
        sent = client.post("/pay/sign-in", {"next": url}).content.decode()
        assert "e••••a@shop.example" in sent
        assert "emma@" not in sent
        assert mail.outbox[0].to == ["emma@shop.example"]
        answer = client.post("/pay/sign-in", {"next": url, "password": "a secret"})
        assert (answer.status_code, answer.headers["Location"]) == (303, url)

    @pytest.mark.parametrize("hint", ["00000000-0000-4000-8000-000000000000", "x", "a@", "<b>@x", "@", "a@b\0"])
    def test_what_means_nobody_shows_the_usual_page(self, client, emma, shop, hint):
        answer = client.get(url_of(shop, login_hint=hint))
        if answer.status_code == 200:
            assert 'name="email"' in answer.content.decode()
        else:
            assert answer.status_code == 302  # not readable: the client is told
        assert "••••" not in answer.content.decode()

    def test_somebody_else(self, client, emma, shop):
        url = url_of(shop, login_hint="emma@shop.example")
        text = client.post("/pay/sign-in", {"next": url, "other": "1"}).content.decode()
        assert 'name="email"' in text
        assert unescape(re.search(r'name="next" value="([^"]+)"', text)[1]) == url

    def test_another_buyer_may_switch(self, signed_in, shop):
        url = url_of(shop, login_hint="john@shop.example")
        text = signed_in.get(url).content.decode()
        assert "expects j••••n@shop.example, but you are signed in as emma@shop.example" in text
        assert signed_in.post("/pay/sign-out", {"next": url}).headers["Location"] == url
        assert "Mail me a link" in signed_in.get(url).content.decode()

    def test_the_expected_buyer_is_not_asked(self, signed_in, emma, shop):
        for hint in ("EMMA@shop.example", emma.uuid):
            assert "Switch account" not in signed_in.get(url_of(shop, login_hint=hint)).content.decode()


class TestHeaders:
    """Rows 14 and 18: no frames, no copies, nothing from elsewhere."""

    def test_of_the_consent_page(self, signed_in, shop):
        answer = signed_in.get(url_of(shop))
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["form-action"] == "'self' https://partner.example"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["default-src"] == "'self'"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        text = answer.content.decode()
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', text) == []
        assert "<script" not in text
        assert "style=" not in text

    def test_elsewhere_forms_stay_here(self, client, shop):
        for path in (url_of(shop), "/pay/sign-in", url_of(shop, client_id="x")):
            assert "form-action 'self'" in (policy := client.get(path, headers=PAGE).headers["Content-Security-Policy"])
            assert "partner.example" not in policy

    def test_after_it_nothing_is_kept_either(self, signed_in, emma, shop):
        answer = signed_in.post(url_of(shop), answer_of(emma))
        assert answer.headers["Cache-Control"] == "no-store"


def test_names_and_channels_are_text(signed_in, emma):
    """Row 25."""
    nasty = '"><script>alert(1)</script>'
    shop = make_client(nasty, verified_domain="<img src=x>")[0]
    text = signed_in.get(url_of(shop, channel=nasty)).content.decode()
    assert "<script" not in text
    assert "<img src=x" not in text
    signed_in.post(url_of(shop, channel="<i>x"), answer_of(emma))
    assert "<i>x" not in signed_in.get("/wallet/connections").content.decode()
    send_mails()
    assert "<i>x" in mail.outbox[0].body  # plain text


def test_a_name_breaks_no_header_of_a_mail(signed_in, emma):
    shop = make_client("Evil\r\nBcc: all@shop.example")[0]
    assert signed_in.post(url_of(shop), answer_of(emma)).status_code == 303
    send_mails()
    assert mail.outbox[0].subject == "Evil Bcc: all@shop.example can now use your wallet"
    assert mail.outbox[0].recipients() == ["emma@shop.example"]


def test_allowing_again_after_a_disconnect(signed_in, emma, shop):
    connect(shop, emma)
    connection = Connection.objects.get()
    signed_in.post(f"/wallet/connections/{connection.pk}/disconnect")
    signed_in.post(url_of(shop), answer_of(emma))
    connection.refresh_from_db()
    assert connection.revoked_at is None
    send_mails()
    assert [message.subject for message in mail.outbox] == [
        "Nordic Market can no longer use your wallet",
        "Nordic Market can now use your wallet",
    ]
