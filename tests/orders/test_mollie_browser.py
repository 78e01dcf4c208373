"""From the shop to Mollie's own page and back, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.making import make_coupon, make_member
from tests.orders.test_mollie import later
from tests.storefront.test_browser import FINE, seen, sign_in, site_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address(live_server, settings, shop):
    """Of the shop's pages, which its tests know by `shop.address` too."""
    settings.PUBLIC_URL = live_server.url
    shop.address = f"{live_server.url}/s/{shop.slug}"
    return shop.address


def test_points_and_money_by_way_of_mollie_to_the_pass(mollie, shop, address, browser_page):
    coupon = make_coupon(shop, title="Breakfast for two", points=3900, stock=3)
    member = make_member(shop, points=1250, email="emma@example.com")
    page = browser_page(390, "dark")
    sign_in(page, shop, member.email)
    page.goto(f"{address}/coupons/{coupon.uuid}")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="To the checkout").click()
    page.locator("#points").fill("1200")
    expect(page.locator("#rest")).to_have_text("€27.00")
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_role("button", name="paid").wait_for()
    assert page.url == f"{mollie.url}/checkout/tr_Stand00001"
    assert mollie.payments["tr_Stand00001"]["amount"] == {"currency": "EUR", "value": "27.00"}
    later()  # else the page leaves Mollie alone for five seconds
    page.get_by_role("button", name="paid").click()
    page.locator("#status", has_text="Paid").wait_for()
    order = shop.orders.get()
    assert page.url == f"{address}/orders/{order.uuid}"
    assert seen(page, 390) == FINE
    page.get_by_role("link", name="Breakfast for two").click()
    assert page.locator("figcaption").inner_text() == order.items.get().issued_pass.qr_code
    member.refresh_from_db()
    assert (order.status, order.payment.status, member.points) == ("paid", "paid", 50)


def test_from_a_frame_the_payment_opens_in_the_whole_window(mollie, shop, address, browser_page):
    """Mollie's page refuses to be framed, and so does ours that leads to it."""
    coupon = make_coupon(shop, stock=5)
    with site_with(f"{address}/quick/{coupon.uuid}") as host:
        shop.frame_hosts = [host]
        shop.save()
        page = browser_page(1400)
        page.goto(host)
        frame = page.frame_locator("iframe")
        frame.get_by_label("Your name").fill("John")
        frame.get_by_label("Your e-mail address").fill("john@example.com")
        frame.get_by_role("button", name="Order and pay").click()
        page.locator("#checkout").wait_for()
        assert (page.url, len(page.frames)) == (f"{mollie.url}/checkout/tr_Stand00001", 1)
        later()
        page.get_by_role("button", name="failed").click()
        page.locator("#status", has_text="Failed").wait_for()
        coupon.refresh_from_db()
        assert (shop.orders.get().status, coupon.stock) == ("failed", 5)
        assert page.errors == []
