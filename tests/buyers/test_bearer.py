"""Who may call on behalf of a buyer (buyer-wallet.md §A.1; the attacks of §B.5), at GET /pay/wallet."""

from datetime import timedelta

import pytest
from django.utils import timezone

from buyers import tokens
from buyers.authentication import find_token
from buyers.models import AccessToken, ClientRequest, Connection
from buyers.scopes import ADDRESS, CARD
from shops.models import Brand
from tests.buyers.making import AGENT, connect, make_client
from tests.client import Api
from tests.making import make_brand, token_for


def wallet(partner, token, **more):
    return partner.get("/pay/wallet", token, **more)


def assert_refused(answer):
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert answer["WWW-Authenticate"].startswith('Bearer realm="wallet", error="invalid_token"')
    assert set(answer.json()) == {"error", "error_message", "error_description"}
    assert answer["Cache-Control"] == "no-store"


def test_a_token_opens_its_buyers_wallet_and_its_use_is_noted(partner, buyer):
    access, _token = connect(partner.client, buyer)
    answer = wallet(partner, access)
    assert answer.status_code == 200
    assert answer.json()["user"] == {"uuid": str(buyer.uuid)}
    assert answer["Cache-Control"] == "no-store"
    assert len(answer["X-Request-Id"]) == 36
    assert timezone.now() - Connection.objects.get().last_used_at < timedelta(seconds=10)
    noted = ClientRequest.objects.get()
    assert (noted.client, noted.method, noted.path, noted.status) == (partner.client, "GET", "/pay/wallet", 200)
    assert noted.request_id == answer["X-Request-Id"]


ENDS = {
    "expired": lambda buyer: AccessToken.objects.update(expires=timezone.now() - timedelta(hours=1)),
    "disconnected": lambda buyer: tokens.disconnect(Connection.objects.get()),
    "only marked": lambda buyer: Connection.objects.update(revoked_at=timezone.now()),
    "disabled": lambda buyer: type(buyer).objects.update(is_active=False),
    "client off": lambda buyer: type(Connection.objects.get().client).objects.update(is_active=False),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_token_that_is_over(partner, buyer, end):
    access, _token = connect(partner.client, buyer)
    ENDS[end](buyer)
    assert_refused(wallet(partner, access))
    assert Connection.objects.get().last_used_at is None


def test_the_answer_is_the_same_whatever_the_reason_and_the_log_has_it(partner, buyer):
    access, _token = connect(partner.client, buyer)
    unknown = wallet(partner, "unknown")
    AccessToken.objects.update(expires=timezone.now())
    expired = wallet(partner, access)
    assert unknown.json() == expired.json()
    assert list(ClientRequest.objects.order_by("pk").values_list("client", "cause")) == [
        (None, "The access token is not known, or was revoked."),
        (partner.client.pk, "The access token has expired."),
    ]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer  ", "Token x", "Bearer a\x00b", "Bearer " + "x" * 3000])
def test_headers_that_hold_no_token(partner, buyer, header):
    connect(partner.client, buyer)
    headers = {"User-Agent": AGENT} | ({"Authorization": header} if header else {})
    assert_refused(partner.browser.get("/pay/wallet", headers=headers))


def test_a_token_in_the_url_is_refused_even_a_good_one(partner, buyer):
    access, _token = connect(partner.client, buyer)
    assert_refused(partner.browser.get(f"/pay/wallet?access_token={access}", headers={"User-Agent": AGENT}))
    assert_refused(partner.call("GET", f"/pay/wallet?access_token={access}", auth=f"Bearer {access}"))
    assert access not in str(list(ClientRequest.objects.values()))


def test_a_refresh_token_is_no_access_token(partner, buyer):
    _access, token = connect(partner.client, buyer)
    assert_refused(wallet(partner, token))


def test_no_credential_opens_another_kind_of_door(partner, buyer):
    access, _token = connect(partner.client, buyer)
    brand = make_brand()
    brand_token = token_for(brand)
    assert_refused(partner.call("GET", "/pay/wallet"))  # Basic
    assert_refused(wallet(partner, brand_token))
    assert_refused(wallet(partner, brand_token.partition("|")[2]))
    update = partner.call("PUT", "/pay/wallet/orders/1", {}, auth=f"Bearer {access}")
    assert (update.status_code, update.json()["error"]) == (401, "invalid_client")
    assert Api(brand, access).get("/orders").status_code == 401
    assert Brand.objects.count() == 1


def test_the_user_agent_comes_first(partner):
    answer = partner.call("GET", "/pay/wallet", auth="Bearer nonsense", agent=" ")
    assert answer.status_code == 403


def test_what_is_found_with_a_token_takes_one_statement(partner, buyer, statements):
    access, _token = connect(partner.client, buyer, [ADDRESS, CARD], channel="App")
    make_client()
    statements.clear()
    found = find_token(access)
    assert (found.fault, found.scopes, found.buyer) == ("", {ADDRESS, CARD}, buyer.uuid)
    assert (found.client, found.card, found.address) == (partner.client, None, None)
    assert (found.client.environment, found.client.name) == ("sandbox", "Shop Partner")
    assert len(statements) == 1
    assert found.connection_id == Connection.objects.get().pk


def test_a_token_has_the_scopes_that_still_hold(partner, buyer):
    access, _token = connect(partner.client, buyer, [ADDRESS, CARD])
    Connection.objects.update(scopes=[CARD])
    assert find_token(access).scopes == {CARD}
    type(partner.client).objects.update(allowed_scopes=[ADDRESS])
    assert find_token(access).scopes == set()


def test_its_use_is_noted_once_a_minute(partner, buyer):
    access, _token = connect(partner.client, buyer)
    recent = timezone.now() - timedelta(seconds=50)
    Connection.objects.update(last_used_at=recent)
    find_token(access)
    assert Connection.objects.get().last_used_at == recent
    Connection.objects.update(last_used_at=recent - timedelta(seconds=20))
    find_token(access)
    assert Connection.objects.get().last_used_at > recent


@pytest.mark.parametrize("method", ["OPTIONS", "DELETE", "POST"])
def test_other_methods(partner, buyer, method):
    access, _token = connect(partner.client, buyer)
    answer = partner.call(method, "/pay/wallet", auth=f"Bearer {access}")
    assert (answer.status_code, answer.json()["error"]) == (405, "invalid_request")
    assert "GET" in answer["Allow"]


def test_a_client_is_slowed_down_on_all_its_calls_together(settings, partner, buyer):
    settings.WALLET_RATE_LIMIT = 2
    access, _token = connect(partner.client, buyer)
    assert [wallet(partner, access).status_code for _ in range(2)] == [200, 200]
    assert partner.form("/oauth/introspect", token=access, token_type_hint="access_token").status_code == 429
    assert wallet(partner, access).status_code == 429
