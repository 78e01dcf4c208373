"""A buyer's wallet, connected apps and orders, and that nobody else sees them."""

import io
import json
import re
import zipfile
from copy import deepcopy

import pytest
from django.core import mail
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from applewallet.models import Design
from buyers.history import followable, shown
from buyers.models import AccessToken, Connection, RefreshToken, WalletOrder
from buyers.pages import signing_in
from buyers.scopes import ADDRESS, CARD
from buyers.tasks import send_mails
from buyers.tracking import encode, track_id
from orders.services import payment_said
from shops import throttling
from tests.applewallet.making import make_credential
from tests.buyers.keeping import VECTORS, make_address, make_card
from tests.buyers.making import connect, make_buyer, make_client
from tests.making import make_order


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch):
    monkeypatch.setattr(signing_in, "MOST_OF_IP", 10**6)
    monkeypatch.setattr(signing_in, "MOST_OF_ADDRESS", 10**6)
    monkeypatch.setattr(throttling, "WINDOW", 86_400)


@pytest.fixture
def emma(client, db):
    """A buyer who has signed in with `client`."""
    buyer = make_buyer("emma@shop.example", password="a secret", name="Emma Brown")
    client.post("/pay/sign-in", {"email": buyer.email, "password": "a secret"})
    return buyer


@pytest.fixture
def shop(db):
    return make_client("Nordic Market")[0]


def text_of(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


class TestWallet:
    """Cards and addresses."""

    def test_they_are_shown_with_a_badge_and_without_a_number(self, client, emma):
        make_card(emma)
        make_address(emma)
        text = text_of(client, "/wallet")
        for part in ("Visa", "1111", "TEST", "expires 12/", "Jane Doe, 123 High Street, H3B2Y5 Mont Royal, QC, Canada"):
            assert part in text
        assert "4111111111111111" not in text

    def test_add_both(self, client, emma):
        fields = {"recipient": "Emma", "country": "NL", "line1": "Straat 1", "city": "Utrecht"}
        form = {f"address-{name}": value for name, value in fields.items()} | {"step": "address"}
        assert client.post("/wallet", form).headers["Location"] == "/wallet"
        form = {"step": "card", "card-number": "5454545454545454", "card-month": "1", "card-year": "2031"}
        form |= {"card-name": "Emma", "card-address": emma.addresses.get().uuid}
        assert client.post("/wallet", form).headers["Location"] == "/wallet"
        assert (emma.cards.get().last_four, emma.cards.get().network) == ("5454", "MASTERCARD")

    def test_what_is_wrong_is_said_and_nothing_added(self, client, emma):
        for step in ("address", "card", "x", ""):
            assert client.post("/wallet", {"step": step}).status_code == 422
        assert not emma.cards.exists()
        assert not emma.addresses.exists()

    def test_removing_warns_of_the_apps_that_use_it(self, client, emma, shop):
        card, address = make_card(emma), make_address(emma)
        connect(shop, emma, card=card, channel="Kiosk")
        path = f"/wallet/cards/{card.uuid}/remove"
        assert "Nordic Market Kiosk" in text_of(client, path)
        assert emma.cards.count() == 1  # looking removes nothing
        assert "No app uses it" in text_of(client, f"/wallet/addresses/{address.uuid}/remove")
        assert client.post(path).headers["Location"] == "/wallet"
        assert client.post(f"/wallet/addresses/{address.uuid}/remove").status_code == 303
        assert not emma.cards.exists()
        assert not emma.addresses.exists()
        assert "None: you removed it" in text_of(client, "/wallet/connections")

    def test_an_address_is_written_anew(self, client, emma):
        address = make_address(emma)
        path = f"/wallet/addresses/{address.uuid}"
        assert 'value="Mont Royal"' in text_of(client, path)
        form = {"address-recipient": "Emma", "address-country": "NL", "address-line1": "Straat 1"}
        faulty = client.post(path, form)
        assert faulty.status_code == 422
        assert re.findall(r'<[^>]*name="([^"]*)"[^>]* autofocus', faulty.content.decode()) == ["address-city"]
        assert client.post(path, form | {"address-city": "Utrecht"}).status_code == 303
        assert "Emma, Straat 1, Utrecht, Netherlands" in text_of(client, "/wallet")

    def test_other_buyers_things_are_not_there(self, client, emma):
        other = make_buyer()
        card, address = make_card(other), make_address(other)
        for path in (
            f"/wallet/cards/{card.uuid}/remove",
            f"/wallet/addresses/{address.uuid}/remove",
            f"/wallet/addresses/{address.uuid}",
        ):
            assert client.get(path).status_code == 404
            assert client.post(path).status_code == 404
        assert (other.cards.count(), other.addresses.count()) == (1, 1)

    def test_in_dutch(self, client, emma):
        answer = client.post("/pay/language", {"language": "nl", "next": "/wallet"})
        assert answer.headers["Location"] == "/wallet"
        text = text_of(client, "/wallet")
        assert '<html lang="nl">' in text
        for part in ("Je wallet", "Een testkaart toevoegen", "Bestellingen", "Ingelogd als emma@shop.example"):
            assert part in text


class TestConnections:
    """One row for each app and channel."""

    def test_what_is_shown(self, client, emma, shop):
        card, address = make_card(emma), make_address(emma)
        for channel in ("", "Kiosk"):
            for _time in range(2):  # tokens make no rows
                connect(shop, emma, [ADDRESS, CARD], card, address, channel)
        text = text_of(client, "/wallet/connections")
        assert text.count('class="app"') == 2
        assert text.count("See the address that you choose.") == 2
        assert "charged" not in text
        for part in ("Kiosk", "123 High Street", "1111", "Never", "TEST"):
            assert part in text

    def test_the_latest_orders_of_each_app_at_a_constant_cost(self, client, emma, shop):
        costs = []
        for times in (1, 4):
            for number in range(times):
                app = make_client(f"App {times}{number}")[0]
                connect(app, emma)
                row = Connection.objects.get(client=app)
                for order in range(5):
                    keep(app, emma, None, f"o-{times}{number}-{order}", connection=row)
            with CaptureQueriesContext(database) as queries:
                text = text_of(client, "/wallet/connections")
            costs.append(len(queries))
        assert costs[0] == costs[1]
        for told in ("10", "40", "43"):
            assert re.findall(rf"Order (o-{told}-\d)", text) == [f"o-{told}-{order}" for order in (4, 3, 2)]
        assert f'href="/po/{track_id(WalletOrder.objects.get(external_id="o-43-4"))}"' in text
        keep(shop, make_buyer(), None, "theirs")
        assert "theirs" not in text_of(client, "/wallet/connections")

    def test_disconnecting_ends_all_tokens_at_once_and_is_told_by_mail(self, client, emma, shop):
        connect(shop, emma)
        connect(shop, emma)
        row = Connection.objects.get()
        agent = {"User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"}
        answer = client.post(f"/wallet/connections/{row.pk}/disconnect", headers=agent)
        assert answer.headers["Location"] == "/wallet/connections"
        assert not AccessToken.objects.exists()
        assert not RefreshToken.objects.filter(revoked=None).exists()
        row.refresh_from_db()
        assert row.revoked_at is not None
        assert mail.outbox == []  # the page waits for no mail server
        assert send_mails() == 1
        (message,) = mail.outbox
        assert message.subject == "Nordic Market can no longer use your wallet"
        assert "With: Safari, iPhone" in message.body
        assert 'class="app"' not in text_of(client, "/wallet/connections")
        assert client.post(f"/wallet/connections/{row.pk}/disconnect").status_code == 404
        assert send_mails() == 0

    def test_looking_disconnects_nothing(self, client, emma, shop):
        connect(shop, emma)
        assert client.get(f"/wallet/connections/{Connection.objects.get().pk}/disconnect").status_code == 405
        assert AccessToken.objects.count() == 1

    def test_another_card_address_and_fewer_scopes(self, client, emma, shop):
        connect(shop, emma, [ADDRESS, CARD], make_card(emma), make_address(emma))
        row = Connection.objects.get()
        card, address = make_card(emma, "5555555555554444"), make_address(emma, city="Quebec")
        path = f"/wallet/connections/{row.pk}"
        form = {"step": "allow", "scopes": [ADDRESS, CARD], "card": card.uuid, "address": address.uuid}
        assert client.post(path, form).headers["Location"] == "/wallet/connections"
        row.refresh_from_db()
        assert (row.card, row.address, row.scopes) == (card, address, [ADDRESS, CARD])
        client.post(path, form | {"scopes": [CARD]})
        row.refresh_from_db()
        assert (row.card, row.address, row.scopes) == (card, None, [CARD])
        assert client.post(path, form).status_code == 400  # more has to be asked for
        row.refresh_from_db()
        assert row.scopes == [CARD]
        assert AccessToken.objects.count() == 1

    def test_leaving_it_as_it_is(self, client, emma, shop):
        connect(shop, emma, [ADDRESS, CARD], make_card(emma), make_address(emma))
        row = Connection.objects.get()
        form = {"step": "cancel", "scopes": [CARD]}
        assert client.post(f"/wallet/connections/{row.pk}", form).status_code == 303
        row.refresh_from_db()
        assert row.scopes == [ADDRESS, CARD]

    def test_something_is_added_on_the_way(self, client, emma, shop):
        connect(shop, emma, [ADDRESS])
        path = f"/wallet/connections/{Connection.objects.get().pk}"
        fields = {"recipient": "Emma", "country": "NL", "line1": "Straat 1", "city": "Utrecht"}
        form = {f"address-{name}": value for name, value in fields.items()} | {"step": "address"}
        assert client.post(path, form).headers["Location"] == path
        assert emma.addresses.count() == 1

    def test_other_buyers_are_not_there(self, client, emma, shop):
        other = make_buyer()
        connect(shop, other)
        row = Connection.objects.get()
        assert client.get(f"/wallet/connections/{row.pk}").status_code == 404
        for rest in ("", "/disconnect"):
            assert client.post(f"/wallet/connections/{row.pk}{rest}").status_code == 404
        assert AccessToken.objects.count() == 1
        assert 'class="app"' not in text_of(client, "/wallet/connections")


def state_of(**changed):
    """An order as the shared vectors have it."""
    return deepcopy(VECTORS["valid_order"]) | changed


def euros(amount):
    return {"amount": amount, "currencyCode": "EUR"}


def keep(shop, buyer, state, external_id="A/1", **columns):
    return WalletOrder.objects.create(client=shop, buyer=buyer, external_id=external_id, state=state, **columns)


class TestOrders:
    """What clients told of orders."""

    def test_list_and_page(self, client, emma, shop):
        tracking = {"carrierCode": "UPS", "trackingNumber": "1Z9", "trackingUrl": "https://ups.example/1Z9"}
        state = state_of()
        state["fulfillments"][0] |= {"status": "OUT_FOR_DELIVERY", "trackingInfo": tracking}
        refund = {
            "refundId": "r",
            "createdAt": "2021-08-12T10:00:00Z",
            "refundLineItems": [],
            "totalRefund": euros("0.50"),
        }
        state["refunds"] = [refund | {"description": "A scratch"}]
        found = keep(shop, emma, state)
        text = text_of(client, "/wallet/orders")
        path = f"/po/{track_id(found)}"
        assert f'href="{path}"' in text
        page = text_of(client, path)
        assert f"Order {state['orderNumber']}" in page
        for part in ("Snowdevil", "1 × Snowboard", "US$2.20", "10 August 2021", "Out for delivery", "UPS · 1Z9"):
            assert part in page, part
        assert re.search(r'<a href="https://ups.example/1Z9"\s+rel="noopener noreferrer nofollow"', page)
        assert "€0.50" in page
        assert "A scratch" in page
        assert "Apple Wallet" not in page
        assert '<img src="http' not in page  # nothing is fetched from elsewhere

    def test_one_that_was_only_confirmed(self, client, emma, shop):
        found = keep(shop, emma, None, "order-7")
        assert "Order order-7" in text_of(client, "/wallet/orders")
        assert "told no more yet" in text_of(client, f"/po/{track_id(found)}")

    def test_whoever_is_not_the_buyer_finds_nothing(self, client, emma, shop):
        theirs = keep(shop, make_buyer(), state_of())
        for text in (track_id(theirs), encode(shop.client_id, "x"), "x", "ä", "AA", track_id(theirs) + "="):
            for rest in ("", "/order"):
                assert client.get(f"/po/{text}{rest}").status_code == 404
        assert "Snowdevil" not in text_of(client, "/wallet/orders")

    def test_the_link_of_a_mail_leads_there_after_signing_in(self, client, emma, shop):
        path = f"/po/{track_id(keep(shop, emma, state_of()))}"
        client.post("/pay/sign-out")
        answer = client.get(path)
        assert answer.status_code == 303
        form = {"email": emma.email, "password": "a secret", "next": path}
        assert client.post("/pay/sign-in", form).headers["Location"] == path

    def test_what_a_client_wrote_is_text_and_leads_only_to_the_web(self, client, emma, shop):
        """Row 25."""
        nasty = '<script>alert(1)</script>"onload="x'
        state = state_of(orderNumber=nasty, orderUrl="javascript:alert(1)")
        state["merchant"]["name"] = state["lineItems"][0]["productTitle"] = nasty
        state["fulfillments"][0] |= {
            "name": nasty,
            "description": nasty,
            "trackingInfo": {"carrierCode": nasty, "trackingNumber": nasty, "trackingUrl": "JaVaScRiPt:alert(1)"},
        }
        path = f"/po/{track_id(keep(shop, emma, state))}"
        for page in (text_of(client, path), text_of(client, "/wallet/orders")):
            assert "<script" not in page
            assert "javascript:" not in page.lower()
            assert '"onload' not in page

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("https://ups.example/1", "https://ups.example/1"),
            ("http://ups.example/1", "http://ups.example/1"),
            ("javascript:alert(1)", ""),
            ("\tjavascript:alert(1)", ""),
            ("data:text/html,x", ""),
            ("//ups.example", ""),
            ("https:", ""),
            ("http://[", ""),
            (None, ""),
        ],
    )
    def test_links(self, url, expected):
        assert followable(url) == expected

    def test_every_time_has_its_step_in_order(self, emma):
        state = state_of(cancelReason="PARTIALLY_CANCELLED", cancelledAt="2021-08-10T15:00:00Z")
        state["fulfillments"] = [
            {
                "fulfillmentId": "1",
                "name": "Parcel",
                "status": "DELIVERED",
                "lineItemIds": [],
                "fulfilledAt": "2021-08-11T08:00:00.000Z",
                "inTransitAt": "2021-08-11T12:00:00.1234567Z",
                "deliveredAt": "2021-08-12T08:00:00Z",
            },
            {"fulfillmentId": "2", "name": "Rest", "status": "SUBMITTED", "lineItemIds": []},
        ]
        steps = shown(state).steps
        assert [(step.text, step.is_good) for step in steps] == [
            ("Order placed", True),
            ("Partly cancelled", False),
            ("Picked up by the carrier", True),
            ("On its way", True),
            ("Delivered", True),
            ("Submitted", True),
        ]
        assert [step.at is None for step in steps] == [False, False, False, False, False, True]

    def test_pages_of_twenty_five(self, client, emma, shop):
        for number in range(30):
            keep(shop, emma, None, f"o-{number:02}")
        assert text_of(client, "/wallet/orders").count("<li>") == 25
        assert text_of(client, "/wallet/orders?page=2").count("<li>") == 5
        assert "o-29" in text_of(client, "/wallet/orders?page=x")


class TestAppleWallet:
    """An order of one of our brands, as a package."""

    @pytest.fixture
    def found(self, brand, emma, shop):
        make_credential(brand, "order")
        Design.objects.create(brand=brand, merchant_identifier="merchant.example", email="hi@noord.example")
        order = make_order(brand)
        payment_said(order.payment, "paid")
        order.refresh_from_db()
        return keep(shop, emma, state_of(), order=order)

    def test_it_is_offered_and_handed_out(self, client, found):
        path = f"/po/{track_id(found)}"
        assert f'href="{path}/order"' in text_of(client, path)
        answer = client.get(f"{path}/order")
        assert answer.headers["Content-Type"] == "application/vnd.apple.finance.order"
        assert answer.headers["Cache-Control"] == "no-store"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            content = json.loads(archive.read("order.json"))
        assert content["orderNumber"] == str(found.order.number)

    def test_without_a_certificate_it_is_not(self, client, found):
        found.order.brand.credentials.all().update(is_active=False)
        path = f"/po/{track_id(found)}"
        assert "Apple Wallet" not in text_of(client, path)
        assert client.get(f"{path}/order").status_code == 503

    def test_nor_without_an_order_of_ours(self, client, emma, shop):
        assert client.get(f"/po/{track_id(keep(shop, emma, state_of()))}/order").status_code == 404

    def test_nor_to_others(self, client, found):
        client.post("/pay/sign-out")
        make_buyer("other@shop.example", password="a secret")
        client.post("/pay/sign-in", {"email": "other@shop.example", "password": "a secret"})
        assert client.get(f"/po/{track_id(found)}/order").status_code == 404
        assert not found.order.brand.packages.exists()
