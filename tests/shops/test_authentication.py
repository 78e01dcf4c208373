"""Tokens, abilities, and the order in which the door refuses."""

import re
import zlib
from datetime import timedelta

import pytest
from django.utils import timezone

from shops.models import ApiToken
from shops.services import issue_token
from shops.tokens import digest, read_bearer
from tests.client import Api
from tests.making import make_order, token_for


def test_a_token_is_written_as_sanctum_writes_it(brand):
    token, text = issue_token(brand, name="ERP", abilities=["shops.orders.get", "shops.get", "shops.get"])
    number, secret = text.split("|")
    assert int(number) == token.pk
    assert re.fullmatch(r"[A-Za-z0-9]{40}[0-9a-f]{8}", secret)
    assert secret[40:] == f"{zlib.crc32(secret[:40].encode()):08x}"
    token.refresh_from_db()
    assert (token.digest, token.hint, token.abilities) == (
        digest(secret),
        secret[-4:],
        ["shops.get", "shops.orders.get"],
    )
    assert secret not in str(vars(token))


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Bearer a|b", "a|b"),
        ("bearer a|b", "a|b"),
        ("BEARER   a|b ", "a|b"),
        ("Basic x, Bearer a|b", "a|b"),
        ("Bearer old Bearer new", "new"),
        ("Bearer a|b, Basic x", "a|b"),
        ("Bearer ", ""),
        ("Basic x", ""),
        ("", ""),
    ],
)
def test_the_header_is_read_as_laravel_reads_it(header, text):
    assert read_bearer(header) == text


@pytest.fixture
def secret(brand):
    return token_for(brand, "shops.orders.get")


def asked(brand, token):
    return Api(brand, token).get("/orders")


def test_both_forms_of_a_token_work(brand, secret):
    assert asked(brand, secret).status_code == 200
    assert asked(brand, secret.split("|")[1]).status_code == 200


@pytest.mark.parametrize("wrong", ["", "x", "1|x", "|", "x|y", "|x", "1|", f"{'9' * 30}|x", "٣|x", "1|é", "\x7f"])
def test_a_wrong_token_is_401(brand, secret, wrong):
    answer = asked(brand, wrong)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
    assert "WWW-Authenticate" not in answer.headers


def test_a_secret_goes_with_its_own_number(brand, other, secret):
    theirs = token_for(other)
    assert asked(brand, f"{theirs.split('|')[0]}|{secret.split('|')[1]}").status_code == 401


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
def test_an_expired_or_revoked_token_is_401(brand, secret, column):
    ApiToken.objects.update(**{column: timezone.now() - timedelta(seconds=1)})
    assert asked(brand, secret).status_code == 401


def test_a_token_that_expires_later_works(brand):
    assert asked(brand, token_for(brand, expires_at=timezone.now() + timedelta(minutes=1))).status_code == 200


def test_the_use_is_noted_once_a_minute(brand, secret):
    asked(brand, secret)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    asked(brand, secret)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    asked(brand, secret)
    assert ApiToken.objects.get().last_used_at > first - timedelta(seconds=61)


@pytest.mark.parametrize(
    ("abilities", "status"),
    [(["*"], 200), (["shops.orders.get"], 200), (["shops.*"], 403), (["shops.orders"], 403), (["shops.get"], 403)],
)
def test_an_ability_is_the_whole_word_or_a_star(brand, abilities, status):
    answer = asked(brand, token_for(brand, *abilities))
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {"message": "Invalid ability provided."}


def test_refusals_come_in_order(brand, other, settings):
    make_order(other)
    poor, rich = token_for(brand, "shops.get"), token_for(brand)
    foreign = f"/shops/{other.uuid}/orders?status=nonsense"
    assert Api(brand, "").get(foreign).status_code == 401
    assert Api(brand, poor).get(foreign).status_code == 403
    assert Api(brand, rich).get(foreign).status_code == 404
    assert Api(brand, rich).get("/orders?status=nonsense").status_code == 422
    settings.API_RATE_LIMIT = 1
    assert [Api(brand, poor).get(foreign).status_code for _ in range(3)][1:] == [429, 429]


@pytest.mark.parametrize("brand_id", ["x", "%00", "1", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_brand_is_404(api, brand_id):
    answer = api.get(f"/shops/{brand_id}/orders")
    assert (answer.status_code, answer.json()) == (404, {"message": "Not found."})


def test_the_brand_may_be_written_in_capitals(api, brand):
    assert api.get(f"/shops/{str(brand.uuid).upper()}/orders").status_code == 200


def test_the_shops_of_a_token(api, api_with, brand, other):
    body = api.get("/shops").json()
    assert body["message"] == "Request successful"
    assert [shop["identifier"] for shop in body["data"]] == [str(brand.uuid)]
    assert list(body["data"][0]) == [
        "name",
        "identifier",
        "logo",
        "quickshop",
        "webshop",
        "primary_color",
        "second_color",
        "third_color",
        "organization",
    ]
    assert api_with("shops.orders.get").get("/shops").status_code == 403
