"""The quickshop: in whose frames it stands, and that it needs no cookie."""

import pytest
from django.test import Client

from shops.models import Brand
from tests.making import make_coupon
from tests.storefront.shopping import field

HOST = "https://www.noord.example"
HERE = "http://testserver"


@pytest.fixture
def coupon(brand):
    return make_coupon(brand, stock=9)


@pytest.fixture
def path(coupon):
    return f"/s/{coupon.brand.slug}/quick/{coupon.uuid}"


def order(path, client=None, origin=HERE, **more):
    client = client or Client(enforce_csrf_checks=True)
    slip = field(client.get(path), "slip")
    form = {"slip": slip, "quantity": 2, "name": "John", "email": "john@example.com"} | more
    return client.post(path, form, headers={"Origin": origin} if origin else {})


def test_nobody_frames_it_unless_the_brand_says_so(client, path):
    headers = client.get(path).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_the_brands_hosts_frame_it_and_no_other_page(client, brand, path):
    Brand.objects.filter(pk=brand.pk).update(frame_hosts=[HOST, "http://localhost:8080"])
    headers = client.get(path).headers
    assert f"frame-ancestors 'self' {HOST} http://localhost:8080;" in headers["Content-Security-Policy"] + ";"
    assert "frame-ancestors 'none'" not in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers
    shop = client.get(f"/s/{brand.slug}/").headers
    assert "frame-ancestors 'none'" in shop["Content-Security-Policy"]
    assert shop["X-Frame-Options"] == "DENY"


def test_looking_sets_no_cookie_and_is_not_cached(client, path):
    answer = client.get(f"{path}?lang=nl")
    assert not answer.cookies
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert 'target="_top"' in answer.content.decode()
    assert "Bestellen en betalen" in answer.content.decode()


def test_buying_without_any_cookie_leads_to_the_payment(brand, path):
    answer = order(path)
    placed = brand.orders.get()
    assert answer.headers["Location"] == f"http://127.0.0.1:8000/pay/sandbox/{placed.payment.uuid}"
    assert (placed.member.email, str(placed.total)) == ("john@example.com", "7.00")


def test_the_buyer_sees_the_order_afterwards(brand, path):
    client = Client()
    order(path, client)
    assert client.get(f"/s/{brand.slug}/orders/{brand.orders.get().uuid}").status_code == 200


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://testserver.evil.example", HOST])
def test_a_form_from_elsewhere_places_nothing_and_leaves_no_cookie(brand, path, origin):
    Brand.objects.filter(pk=brand.pk).update(frame_hosts=[HOST])
    answer = order(path, origin=origin)
    assert answer.status_code == 403
    assert not answer.cookies
    assert not brand.orders.exists()
    assert not brand.members.exists()


def test_a_form_sent_twice_places_one_order(brand, path):
    client = Client()
    slip = field(client.get(path), "slip")
    found = {order(path, client, slip=slip).headers["Location"] for _ in range(2)}
    assert len(found) == 1
    assert brand.orders.count() == 1


@pytest.mark.parametrize("more", [{"quantity": 0}, {"quantity": 10}, {"email": "x"}, {"name": ""}, {"quantity": 101}])
def test_what_is_wrong_is_shown_and_nothing_is_sold(brand, path, more):
    assert order(path, **more).status_code == 422
    assert not brand.orders.exists()
    assert not brand.members.exists()


def test_a_slip_is_for_its_coupon_and_its_price(brand, path):
    tea = make_coupon(brand, title="Tea", points=1)
    slip = field(Client().get(f"/s/{brand.slug}/quick/{tea.uuid}"), "slip")
    assert order(path, slip=slip).status_code == 409
    client = Client()
    slip = field(client.get(path), "slip")
    brand.coupons.update(points=900)
    assert order(path, client, slip=slip).status_code == 409
    assert not brand.orders.exists()


def test_another_brands_coupon_is_not_there(client, other, coupon):
    assert client.get(f"/s/{other.slug}/quick/{coupon.uuid}").status_code == 404


def test_it_costs_two_statements(client, path, statements):
    statements.clear()
    client.get(path)
    assert len(statements) == 2  # the brand, the coupon
