"""Input that once was answered with 500."""

import pytest

from tests.making import make_coupon


def test_an_address_longer_than_its_column_is_refused(api, brand):
    address = f"{'a' * 60}@{'.'.join(['b' * 60] * 4)}.com"
    basket = {"member": {"email": address}, "items": [{"coupon": str(make_coupon(brand).uuid)}]}
    answer = api.post("/orders", basket)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["member.email"]


@pytest.mark.parametrize("value", [5, 1.5, True, [], {}, ["2026-01-01T00:00:00Z"], {"a": 1}])
@pytest.mark.parametrize("name", ["modified_since", "status", "email", "member_id"])
def test_a_filter_that_is_no_text_is_refused(api, name, value):
    assert api.get("/orders", {name: value}).status_code == 422


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b'"text"', b"[{}]"])
def test_a_body_that_is_no_object_is_refused(api, body):
    assert api.post("/orders", body).status_code == 422
