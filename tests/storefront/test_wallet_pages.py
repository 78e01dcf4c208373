"""Members' passes and orders, who may see them, and the files for Apple Wallet."""

import io
import json
import re
import zipfile
from datetime import timedelta

import pytest
from django.core import mail, signing
from django.utils import timezone

from applewallet.models import Design
from orders.services import payment_said, place_order
from orders.stated import state_order
from passes.links import key_of, pass_url
from storefront.visitors import SALT
from tests.applewallet.making import make_credential
from tests.making import make_brand, make_coupon, make_member, make_order
from tests.orders.test_stated_orders import statement
from tests.storefront.shopping import check_out, put_in_cart


@pytest.fixture
def signed(brand):
    """The brand can sign both kinds."""
    make_credential(brand)
    make_credential(brand, "order")
    Design.objects.create(brand=brand, merchant_identifier="merchant.example", email="hi@noord.example")
    return brand


def buy(client, brand, quantity=1):
    """Buy as a visitor does, and pay."""
    coupon = make_coupon(brand)
    put_in_cart(client, coupon, quantity)
    check_out(client, brand)
    order = brand.orders.get()
    payment_said(order.payment, "paid")
    order.refresh_from_db()
    return order


def link_for(client, brand, email):
    client.post(f"/s/{brand.slug}/sign-in", {"email": email})
    return re.search(r"http\S+(/s/\S+)", mail.outbox[-1].body)[1] if mail.outbox else None


def sign_in(client, brand, email):
    return client.post(link_for(client, brand, email))


class TestOrders:
    """An order is shown to the browser that placed it, and to its member."""

    def test_the_buyer_sees_it(self, client, signed):
        order = buy(client, signed, quantity=2)
        page = client.get(f"/s/{signed.slug}/orders/{order.uuid}")
        assert page.status_code == 200
        assert "Track in Apple Wallet" in page.content.decode()
        bought, _, passes = page.content.decode().partition('id="passes"')
        assert re.findall(r"2 × Cappuccino|€[\d.]+", bought) == ["2 × Cappuccino", "€7.00", "€7.00"]
        assert passes.count("Cappuccino") == 2

    def test_points_and_money_are_told_apart(self, client, signed):
        member = make_member(signed, points=500)
        order = place_order(
            member, [(make_coupon(signed), 2), (make_coupon(signed, title="Pie", points=150), 1)], points=450
        )
        payment_said(order.payment, "paid")
        client.post(link_for(client, signed, member.email))
        text = client.get(f"/s/{signed.slug}/orders/{order.uuid}").content.decode()
        assert re.findall(r"\d+ × \w+|€[\d.]+|[\d,]+ points", text) == [
            *("2 × Cappuccino", "€7.00", "1 × Pie", "€1.50"),
            *("€8.50", "850 points", "450 points", "€4.00"),
        ]

    @pytest.mark.parametrize("rest", ["", "/order", "/passes", "/apple-pay"])
    def test_nobody_else_does_whatever_address_they_know(self, client, signed, rest):
        order = make_order(signed)
        payment_said(order.payment, "paid")
        answer = client.get(f"/s/{signed.slug}/orders/{order.uuid}{rest}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/s/{signed.slug}/sign-in")
        assert not signed.packages.exists()

    @pytest.mark.parametrize("rest", ["", "/order", "/passes", "/apple-pay"])
    def test_another_brands_shop_does_not_know_it(self, client, signed, other, rest):
        order = buy(client, signed)
        assert client.get(f"/s/{other.slug}/orders/{order.uuid}{rest}").status_code == 404

    def test_the_order_as_a_package(self, client, signed):
        order = buy(client, signed)
        answer = client.get(f"/s/{signed.slug}/orders/{order.uuid}/order")
        assert answer.headers["Content-Type"] == "application/vnd.apple.finance.order"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="order-1.order"'
        assert answer.headers["Cache-Control"] == "private, no-store"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert json.loads(archive.read("order.json"))["orderNumber"] == "1"

    def test_many_passes_in_bundles_of_ten(self, client, signed):
        order = buy(client, signed, quantity=12)
        sizes = []
        for part in ("1", "2"):
            answer = client.get(f"/s/{signed.slug}/orders/{order.uuid}/passes?part={part}")
            assert answer.headers["Content-Type"] == "application/vnd.apple.pkpasses"
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                sizes.append(len(archive.namelist()))
        assert sizes == [10, 2]
        for part in ("0", "3", "x", "-1", "99999"):
            assert client.get(f"/s/{signed.slug}/orders/{order.uuid}/passes?part={part}").status_code == 404

    def test_what_apple_pay_wants(self, client, signed):
        order = buy(client, signed)
        details = client.get(f"/s/{signed.slug}/orders/{order.uuid}/apple-pay").json()
        with zipfile.ZipFile(io.BytesIO(client.get(f"/s/{signed.slug}/orders/{order.uuid}/order").content)) as archive:
            content = json.loads(archive.read("order.json"))
        assert details == {key: content[key] for key in details}
        assert sorted(details) == ["authenticationToken", "orderIdentifier", "orderTypeIdentifier", "webServiceURL"]

    def test_without_a_certificate_the_pages_work_and_offer_nothing(self, client, brand):
        order = buy(client, brand)
        page = client.get(f"/s/{brand.slug}/orders/{order.uuid}").content.decode()
        assert "Apple Wallet" not in page
        assert client.get(f"/s/{brand.slug}/orders/{order.uuid}/order").status_code == 503
        assert client.get(f"/s/{brand.slug}/orders/{order.uuid}/passes").status_code == 503

    def test_an_expired_certificate_takes_no_page_down(self, client, signed):
        order = buy(client, signed)
        signed.credentials.update(valid_until=timezone.now() - timedelta(days=1))
        assert client.get(f"/s/{signed.slug}/orders/{order.uuid}").status_code == 200
        answer = client.get(f"/s/{signed.slug}/orders/{order.uuid}/passes")
        assert (answer.status_code, answer.content) == (
            503,
            b"This shop's certificate for Apple Wallet has expired.",
        )


class TestPasses:
    """A pass opens by the key in its link."""

    @pytest.fixture
    def issued(self, signed):
        order = make_order(signed)
        payment_said(order.payment, "paid")
        return order.items.get().issued_pass

    def test_the_link_opens_it(self, client, signed, issued):
        path = pass_url(issued).removeprefix("http://127.0.0.1:8000")
        text = client.get(path).content.decode()
        assert issued.qr_code in text
        assert "<svg" in text
        file = client.get(f"/s/{signed.slug}/passes/{issued.uuid}/file?key={key_of(issued)}")
        assert file.headers["Content-Type"] == "application/vnd.apple.pkpass"

    @pytest.mark.parametrize("key", ["", "x", "0", "ключ"])
    @pytest.mark.parametrize("rest", ["", "/file"])
    def test_without_its_key_it_is_not_there(self, client, signed, issued, key, rest):
        assert client.get(f"/s/{signed.slug}/passes/{issued.uuid}{rest}", {"key": key}).status_code == 404
        assert not signed.packages.exists()

    def test_one_key_opens_one_pass(self, client, signed, issued):
        order = make_order(signed)
        payment_said(order.payment, "paid")
        second = order.items.get().issued_pass
        assert client.get(f"/s/{signed.slug}/passes/{second.uuid}?key={key_of(issued)}").status_code == 404

    def test_before_it_is_paid_there_is_no_pass(self, client, signed):
        reserved = make_order(signed).items.get().issued_pass
        assert client.get(f"/s/{signed.slug}/passes/{reserved.uuid}?key={key_of(reserved)}").status_code == 404


class TestSigningIn:
    """A link by mail, once, for half an hour."""

    def test_a_member_sees_what_a_partner_says_they_bought(self, client, brand):
        order = state_order(brand, make_member(brand, email="emma@example.com"), statement())
        sign_in(client, brand, "emma@example.com")
        text = " ".join(client.get(f"/s/{brand.slug}/orders/{order.uuid}").content.decode().split())
        assert "Order #1001" in text
        assert "2 × Snowboard" in text
        assert "€8.00" in text
        assert "Add to Apple Wallet" not in text

    def test_a_member_sees_everything_of_theirs(self, client, signed):
        member = make_member(signed, email="emma@example.com", points=1200)
        mine = make_order(signed, member=member)
        payment_said(mine.payment, "paid")
        make_order(signed, coupon=make_coupon(signed, title="Secret"))
        assert sign_in(client, signed, "Emma@Example.com").headers["Location"] == f"/s/{signed.slug}/me"
        text = client.get(f"/s/{signed.slug}/me").content.decode()
        assert "1,200 points" in text
        assert "Order 1" in text
        assert "Order 2" not in text
        assert "Secret" not in text
        assert client.get(f"/s/{signed.slug}/orders/{mine.uuid}").status_code == 200
        card = client.get(f"/s/{signed.slug}/me/card")
        assert card.headers["Content-Type"] == "application/vnd.apple.pkpass"

    def test_the_answer_does_not_tell_who_is_a_member(self, client, brand):
        make_member(brand, email="emma@example.com")
        texts = []
        for email in ("emma@example.com", "nobody@example.com"):
            answer = client.post(f"/s/{brand.slug}/sign-in", {"email": email})
            texts.append(answer.content.decode().replace(email, ""))
        assert texts[0] == texts[1]
        assert [message.to for message in mail.outbox] == [["emma@example.com"]]

    def test_a_link_works_once(self, client, brand):
        make_member(brand, email="emma@example.com")
        link = link_for(client, brand, "emma@example.com")
        assert client.get(link).status_code == 200  # a scanner looks at it
        assert client.post(link).status_code == 302
        client.post(f"/s/{brand.slug}/sign-out")
        assert client.post(link).status_code == 403
        assert client.get(f"/s/{brand.slug}/me").status_code == 302

    def test_an_old_link_and_a_made_up_one_do_nothing(self, client, brand, other, monkeypatch):
        member = make_member(brand, email="emma@example.com")
        link = link_for(client, brand, "emma@example.com")
        theirs = signing.dumps([str(member.uuid), ""], salt=SALT)
        assert client.post(f"/s/{other.slug}/sign-in/{theirs}").status_code == 403
        assert client.post(f"/s/{brand.slug}/sign-in/{signing.dumps([str(member.uuid), ''])}").status_code == 403
        monkeypatch.setattr("storefront.visitors.LINK_LASTS", -1)
        assert client.post(link).status_code == 403
        member.refresh_from_db()
        assert member.signed_in_at is None

    def test_a_place_in_one_shop_is_none_in_another(self, client, brand, other):
        make_member(brand, email="emma@example.com")
        make_member(other, email="emma@example.com")
        sign_in(client, brand, "emma@example.com")
        assert client.get(f"/s/{other.slug}/me").status_code == 302

    def test_what_is_no_address_is_said(self, client, brand):
        answer = client.post(f"/s/{brand.slug}/sign-in", {"email": "x"})
        assert answer.status_code == 422
        assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_in_a_browser(live_server, browser_page, settings, width, scheme):
    settings.PUBLIC_URL = live_server.url
    brand = make_brand()
    make_credential(brand)
    make_credential(brand, "order")
    coupon = make_coupon(brand, title="Breakfast for two", valid_days=30)
    page = browser_page(width, scheme)
    page.goto(f"{live_server.url}/s/{brand.slug}/coupons/{coupon.uuid}")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="To the checkout").click()
    page.get_by_label("Your name").fill("John")
    page.get_by_label("Your e-mail address").fill("john@example.com")
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_role("button", name="Paid").click()
    order = brand.orders.get()
    page.goto(f"{live_server.url}/s/{brand.slug}/orders/{order.uuid}")
    assert page.axe() == []
    page.get_by_role("link", name="Breakfast for two").click()
    assert page.locator("figcaption").inner_text() == order.items.get().issued_pass.qr_code
    assert page.axe() == []
    page.goto(f"{live_server.url}/s/{brand.slug}/sign-in")
    assert page.axe() == []
    page.get_by_label("Your e-mail address").fill("john@example.com")
    page.get_by_role("button", name="Mail me a link").click()
    page.wait_for_selector("h1:has-text('mail')")
    assert page.axe() == []
    page.goto(re.search(r"(http\S+/sign-in/\S+)", mail.outbox[-1].body)[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/me")
    assert page.axe() == []
    assert page.errors == []


def test_without_a_merchant_id_orders_are_not_offered_and_nothing_breaks(client, signed):
    Design.objects.update(merchant_identifier="")
    order = buy(client, signed)
    assert "Track in Apple Wallet" not in client.get(f"/s/{signed.slug}/orders/{order.uuid}").content.decode()
    for rest in ("/order", "/apple-pay"):
        answer = client.get(f"/s/{signed.slug}/orders/{order.uuid}{rest}")
        assert answer.status_code == 503
        assert "Merchant ID" in answer.content.decode()
    assert client.get(f"/s/{signed.slug}/orders/{order.uuid}/passes").status_code == 200
