"""The desk's pages in a real browser: staff work on them, and axe finds nothing."""

import pytest

from tests.admin.helping import sign_in
from tests.making import make_endpoint, make_member, make_paid_order


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_staff_look_at_the_shop_and_work_on_an_order(live_server, browser_page, staff, brand, look):
    make_endpoint(brand)
    member = make_member(brand, points=500, email="old@example.com")
    make_member(brand, email="new@example.com")
    order = make_paid_order(brand, member=member, points=100)
    page = browser_page(*look)
    sign_in(page, live_server, staff("manager"))
    assert page.title() == f"{brand.name} | WalletApp"
    assert page.get_by_text("Nothing. All is well.").is_visible()
    assert page.axe() == []
    page.get_by_text("As a table").first.click()
    assert page.axe() == []
    page.goto(f"{live_server.url}/admin/orders/order/{order.pk}/change/")
    page.get_by_label("Write a note").fill("Asked for a window seat.")
    page.get_by_role("button", name="Write").click()
    page.get_by_text("The note is written.").wait_for()
    page.get_by_label("Add a tag").fill("VIP")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Remove the tag “vip”").wait_for()
    assert page.get_by_role("listitem").filter(has_text="Asked for a window seat.").is_visible()
    assert page.axe() == []
    copy = page.get_by_role("button", name="Copy API address")
    copy.focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="API address copied.").wait_for()
    assert copy.evaluate("button => button === document.activeElement")
    page.get_by_role("link", name="As the partner sees it").click()
    page.get_by_role("heading", name=f"Order {order.number} as the partner sees it").wait_for()
    assert page.axe() == []
    page.goto(f"{live_server.url}/admin/shops/member/{member.pk}/merge/")
    page.get_by_label("E-mail address of the member who stays").fill("new@example.com")
    page.get_by_role("button", name="See what would move").click()
    page.get_by_text("This is what would happen").wait_for()
    assert page.axe() == []
    page.goto(f"{live_server.url}/admin/shops/member/{member.pk}/erase/")
    page.get_by_text("Points that are lost").wait_for()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.errors == []
