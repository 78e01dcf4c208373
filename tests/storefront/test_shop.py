"""A visitor looks around and buys."""

import pytest

from orders.models import Order
from shops.models import Member
from tests.making import make_brand, make_coupon, make_member


def test_the_shop_shows_what_is_for_sale(client, brand, other):
    make_coupon(brand, title="Cappuccino", points=350)
    make_coupon(brand, title="Old thing", is_active=False)
    make_coupon(brand, title="Rare thing", stock=0)
    make_coupon(other, title="Inner tube")
    text = client.get(f"/s/{brand.slug}/").content.decode()
    assert "EUR 3.50" in text
    assert "or 350 points" in text
    assert "Sold out" in text
    assert "Old thing" not in text
    assert "Inner tube" not in text
    assert client.get("/s/nobody/").status_code == 404


@pytest.mark.parametrize("count", [1, 9])
def test_the_shop_costs_two_statements(client, brand, count, statements):
    for _ in range(count):
        make_coupon(brand)
    statements.clear()
    client.get(f"/s/{brand.slug}/")
    assert len(statements) == 2


def asked(coupon, **more):
    return {"coupon": coupon.uuid, "quantity": 2, "name": "John", "email": "john@example.com"} | more


def test_buying_leads_to_the_payment(client, brand):
    answer = client.post(f"/s/{brand.slug}/checkout", asked(make_coupon(brand)))
    order = brand.orders.get()
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"http://127.0.0.1:8000/pay/sandbox/{order.payment.uuid}",
    )
    assert (order.member.email, str(order.total), order.items.count()) == ("john@example.com", "7.00", 2)


def test_a_strangers_points_are_not_spent(client, brand):
    member = make_member(brand, points=5000, email="john@example.com")
    client.post(f"/s/{brand.slug}/checkout", asked(make_coupon(brand), points="max"))
    member.refresh_from_db()
    assert (member.points, brand.orders.get().points_used) == (5000, 0)


@pytest.mark.parametrize("more", [{"email": "x"}, {"name": ""}, {"quantity": 0}, {"quantity": 101}, {"quantity": 3}])
def test_what_is_wrong_is_shown_and_nothing_is_sold(client, brand, more):
    answer = client.post(f"/s/{brand.slug}/checkout", asked(make_coupon(brand, stock=2), **more))
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert (Order.objects.count(), Member.objects.count()) == (0, 0)


def test_another_brands_coupon_is_not_sold_here(client, brand, other):
    theirs = make_coupon(other)
    assert client.get(f"/s/{brand.slug}/checkout?coupon={theirs.uuid}").status_code == 302
    assert client.post(f"/s/{brand.slug}/checkout", asked(theirs)).status_code == 302
    assert client.get(f"/s/{brand.slug}/checkout?coupon=x").status_code == 302
    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_in_a_browser(live_server, browser_page, settings, width, scheme):
    settings.PUBLIC_URL = live_server.url
    brand = make_brand()
    for title in ("Cappuccino", "Breakfast for two", "Apple pie, whole"):
        make_coupon(brand, title=title)
    page = browser_page(width, scheme)
    page.goto(f"{live_server.url}/s/{brand.slug}/")
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Buy Breakfast for two").click()
    assert page.axe() == []
    page.get_by_label("Your name").fill("John")
    page.get_by_label("Your e-mail address").fill("john@example.com")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Paid").click()
    page.wait_for_selector("#outcome")
    assert page.errors == []
    assert brand.orders.get().status == "paid"
