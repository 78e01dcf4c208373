"""The sandbox's payment page."""

import uuid

import pytest
from django.test import Client

from orders.services import set_status
from tests.making import make_brand, make_endpoint, make_order


def url_of(order):
    return f"/pay/sandbox/{order.payment.uuid}"


def test_the_page_tells_what_is_due(client, brand):
    order = make_order(brand)
    page = client.get(url_of(order))
    assert page.status_code == 200
    text = page.content.decode()
    assert "Order 1" in text
    assert "€3.50" in text
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("outcome", ["paid", "failed", "canceled", "expired"])
def test_one_chooses_how_it_ends(client, brand, outcome):
    make_endpoint(brand, statuses=["open", outcome])
    order = make_order(brand)
    answer = client.post(url_of(order), {"outcome": outcome})
    assert (answer.status_code, answer.headers["Location"]) == (302, url_of(order))
    order.refresh_from_db()
    order.payment.refresh_from_db()
    assert (order.status, order.payment.status) == (outcome, outcome)
    assert list(brand.deliveries.order_by("version").values_list("event__order_status", flat=True)) == ["open", outcome]


def test_a_second_choice_changes_nothing(client, brand):
    order = make_order(brand)
    client.post(url_of(order), {"outcome": "paid"})
    client.post(url_of(order), {"outcome": "canceled"})
    order.refresh_from_db()
    assert (order.status, order.version) == ("paid", 2)


@pytest.mark.parametrize("data", [{}, {"outcome": "open"}, {"outcome": "stolen"}])
def test_nonsense_is_refused(client, brand, data):
    order = make_order(brand)
    assert client.post(url_of(order), data).status_code == 400
    order.refresh_from_db()
    assert order.status == "open"


def test_an_unknown_payment_is_404(client, brand):
    assert client.get(f"/pay/sandbox/{uuid.uuid4()}").status_code == 404


def test_without_the_forms_token_nothing_is_paid(brand):
    order = make_order(brand)
    assert Client(enforce_csrf_checks=True).post(url_of(order), {"outcome": "paid"}).status_code == 403
    order.refresh_from_db()
    assert order.status == "open"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_in_a_browser(live_server, browser_page, width, scheme):
    order = make_order(make_brand())
    page = browser_page(width, scheme)
    page.goto(live_server.url + url_of(order))
    assert page.axe() == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#outcome")
    assert page.inner_text("#outcome") == "Paid"
    assert page.axe() == []
    assert page.errors == []
    order.refresh_from_db()
    assert order.status == "paid"
    assert set_status(order, "paid").version == 2
