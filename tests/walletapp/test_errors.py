"""Errors in the API's own shape: never HTML, never a stack trace."""

import pytest
from django.db import Error, connections
from django.db.transaction import atomic
from django.test import Client

from orders import reading
from storefront.pages import BrandPage
from tests.making import make_order
from walletapp.health import is_away
from walletapp.postgres.base import DatabaseWrapper


def test_an_unknown_route_is_json(api, client):
    for path in ("/shops/x/y/z", "/nothing", "/shopsx"):
        answer = client.get(path, headers={"Accept": "application/json"})
        assert answer.status_code == 404
        assert answer.json() == {"message": f"The route {path.strip('/')} could not be found."}


def test_a_browser_gets_a_page(client):
    answer = client.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page." in answer.content.decode()


def test_an_address_for_forms_alone_has_a_page_too(client, brand):
    path = f"/s/{brand.slug}/sign-out"
    answer = client.get(path, headers={"Accept": "text/html,*/*"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, OPTIONS")
    assert f'href="/s/{brand.slug}/"' in answer.content.decode()
    assert client.get(path, headers={"Accept": "application/json"}).content == b""


def test_a_form_without_its_token_is_refused_with_a_page_of_ours(brand):
    page = Client(enforce_csrf_checks=True).post(f"/s/{brand.slug}/sign-in", headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "The form was not accepted." in page.content.decode()
    assert "DEBUG" not in page.content.decode()


def test_a_fault_of_ours_has_a_page_with_the_number_that_the_log_has(client, brand, monkeypatch):
    def broken(*_args, **_facts):
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(BrandPage, "page", broken)
    client.raise_request_exception = False
    page = client.get(f"/s/{brand.slug}/", headers={"Accept": "text/html"})
    assert page.status_code == 500
    assert "Something went wrong on our side." in page.content.decode()
    assert page.headers["X-Request-ID"] in page.content.decode()
    assert "secret" not in page.content.decode()


def test_the_api_speaks_json_whatever_is_accepted(api, brand):
    for accept in ("text/html", "application/xml", "nonsense", ""):
        assert api.get("/orders", Accept=accept).headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_an_unknown_method_is_405_and_says_which_exist(api, method):
    answer = api.call(method, "/orders")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST, HEAD"
    assert answer.json()["message"].startswith(f"The {method} method is not supported for route shops/")
    assert answer.json()["message"].endswith("Supported methods: GET, POST, HEAD.")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "x"])
def test_an_unknown_media_type_is_415(api, kind):
    answer = api.post("/orders", b"{}", content_type=kind)
    assert answer.status_code == 415
    assert answer.json() == {"message": f'Unsupported media type "{kind}" in request.'}


def test_a_vendors_json_is_json(api):
    assert api.post("/orders", {}, content_type="application/vnd.x+json").status_code == 422


def test_head_and_options(api, brand):
    make_order(brand)
    head = api.call("HEAD", "/orders")
    assert (head.status_code, head.content) == (200, b"")
    options = Client().options(f"/shops/{brand.uuid}/orders")
    assert (options.status_code, options.headers["Allow"]) == (200, "GET, POST, HEAD, OPTIONS")


def test_a_method_in_small_letters_works(api, brand):
    make_order(brand)
    assert api.call("get", "/orders").json()["total"] == 1


def test_a_fault_of_ours_says_nothing(api, brand, monkeypatch):
    def broken(*_args):
        raise RuntimeError("secret words")

    monkeypatch.setattr(reading, "page_of_orders", broken)
    answer = api.get("/orders?status=open")
    assert (answer.status_code, answer.json()) == (500, {"message": "Server Error"})


def test_an_unknown_host_is_refused(settings, client, api):
    settings.ALLOWED_HOSTS = ["shop.example"]
    for answer in (client.get("/live", headers={"Host": "evil.example"}), api.get("/orders", Host="evil.example")):
        assert (answer.status_code, answer.json()) == (400, {"message": "Bad Request"})
    assert api.get("/orders", Host="shop.example").status_code == 200


@pytest.mark.parametrize("body", [b"null", b"7", b"[]"])
def test_a_body_that_is_no_object_is_named(api, body):
    answer = api.post("/orders", body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["body"]


def test_a_body_beyond_all_need_is_413(api):
    answer = api.post("/orders", b'"' + b"x" * 1_000_000 + b'"')
    assert (answer.status_code, answer.json()) == (413, {"message": "The body is too large."})
    assert api.get("/orders", b" " * 1_000_001).status_code == 400


def unreachable():
    """A function that connects to where nobody listens, and so raises what a broken connection does."""
    connect = DatabaseWrapper.ensure_connection

    def fail(*_args):
        connect(DatabaseWrapper({**connections["default"].settings_dict, "HOST": "/nowhere"}))

    return fail


@pytest.mark.parametrize(
    ("path", "accept", "words"),
    [
        ("/metrics", "*/*", "walletapp_database_up 0.0"),
        ("/s/some-shop/", "text/html", "<title>503</title>"),
        ("/pay/wallet", "*/*", '"error": "temporarily_unavailable"'),
    ],
)
def test_without_postgresql(path, accept, words, db, client, monkeypatch):
    headers = {"Accept": accept, "User-Agent": "a partner", "Authorization": "Bearer x"}
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(DatabaseWrapper, "ensure_connection", unreachable())
        answer = client.get(path, headers=headers)
    assert words in answer.content.decode()
    if path == "/metrics":
        assert (answer.status_code, b"walletapp_webhook_pending" in answer.content) == (200, False)
    else:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_database_that_is_away_is_503_and_a_statement_of_ours_that_fails_is_not(api, brand, monkeypatch):
    monkeypatch.setattr(reading, "page_of_orders", unreachable())
    answer = api.get("/orders?status=open")
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
    assert answer.headers["Retry-After"] == "5"
    with pytest.raises(Error) as refused, connections["default"].cursor() as cursor, atomic():
        cursor.execute("SELECT 1 / 0")
    assert not is_away(refused.value)
