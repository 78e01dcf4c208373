"""The way to Mollie and back, and its webhook."""

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from orders import mollie_pages
from orders.models import Order, Payment
from orders.paying import look
from orders.payments.keys import forget_key, keep_key
from orders.refunds import request_refund
from orders.tasks import ask_providers, look_at_payments
from shops import throttling
from storefront.visitors import sign_in_url
from tests.client import Api
from tests.making import make_coupon, make_order, token_for
from tests.orders.test_mollie import later, row, status
from tests.orders.test_mollie_refunds import at_mollie


@pytest.fixture
def order(shop):
    return make_order(shop)


@pytest.fixture
def known(order):
    return look(order.payment)


@pytest.fixture
def hints(monkeypatch):
    """What is given to workers."""
    given = []
    monkeypatch.setattr(mollie_pages, "give", given.append)
    return given


def told(client, payment, body="id=", kind="application/x-www-form-urlencoded"):
    return client.post(f"/payments/mollie/{payment.uuid}", body, content_type=kind)


def asked(coupon, **more):
    body = {"member": {"email": "john@example.com"}, "items": [{"coupon": str(coupon.uuid), "quantity": 2}]}
    return body | more


def test_the_webhook_says_look_and_mollie_is_asked(client, mollie, order, known, hints):
    mollie.say(known, "paid")
    answer = told(client, known, f"id={known.provider_id}")
    assert (answer.status_code, answer.content, hints) == (200, b"", [look_at_payments])
    assert status(order) == "open"  # nothing is believed, and nobody waits
    assert mollie.count("GET") == 0
    assert look_at_payments() == 1
    assert status(order) == "paid"


def test_a_webhook_that_lies_changes_nothing(client, mollie, order, known, hints):
    told(client, known, f"id={known.provider_id}&status=paid")
    look_at_payments()
    assert status(order) == "open"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "id=",
        "id=tr_Another",
        "id=re_Stand00001",
        "id=../../v2/methods",
        "id=tr_%00",
        "id=%ff%fe",
        "id=tr_" + "a" * 2000,
        "{}",
        "id[]=tr_Stand00001",
    ],
)
def test_nonsense_is_answered_the_same_and_asks_nobody(client, mollie, known, hints, body):
    before = row(known.order).due_at
    answer = told(client, known, body)
    assert (answer.status_code, answer.content, hints) == (200, b"", [])
    assert row(known.order).due_at == before
    assert mollie.count("GET") == 0


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "", "٣"])
def test_a_length_that_is_none_is_answered_the_same(client, mollie, known, hints, length):
    path, body = f"/payments/mollie/{known.uuid}", f"id={known.provider_id}"
    kind = "application/x-www-form-urlencoded"
    answer = client.post(path, body, content_type=kind, CONTENT_LENGTH=length)
    assert (answer.status_code, answer.content, hints) == (200, b"", [])


def test_an_unknown_payment_is_answered_the_same(client, mollie, hints):
    answer = client.post(
        f"/payments/mollie/{uuid.uuid4()}", "id=tr_Stand00001", content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer.content, hints, mollie.calls) == (200, b"", [], [])


def test_another_payments_id_is_not_looked_at(client, mollie, shop, known, hints):
    theirs = look(make_order(shop).payment)
    mollie.say(theirs, "paid")
    before = row(known.order).due_at, row(theirs.order).due_at
    assert told(client, known, f"id={theirs.provider_id}").status_code == 200
    assert (row(known.order).due_at, row(theirs.order).due_at, hints) == (*before, [])


def test_the_webhook_needs_neither_session_nor_token(mollie, known, hints):
    answer = told(Client(enforce_csrf_checks=True), known, f"id={known.provider_id}")
    assert (answer.status_code, answer.cookies, len(hints)) == (200, {}, 1)
    assert Client().get(f"/payments/mollie/{known.uuid}").status_code == 405


def test_a_flood_wakes_workers_ten_times_a_minute(client, mollie, known, hints, monkeypatch):
    monkeypatch.setattr(mollie_pages, "counter", throttling.Counter())
    monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_000.0 + known.pk * 60)
    assert {told(client, known, f"id={known.provider_id}").status_code for _ in range(30)} == {200}
    assert len(hints) == 10
    assert look_at_payments() == 1
    assert mollie.count("GET") == 1


def test_a_repeated_webhook_is_harmless(client, mollie, order, known, hints):
    mollie.say(known, "paid")
    for _ in range(3):
        told(client, known, f"id={known.provider_id}")
        look_at_payments()
    assert (status(order), Order.objects.get().version) == ("paid", 2)
    assert mollie.count("GET") == 3  # the later ones may be about a refund or a chargeback


def test_the_webhook_of_a_refund_has_it_looked_at(client, mollie, order, known, hints):
    mollie.say(known, "paid")
    told(client, known, f"id={known.provider_id}")
    look_at_payments()
    order.refresh_from_db()
    request_refund(order, by="Ann", passes="all")
    ask_providers()
    at_mollie(mollie, order)[0]["status"] = "refunded"
    assert ask_providers() == 0
    told(client, known, f"id={known.provider_id}")
    assert ask_providers() == 1


def test_the_api_answers_with_our_page_and_asks_nobody_meanwhile(
    mollie, shop, monkeypatch, django_capture_on_commit_callbacks
):
    given = []
    monkeypatch.setattr("orders.views.give", given.append)
    api = Api(shop, token_for(shop))
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post("/orders", asked(make_coupon(shop)), Idempotency_Key="once")
    body = answer.json()
    payment = Payment.objects.get()
    assert answer.status_code == 201
    assert body["payment_url"] == f"https://shop.example/pay/mollie/{payment.uuid}"
    assert (body["data"]["payment_id"], body["data"]["payment_status"]) == (None, "open")
    assert (given, mollie.calls) == ([look_at_payments], [])
    look_at_payments()
    found = api.get(f"/orders/{body['data']['uuid']}").json()["data"]
    assert (found["payment_id"], found["payment_status"]) == ("tr_Stand00001", "open")


def test_without_a_key_the_api_refuses_and_sells_nothing(mollie, shop):
    forget_key(shop)
    answer = Api(shop, token_for(shop)).post("/orders", asked(make_coupon(shop)))
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"payment": ["This shop cannot take payments at the moment."]}
    assert (shop.orders.count(), shop.members.count()) == (0, 0)


def test_the_page_makes_the_payment_known_and_leads_on(client, mollie, order):
    page = client.get(f"/pay/mollie/{order.payment.uuid}")
    text = page.content.decode()
    assert page.status_code == 200
    assert page.headers["Refresh"] == f"0; url={mollie.url}/checkout/tr_Stand00001"
    assert f'href="{mollie.url}/checkout/tr_Stand00001"' in text
    assert "test payment, no real money" in text
    assert client.get(f"/pay/mollie/{order.payment.uuid}").status_code == 200
    assert mollie.count("POST") == 1


def test_the_page_speaks_the_shops_language(client, mollie, order, shop):
    type(shop).objects.filter(pk=shop.pk).update(language="nl")
    text = client.get(f"/pay/mollie/{order.payment.uuid}").content.decode()
    assert '<html lang="nl">' in text
    assert f"€\xa0{order.total}".replace(".", ",") in text


def test_who_comes_while_it_is_being_made_known_waits(client, mollie, order):
    Payment.objects.update(asked_at=timezone.now())
    page = client.get(f"/pay/mollie/{order.payment.uuid}")
    assert (page.status_code, page.headers["Refresh"], mollie.calls) == (200, "3", [])
    assert "is being prepared" in page.content.decode()


@pytest.mark.parametrize("fault", ["silent", "html", 500, 503, 401, 422, "down"])
def test_a_mollie_that_does_not_help_is_told_to_the_member(client, mollie, order, fault, settings):
    mollie.faults = [fault]
    if fault == "down":
        settings.MOLLIE_URL = "http://127.0.0.1:9"
    page = client.get(f"/pay/mollie/{order.payment.uuid}")
    assert page.status_code == 503
    assert "cannot be started at the moment" in page.content.decode()
    assert "Mollie: " not in page.content.decode()  # its reasons are for staff
    assert (status(order), row(order).status) == ("open", "open")
    mollie.faults, settings.MOLLIE_URL = [], mollie.url
    later()
    assert client.get(f"/pay/mollie/{order.payment.uuid}").status_code == 200
    assert len(mollie.payments) == 1


def test_who_has_paid_is_led_to_the_order(client, mollie, order, known):
    mollie.say(known, "paid")
    later()
    look_at_payments()
    answer = client.get(f"/pay/mollie/{known.uuid}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/s/{order.brand.slug}/orders/{order.uuid}")


def test_pages_of_payments_that_are_not_there_are_404(client, mollie, brand):
    assert client.get(f"/pay/mollie/{uuid.uuid4()}").status_code == 404
    assert client.get(f"/pay/mollie/{make_order(brand).payment.uuid}").status_code == 404  # the sandbox's


def signed_in(client, order):
    client.post(sign_in_url(order.member).removeprefix("https://shop.example"))
    return client


@pytest.mark.parametrize(
    ("said", "shown"),
    [("open", "We are waiting for your bank"), ("pending", "begun and is not confirmed"), ("paid", "Paid")],
)
def test_the_order_page_looks_once_and_tells(client, mollie, order, known, said, shown):
    mollie.say(known, said)
    later()
    member = signed_in(client, order)
    page = member.get(f"/s/{order.brand.slug}/orders/{order.uuid}").content.decode()
    assert shown in page
    assert ("waiting for your bank" in page) is (said != "paid")
    assert "Test payment" in page
    member.get(f"/s/{order.brand.slug}/orders/{order.uuid}")
    assert mollie.count("GET") == 1


def test_the_order_page_does_without_mollie(client, mollie, order, known):
    later()
    mollie.faults = ["silent"]
    page = signed_in(client, order).get(f"/s/{order.brand.slug}/orders/{order.uuid}")
    assert page.status_code == 200
    assert "waiting for your bank" in page.content.decode()


def test_no_key_stands_in_any_log_or_page(client, mollie, order, caplog, capsys):
    secret = "live_" + "Z9" * 15
    keep_key(order.brand, secret)
    with caplog.at_level("DEBUG"):
        mollie.faults = [401]
        page = client.get(f"/pay/mollie/{order.payment.uuid}")
        later()
        look_at_payments()
    written = capsys.readouterr()
    assert secret in {call["secret"] for call in mollie.calls}
    for text in (caplog.text, written.out, written.err, page.content.decode(), row(order).last_error):
        assert secret not in text
    assert secret.encode() not in bytes(type(order.brand).objects.get(pk=order.brand.pk).encrypted_mollie_key)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_in_a_browser(live_server, browser_page, settings, mollie, shop, width, scheme):
    settings.PUBLIC_URL = live_server.url
    order = make_order(shop)
    mollie.faults = [503]
    page = browser_page(width, scheme)
    page.goto(f"{live_server.url}/pay/mollie/{order.payment.uuid}")
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    later()
    page.get_by_role("link", name="Try again").click()
    page.wait_for_selector("#checkout")
    assert page.url == f"{mollie.url}/checkout/tr_Stand00001"
    assert [error for error in page.errors if "503" not in error] == []  # which is on purpose
