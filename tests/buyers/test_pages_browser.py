"""The whole way of a buyer in a real browser, to a partner's own server and back."""

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core import mail

from buyers import visitors
from buyers.models import Connection, WalletOrder
from buyers.pages import signing_in
from buyers.scopes import ADDRESS, CARD, PAYMENT_SESSION
from buyers.tracking import track_id
from tests.buyers.conftest import Partner
from tests.buyers.keeping import VECTORS, make_address, make_card
from tests.buyers.making import connect, make_buyer, make_client

pytestmark = pytest.mark.django_db(transaction=True)
LOOKS = pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch):
    monkeypatch.setattr(signing_in, "MOST_OF_IP", 10**6)
    monkeypatch.setattr(signing_in, "MOST_OF_ADDRESS", 10**6)


class Callback(BaseHTTPRequestHandler):
    """A partner's redirect URI."""

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Referer")))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>Partner</title><link rel=icon href=data:,><h1>Welcome back</h1>")

    def log_message(self, *_args):
        """Keep silent."""


class Shop:
    """A partner with a server on loopback."""

    def __init__(self, base, server):
        self.base = base
        self.server = server
        self.uri = f"http://127.0.0.1:{server.server_port}/callback"
        self.client, self.secret = make_client("Nordic Market", redirect_uris=[self.uri])

    def url(self, **changed):
        scope = f"{ADDRESS} {CARD} {PAYMENT_SESSION}"
        asked = {"response_type": "code", "client_id": self.client.client_id, "scope": scope}
        asked |= {"redirect_uri": self.uri, "state": "s", "channel": "Kiosk"}
        return f"{self.base}/pay/authorize?{urlencode(asked | changed)}"

    def answer(self):
        """What arrived, and from where."""
        ((path, referer),) = self.server.seen
        assert referer is None or urlsplit(referer).path in {"", "/"}
        return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


@pytest.fixture
def shop(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    server = HTTPServer(("127.0.0.1", 0), Callback)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Shop(live_server.url, server)
    server.shutdown()
    server.server_close()
    thread.join()


def mailed_link():
    return re.search(r"http\S+/pay/sign-in/\S+", mail.outbox[-1].body)[0]


def sign_in(page, base, buyer):
    page.goto(f"{base}/pay/sign-in")
    page.get_by_label("Your e-mail address").fill(buyer.email)
    page.get_by_text("Sign in with a password").click()
    page.get_by_label("Password").fill("a secret")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/wallet")


def fill_address(page):
    part = page.locator("form", has=page.get_by_role("button", name="Add this address"))
    part.get_by_label("Name").first.fill("Emma Brown")
    part.get_by_label("Country").select_option("NL")
    part.get_by_label("Street and number").fill("Prinsengracht 263")
    part.get_by_label("Postal code").fill("1016 GV")
    part.get_by_label("Town").fill("Amsterdam")
    part.get_by_role("button", name="Add this address").click()


def fill_card(page):
    part = page.locator("form", has=page.get_by_role("button", name="Add this card"))
    part.get_by_label("Card number").fill("4111 1111 1111 1111")
    part.get_by_label("Expires in month").select_option("12")
    part.get_by_label("Year").select_option(index=3)
    part.get_by_label("Name on the card").fill("Emma Brown")
    part.get_by_role("button", name="Add this card").click()


def check(page):
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@LOOKS
def test_from_the_partner_to_its_code_and_token(shop, browser_page, width, scheme):
    page = browser_page(width, scheme)
    page.goto(shop.url(login_hint="new@shop.example"))
    check(page)
    page.get_by_role("button", name="Mail me a link").click()
    page.wait_for_selector("h1:has-text('mail')")
    check(page)
    page.goto(mailed_link())
    check(page)
    page.get_by_label("Your name").fill("Emma Brown")
    page.get_by_role("button", name="Make my wallet").click()
    page.wait_for_selector("h1:has-text('Let Nordic Market')")
    check(page)
    fill_address(page)
    page.wait_for_selector("label:has-text('Prinsengracht')")
    check(page)
    fill_card(page)
    page.wait_for_selector("label:has-text('Visa')")
    check(page)
    page.get_by_label("Have the card that you choose charged").uncheck()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_selector("h1:has-text('Welcome back')")
    assert page.errors == []
    found = shop.answer()
    assert (found["state"], found["iss"]) == ("s", shop.base)
    form = {"grant_type": "authorization_code", "code": found["code"], "redirect_uri": shop.uri}
    answer = Partner(shop.client, shop.secret).form("/oauth/token", **form)
    assert answer.status_code == 200
    assert answer.json()["scope"] == f"{ADDRESS} {CARD}"
    connection = Connection.objects.get()
    assert (connection.card.last_four, connection.channel) == ("1111", "Kiosk")


def test_cancel_goes_back_without_a_code(shop, browser_page):
    buyer = make_buyer("emma@shop.example", password="a secret")
    page = browser_page()
    sign_in(page, shop.base, buyer)
    page.goto(shop.url())
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("h1:has-text('Welcome back')")
    found = shop.answer()
    assert (found["error"], found["state"]) == ("access_denied", "s")
    assert "code" not in found
    assert not Connection.objects.exists()
    assert page.errors == []


def test_the_keyboard_alone(shop, browser_page):
    buyer = make_buyer("emma@shop.example", password="a secret")
    make_card(buyer)
    card = make_card(buyer, "5555555555554444")
    make_address(buyer)
    page = browser_page()
    sign_in(page, shop.base, buyer)
    page.goto(shop.url())
    seen = []
    for _press in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const e = document.activeElement;"
            " return [e.name || e.tagName, e.type === 'radio' || e.type === 'checkbox' ? e.value : e.innerText,"
            " getComputedStyle(e).outlineStyle]; })()"
        )
        assert focused[2] != "none", focused  # one sees where one is
        seen.append(focused[:2])
        if focused[:2] == ["scopes", PAYMENT_SESSION]:
            page.keyboard.press("Space")
        if focused[0] == "card":
            page.keyboard.press("ArrowUp")
            page.keyboard.press("ArrowDown")
        if focused[1] == "Allow":
            break
    assert ["step", "Cancel"] in seen
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Welcome back')")
    assert "code" in shop.answer()
    connection = Connection.objects.get()
    assert (connection.scopes, connection.card) == ([ADDRESS, CARD], card)


def test_without_javascript(shop, browser_page):
    buyer = make_buyer("emma@shop.example")
    page = browser_page(390, java_script_enabled=False)
    page.goto(shop.url())
    page.get_by_label("Your e-mail address").fill(buyer.email)
    page.get_by_role("button", name="Mail me a link").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    page.goto(mailed_link())
    page.get_by_role("button", name="Sign in").click()
    fill_address(page)
    page.get_by_text("Prinsengracht 263").first.wait_for()
    fill_card(page)
    page.get_by_text("1111").first.wait_for()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="Welcome back").wait_for()
    assert "code" in shop.answer()


def test_another_site_can_show_none_of_it_in_a_frame(shop, browser_page):
    """Row 14."""
    page = browser_page()
    page.goto(shop.uri)
    page.set_content(f"<iframe src='{shop.url()}'></iframe>")
    page.wait_for_function("true", timeout=2000)
    page.wait_for_timeout(500)
    assert "Nordic Market" not in "".join(frame.content() for frame in page.frames[1:])
    assert any("frame" in error.lower() for error in page.errors)


def test_fields_that_are_missing_are_named_where_they_are(shop, browser_page):
    buyer = make_buyer("emma@shop.example", password="a secret")
    page = browser_page(390)
    sign_in(page, shop.base, buyer)
    page.goto(shop.url())
    page.get_by_role("button", name="Allow").click()
    page.get_by_text("Choose an address, or add one.").wait_for()
    group = page.get_by_role("group", name="With this address")
    assert group.get_attribute("aria-describedby") == "address-error"
    check(page)
    assert not Connection.objects.exists()


@LOOKS
def test_all_other_pages(shop, browser_page, monkeypatch, width, scheme):
    buyer = make_buyer("emma@shop.example", password="a secret", name="Emma Brown")
    card, address = make_card(buyer), make_address(buyer)
    connect(shop.client, buyer, card=card, address=address, channel="Kiosk")
    order = WalletOrder.objects.create(
        client=shop.client,
        buyer=buyer,
        connection=Connection.objects.get(),
        external_id="A/1",
        state=VECTORS["valid_order"] | {"cancelReason": "OTHER"},
    )
    page = browser_page(width, scheme)
    for path in ("/pay/sign-in", "/pay/sign-in/x", "/pay/authorize?client_id=x"):
        page.goto(shop.base + path)
        check(page)
    page.errors.clear()  # 403 and 400
    sign_in(page, shop.base, buyer)
    connection = Connection.objects.get()
    for path in (
        "/wallet",
        f"/wallet/cards/{card.uuid}/remove",
        f"/wallet/addresses/{address.uuid}",
        f"/wallet/addresses/{address.uuid}/remove",
        "/wallet/connections",
        f"/wallet/connections/{connection.pk}",
        "/wallet/orders",
        "/wallet/account",
        "/wallet/account/password",
        "/wallet/account/close",
        f"/po/{track_id(order)}",
        "/pay/authorize?" + urlsplit(shop.url(login_hint="john@shop.example")).query,
    ):
        page.goto(shop.base + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        check(page)
    with monkeypatch.context() as patch:
        patch.setattr(visitors, "FRESH", 0)
        page.goto(f"{shop.base}/wallet/account/close")
        check(page)
    page.errors.clear()  # 403
    page.goto(f"{shop.base}/wallet/connections")
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_text("No app can use your wallet").wait_for()
    check(page)
    page.get_by_role("button", name="Nederlands").click()
    page.wait_for_selector("html[lang=nl]")
    page.locator("footer form").first.get_by_role("button").click()
    page.wait_for_url("**/pay/sign-in*")
    assert page.errors == []
