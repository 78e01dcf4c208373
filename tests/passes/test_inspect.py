"""GET /passes and GET /search/pass: the original's two addresses, for one pass; and the list of a member's."""

from datetime import UTC, timedelta

import pytest
from django.utils import timezone

from orders.services import cancel
from passes.models import Pass
from passes.services import block, redeem
from tests.making import make_coupon, make_member, make_order, make_pass

KEYS = [
    "brand_id",
    "code",
    "created_at",
    "updated_at",
    "demo",
    "redeemed",
    "active",
    "expired",
    "blocked",
    "reminder_send",
    "expiration_date",
    "start_date",
    "reminder_date",
    "parsed_historical",
    "coupon",
    "storecard",
]
NOT_FOUND = {"message": "Not found."}


@pytest.fixture
def anna(brand):
    return make_member(brand, points=1234, email="Anna@example.com")


@pytest.fixture
def issued(brand, anna):
    coupon = make_coupon(brand, points=355, external_reference="A-1", valid_days=30)
    return make_pass(brand, member=anna, coupon=coupon)


def moment(value):
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def states(printed):
    return [name for name in ("redeemed", "active", "expired", "blocked") if printed[name] == 1]


def test_a_pass_has_the_keys_and_types_of_the_original(api, brand, anna, issued):
    answer = api.get("/passes", {"brand_id": str(brand.uuid), "email": "anna@EXAMPLE.com", "pass_code": issued.qr_code})
    assert answer.status_code == 200
    assert list(answer.json()) == ["success", "data"]
    assert list(answer.json()["data"]) == KEYS
    issued.refresh_from_db()
    assert answer.json() == {
        "success": True,
        "data": {
            "brand_id": str(brand.uuid),
            "code": issued.qr_code,
            "created_at": moment(issued.created_at),
            "updated_at": moment(issued.updated_at),
            "demo": 0,
            "redeemed": 0,
            "active": 1,
            "expired": 0,
            "blocked": 0,
            "reminder_send": 0,
            "expiration_date": moment(issued.expiration_date),
            "start_date": None,
            "reminder_date": None,
            "parsed_historical": 0,
            "coupon": {
                "identifier": str(issued.coupon.uuid),
                "price": "3.55",
                "points": 355,
                "external_reference": "A-1",
            },
            "storecard": {"identifier": str(anna.uuid), "points": 1234, "balance": "12.34"},
        },
    }
    assert type(answer.json()["data"]["active"]) is int


@pytest.mark.parametrize("written", ["code", "small", "uuid"])
def test_a_pass_is_named_by_its_code_in_any_case_or_its_serial_number(api, issued, written):
    text = {"code": issued.qr_code, "small": issued.qr_code.lower(), "uuid": str(issued.uuid)}[written]
    for answer in (
        api.get(f"/passes?email=anna@example.com&pass_code={text}"),
        api.get(f"/passes?pass_code={text}"),
        api.get(f"/search/pass?pass_code={text}"),
        api.get("/search/pass", {"pass_code": f" {text} "}),
    ):
        assert (answer.status_code, answer.json()["data"]["code"]) == (200, issued.qr_code)


def test_amounts_have_the_decimals_of_the_currency(api, brand):
    brand.currency, brand.point_value = "JPY", 3
    brand.save()
    code = make_pass(brand, coupon=make_coupon(brand, points=100), member=make_member(brand, points=8)).qr_code
    found = api.get(f"/search/pass?pass_code={code}").json()["data"]
    assert (found["coupon"]["price"], found["storecard"]["balance"]) == ("33", "3")
    assert (found["expiration_date"], found["coupon"]["external_reference"]) == (None, None)


def test_exactly_one_state_is_1(api, brand):
    coupon = make_coupon(brand, valid_days=1)
    active, redeemed, expired, swept, blocked = (make_pass(brand, coupon=coupon) for _ in range(5))
    redeem(redeemed, by="Till 1")
    block(blocked, reason="Stolen")
    yesterday = timezone.now() - timedelta(days=1)
    Pass.objects.filter(pk__in=[expired.pk, swept.pk]).update(expiration_date=yesterday)
    Pass.objects.filter(pk=swept.pk).update(status="expired")
    named = {"active": active, "redeemed": redeemed, "expired": swept, "blocked": blocked}
    for name, one in [*named.items(), ("expired", expired)]:
        assert states(api.get(f"/search/pass?pass_code={one.qr_code}").json()["data"]) == [name]


@pytest.mark.parametrize(
    "path", ["/passes?email=anna@example.com&pass_code=", "/passes?pass_code=", "/search/pass?pass_code="]
)
@pytest.mark.parametrize("code", ["0" * 20, "x", "Ü", "0-1", "00000000-0000-4000-8000-000000000000", "%252F"])
def test_what_is_not_there_is_404(api, issued, path, code):
    answer = api.get(path + code)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_somebody_elses_code_does_not_fit_an_address(api, brand, issued):
    make_member(brand, email="bo@example.com")
    for email in ("bo@example.com", "nobody@example.com"):
        assert api.get(f"/passes?email={email}&pass_code={issued.qr_code}").status_code == 404


def test_the_tokens_brand_is_what_counts(api, brand, other, anna):
    theirs = make_pass(other, member=make_member(other, email="anna@example.com"))
    for answer in (
        api.get(f"/passes?pass_code={theirs.qr_code}"),
        api.get(f"/passes?email=anna@example.com&pass_code={theirs.uuid}"),
        api.get(f"/search/pass?pass_code={theirs.qr_code}"),
        api.get(f"/search/pass?pass_code={theirs.qr_code}&brand_id={other.uuid}"),
        api.get(f"/passes?email=anna@example.com&brand_id={other.uuid}"),
        api.get(f"/passes?email=nonsense&brand_id={other.uuid}"),
        api.get("/passes", {"email": "anna@example.com", "brand_id": 7}),
        api.get("/passes?email=anna@example.com&brand_id=x"),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert api.get(f"/passes?email=anna@example.com&brand_id={str(brand.uuid).upper()}").json() == {
        "success": True,
        "data": [],
    }


def test_without_a_code_a_members_passes_are_listed_newest_first(api, brand, anna, issued):
    make_pass(brand)
    newer = make_pass(brand, member=anna)
    found = api.get("/passes?email=anna@example.com").json()
    assert list(found) == ["success", "data"]
    assert [one["code"] for one in found["data"]] == [newer.qr_code, issued.qr_code]
    assert list(found["data"][0]) == KEYS
    assert api.get("/passes?email=nobody@example.com").json() == {"success": True, "data": []}


def test_a_pass_is_there_once_its_order_is_paid(api, brand, anna):
    order = make_order(brand, member=anna)
    waiting = order.items.get().issued_pass
    for answer in (api.get(f"/search/pass?pass_code={waiting.uuid}"), api.get(f"/passes?pass_code={waiting.uuid}")):
        assert answer.status_code == 404
    assert api.get("/passes?email=anna@example.com").json()["data"] == []
    cancel(order)
    assert api.get("/passes?email=anna@example.com").json()["data"] == []
    assert api.get(f"/search/pass?pass_code={waiting.uuid}").status_code == 404


def test_the_list_comes_in_hundreds(api, brand, anna, issued):
    some = [Pass(brand=brand, coupon=issued.coupon, member=anna, qr_code=f"{n:020}") for n in range(100)]
    brand.passes.bulk_create(some)
    assert [one["code"] for one in api.get("/passes?email=anna@example.com").json()["data"]] == [
        f"{n:020}" for n in range(99, -1, -1)
    ]
    second = api.get("/passes", {"email": "anna@example.com", "page": 2}).json()["data"]
    assert [one["code"] for one in second] == [issued.qr_code]
    for page in (3, 2**62, 2**63 - 1):
        assert api.get(f"/passes?email=anna@example.com&page={page}").json()["data"] == []
    assert len(api.get("/passes?email=anna@example.com&page=x").json()["data"]) == 100


@pytest.mark.parametrize("count", [1, 12])
@pytest.mark.parametrize("path", ["/passes?email=anna@example.com", "/search/pass?pass_code={code}"])
def test_it_costs_two_statements_however_many_there_are(api, brand, anna, issued, statements, count, path):
    for _ in range(count):
        make_pass(brand, member=anna)
    api.get("/passes?email=anna@example.com")
    statements.clear()
    assert api.get(path.format(code=issued.qr_code)).status_code == 200
    assert len(statements) == 2


REQUIRED = "The email field is required when pass code is not present."


@pytest.mark.parametrize(
    ("path", "body", "field", "message"),
    [
        ("/passes", None, "email", REQUIRED),
        ("/passes?email=&pass_code=%20", None, "email", REQUIRED),
        ("/passes?email=anna", None, "email", "The email field must be a valid email address."),
        ("/passes", {"email": ["a@example.com"]}, "email", "The email field must be a valid email address."),
        ("/passes", {"pass_code": 7}, "pass_code", "Not a valid string."),
        ("/passes?pass_code=%00", None, "pass_code", "Null characters are not allowed."),
        ("/search/pass", None, "pass_code", "The pass code field is required."),
        ("/search/pass?pass_code=", None, "pass_code", "The pass code field is required."),
        ("/search/pass?pass_code[]=x", None, "pass_code", "Not a valid string."),
    ],
)
def test_bad_input_is_422_with_field_and_reason(api, path, body, field, message):
    answer = api.get(path, body)
    assert (answer.status_code, answer.json()) == (422, {"message": message, "errors": {field: [message]}})


def test_each_address_has_its_own_ability(api_with, issued):
    code = issued.qr_code
    assert api_with("passes.get").get(f"/passes?pass_code={code}").status_code == 200
    assert api_with("search.pass").get(f"/search/pass?pass_code={code}").status_code == 200
    for abilities, path in (
        (["search.pass", "passes.update", "shops.orders.get"], f"/passes?pass_code={code}"),
        (["passes.get", "passes.update", "shops.orders.get"], f"/search/pass?pass_code={code}"),
    ):
        answer = api_with(*abilities).get(path)
        assert (answer.status_code, answer.json()) == (403, {"message": "Invalid ability provided."})


def test_the_api_serves_them_without_the_pages_middleware(api, client):
    for path in ("/passes", "/search/pass"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})
        assert "Content-Security-Policy" not in answer.headers
        assert client.get(f"{path}/x", headers={"Accept": "text/html"}).json() == {
            "message": f"The route {path[1:]}/x could not be found."
        }
        assert api.post(path, {}).status_code == 405
