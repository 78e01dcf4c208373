"""Members and visitors in a real browser: with a keyboard, without JavaScript, in another site's frame."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from playwright.sync_api import expect

from orders.services import payment_said
from passes.links import pass_url
from tests.making import make_brand, make_coupon, make_endpoint, make_member, make_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(live_server, settings):
    """A brand that others can be told apart from, and the address of its pages."""
    settings.PUBLIC_URL = live_server.url
    brand = make_brand(primary_color="#e4b61a")  # black text on it, and too light for text on paper
    brand.address = f"{live_server.url}/s/{brand.slug}"
    return brand


def seen(page, width):
    """What is wrong with the page as it is, for eyes and for programs."""
    return page.axe(), page.errors, page.evaluate("document.documentElement.scrollWidth") > width


FINE = ([], [], False)


def sign_in(page, shop, email):
    """Sign in by the link that is mailed."""
    page.goto(f"{shop.address}/sign-in")
    page.get_by_label("Your e-mail address").fill(email)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Look into your mail").wait_for()
    page.goto(re.search(r"http\S+", mail.outbox[-1].body)[0])
    page.locator("main").get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_a_member_pays_with_points_and_money(shop, browser_page, width, scheme):
    make_endpoint(shop, statuses=["paid"])
    make_coupon(shop, title="Breakfast for two", points=3900, stock=3, valid_days=30)
    member = make_member(shop, points=1250, email="emma@example.com")
    page = browser_page(width, scheme)
    page.goto(f"{shop.address}/")
    assert seen(page, width) == FINE
    page.get_by_role("link", name="Breakfast for two").click()
    assert seen(page, width) == FINE
    page.get_by_role("button", name="Add to cart").click()
    assert seen(page, width) == FINE
    page.get_by_role("link", name="To the checkout").click()
    assert seen(page, width) == FINE
    sign_in(page, shop, member.email)  # leads back to the checkout
    slider = page.get_by_label("Points to use, slider")
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator("#points")).to_have_value("1250")
    expect(page.locator("#rest")).to_have_text("€26.50")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#rest")).to_have_text("€26.51")
    page.locator("#points").fill("1200")
    expect(slider).to_have_value("1200")
    expect(page.locator("#rest")).to_have_text("€27.00")
    assert seen(page, width) == FINE
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_role("button", name="Paid").click()
    assert seen(page, width) == FINE
    page.get_by_role("link", name="To your order").click()
    assert seen(page, width) == FINE
    page.get_by_role("link", name="Breakfast for two").click()
    order = shop.orders.get()
    assert (order.status, str(order.total), order.points_used) == ("paid", "27.00", 1200)
    assert page.locator("figcaption").inner_text() == order.items.get().issued_pass.qr_code
    assert page.locator("figure svg").is_visible()
    assert seen(page, width) == FINE
    delivery = shop.deliveries.get()
    assert (delivery.order_uuid, delivery.event.order_status) == (order.uuid, "paid")
    page.goto(f"{shop.address}/me/points")
    assert page.locator(".ledger li").first.inner_text().split("\n")[:2] == ["Spent on an order", "Order 1"]


def test_a_slider_that_was_moved_before_htmx_came_counts(shop, browser_page):
    make_coupon(shop, title="Breakfast for two", points=3900)
    member = make_member(shop, points=1250, email="emma@example.com")
    page = browser_page(390)
    page.goto(f"{shop.address}/")
    page.get_by_role("link", name="Breakfast for two").click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="To the checkout").click()
    late = []

    def hold(route):
        late.append(route)

    page.route("**/htmx.js", hold)
    sign_in(page, shop, member.email)
    page.get_by_label("Points to use, slider").focus()
    page.keyboard.press("End")
    expect(page.locator("#rest")).to_have_text("€39.00")
    late[0].continue_()
    expect(page.locator("#rest")).to_have_text("€26.50")
    expect(page.locator("#points")).to_have_value("1250")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_every_page_of_a_member_in_dutch(shop, browser_page, width, scheme):
    member = make_member(shop, points=1250, email="emma@example.com")
    paid = make_order(shop, member=member, quantity=2, points=100)
    payment_said(paid.payment, "paid")
    long = make_coupon(shop, title="Hottentottententententoonstellingsmakersgezelschapsverenigingsuitje")
    canceled = make_order(shop, member=member, points=100)
    payment_said(canceled.payment, "canceled")
    page = browser_page(width, scheme)
    sign_in(page, shop, member.email)
    page.goto(f"{shop.address}/?lang=nl")
    headings = {
        "": "Waar heb je zin in?",
        "cart": "Winkelwagen",
        "me": "Mijn wallet",
        "me/points": "Waarom je deze punten hebt",
        "me/orders": "Bestellingen",
        f"orders/{paid.uuid}": "Bestelling 1",
        f"orders/{canceled.uuid}": "Bestelling 2",
        f"passes/{paid.items.first().issued_pass.uuid}": "Cappuccino",
        f"coupons/{long.uuid}": long.title,
        "sign-in": "Inloggen",
    }
    for path, heading in headings.items():
        page.goto(f"{shop.address}/{path}")
        assert page.locator("h1").inner_text() == heading
        assert seen(page, width) == FINE, path


def test_without_javascript(shop, browser_page):
    make_coupon(shop, points=1000)
    member = make_member(shop, points=700, email="emma@example.com")
    page = browser_page(390, java_script_enabled=False)
    page.goto(f"{shop.address}/")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_label("Quantity of Cappuccino").fill("2")
    page.get_by_role("button", name="Update").click()
    page.get_by_role("link", name="To the checkout").click()
    sign_in(page, shop, member.email)
    page.get_by_label("Points to use, slider").fill("300")
    page.get_by_role("button", name="Recalculate").click()
    assert page.locator("#rest").inner_text() == "€17.00"
    page.locator("#points").fill("700")
    page.get_by_role("button", name="Order and pay").click()
    assert page.locator("#rest").inner_text() == "€13.00"
    assert page.locator("[role=alert]").inner_text() == "Please look at the new amount, and order then."
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_role("button", name="Paid").click()
    page.get_by_role("link", name="To your order").click()
    assert (shop.orders.get().status, shop.orders.get().points_used) == ("paid", 700)


def test_by_keyboard_one_sees_where_one_is(shop, browser_page):
    make_coupon(shop)
    page = browser_page(1400)
    page.goto(f"{shop.address}/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "To the content"
    assert page.locator(":focus").bounding_box()["y"] >= 0
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        names.append(" ".join(focused.inner_text().split()).replace(" :", ":"))
        where = focused.evaluate(
            "node => getComputedStyle(node.closest('.coupon:has(h2 a:focus)') ?? node).outlineStyle"
        )
        assert where == "solid"
    assert names == ["Café Noord", "Cart", "Sign in", "Cappuccino", "Add to cart: Cappuccino"]


@contextmanager
def site_with(frame):
    """Another site that shows `frame`: 127.0.0.1 and localhost are two sites to a browser."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<!doctype html><title>x</title><iframe src="{frame}" width=380 height=900>'.encode())

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_quickshop_in_another_sites_frame(shop, browser_page):
    coupon = make_coupon(shop, stock=5)
    assert "://localhost:" in shop.address
    with site_with(f"{shop.address}/quick/{coupon.uuid}") as host:
        shop.frame_hosts = [host]
        shop.save()
        page = browser_page(1400)
        page.goto(host)
        frame = page.frame_locator("iframe")
        frame.get_by_label("Quantity").fill("2")
        frame.get_by_label("Your name").fill("John")
        frame.get_by_label("Your e-mail address").fill("john@example.com")
        assert page.context.cookies() == []
        frame.get_by_role("button", name="Order and pay").click()
        page.get_by_role("button", name="Paid").click()  # in the whole window
        page.get_by_role("link", name="To your order").click()
        order = shop.orders.get()
        assert page.url == f"{shop.address}/orders/{order.uuid}"
        assert page.locator("#status").inner_text() == "Paid"
        assert (order.status, str(order.total)) == ("paid", "7.00")
        assert page.errors == []


@pytest.mark.parametrize("hosts", [[], ["https://www.noord.example"]])
def test_a_site_that_is_not_allowed_shows_no_quickshop(shop, browser_page, hosts):
    coupon = make_coupon(shop)
    shop.frame_hosts = hosts
    shop.save()
    with site_with(f"{shop.address}/quick/{coupon.uuid}") as host:
        page = browser_page(1400)
        page.goto(host)
        expect(page.frame_locator("iframe").locator("form")).to_have_count(0)
        page.wait_for_timeout(300)
        assert page.frames[1].url.startswith("chrome-error://")
        assert "frame-ancestors" in "".join(page.errors)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_the_quickshop_itself(shop, browser_page, width, scheme):
    page = browser_page(width, scheme)
    page.goto(f"{shop.address}/quick/{make_coupon(shop, stock=5, description='Two.').uuid}")
    assert seen(page, width) == FINE


def test_a_pass_on_paper(shop, browser_page):
    order = make_order(shop)
    payment_said(order.payment, "paid")
    issued = order.items.get().issued_pass
    page = browser_page(1400)
    page.goto(pass_url(issued))
    assert page.get_by_role("button", name="Print").is_visible()
    page.emulate_media(media="print")
    for name in ("header", "footer", "[data-print]"):
        assert not page.locator(name).is_visible()
    assert page.locator("figure svg").is_visible()
    assert page.locator("h1").inner_text() == "Cappuccino"
