"""The order's page and a new token, in a real browser."""

import pytest
from django.core.management import call_command

from orders.services import payment_said
from tests.admin.helping import order_of, sign_in


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_staff_process_an_order(live_server, browser_page, staff, member, look):
    order = order_of(member, points="max")
    page = browser_page(*look)
    sign_in(page, live_server, staff("support"))
    page.goto(f"{live_server.url}/admin/orders/order/{order.pk}/change/")
    assert page.title() == f"Order {order.number} | WalletApp"
    assert page.axe() == []
    page.get_by_role("button", name="Mark as being processed").click()
    page.get_by_text(f"Mark as being processed: order {order.number}.").wait_for()
    assert page.get_by_role("button", name="Mark as processed").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    order.refresh_from_db()
    assert order.processing_status == "being_processed"
    assert page.errors == []


@pytest.mark.django_db(transaction=True)
def test_staff_refund_an_order_and_a_viewer_cannot(live_server, browser_page, staff, member):
    order = order_of(member, points=100)
    payment_said(order.payment, "paid")
    address = f"{live_server.url}/admin/orders/order/{order.pk}"
    viewer = browser_page(1400)
    sign_in(viewer, live_server, staff("viewer"))
    viewer.goto(f"{address}/change/")
    assert viewer.get_by_text("Nothing was given back.").is_visible()
    assert viewer.get_by_role("link", name="Refund", exact=True).count() == 0
    assert viewer.goto(f"{address}/refund/").status == 403

    page = browser_page(1400)
    sign_in(page, live_server, staff("manager"))
    page.goto(f"{address}/change/")
    page.get_by_role("link", name="Refund", exact=True).click()
    for box in page.get_by_role("checkbox").all():
        if box.get_attribute("name") == "passes":
            box.check()
    page.get_by_role("button", name="See what it gives back").click()
    assert page.get_by_text("This is what would happen").is_visible()
    assert order.refunds.count() == 0
    page.get_by_role("button", name="Refund", exact=True).click()
    page.wait_for_url(f"{address}/change/")
    assert page.get_by_role("cell", name="Completed", exact=True).is_visible()
    refund = order.refunds.get()
    assert (refund.status, refund.amount, refund.points) == ("completed", order.total, 100)
    assert [item.issued_pass.status for item in order.items.all()] == ["blocked"]
    assert page.errors == []
    call_command("check_points")


@pytest.mark.django_db(transaction=True)
def test_an_owner_copies_a_new_token(live_server, browser_page, staff, brand):
    page = browser_page(390)
    sign_in(page, live_server, staff("owner"))
    page.goto(f"{live_server.url}/admin/shops/apitoken/add/")
    page.get_by_label("Name").fill("Till")
    page.get_by_text("Read orders (shops.orders.get)").click()
    page.get_by_role("button", name="Save", exact=True).click()
    field = page.get_by_label("API token")
    secret = field.input_value()
    assert secret.startswith(f"{brand.apitokens.get().pk}|")
    assert page.axe() == []
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("link", name="I have stored it").click()
    page.wait_for_url(f"{live_server.url}/admin/shops/apitoken/")
    assert secret not in page.content()
    assert page.errors == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("opener", "area"),
    [("Filters", "#changelist-filter"), ("viewer0@team.example", "nav[x-show=openUserLinks]")],
)
def test_menus_open_and_close_by_keys(live_server, browser_page, staff, order, opener, area):
    page = browser_page(1400)
    sign_in(page, live_server, staff("viewer"))
    page.goto(f"{live_server.url}/admin/orders/order/")
    button = page.get_by_role("button", name=opener)
    page.get_by_role("button", name=opener, expanded=False).press("Enter")
    page.wait_for_function("area => document.querySelector(area).contains(document.activeElement)", arg=area)
    page.get_by_role("button", name=opener, expanded=True).wait_for()
    page.keyboard.press("Escape")
    page.locator(area).wait_for(state="hidden")
    page.get_by_role("button", name=opener, expanded=False).wait_for()
    assert button.evaluate("button => button === document.activeElement")
    assert page.errors == []
