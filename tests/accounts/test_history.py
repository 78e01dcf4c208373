"""The history: who changed what, from what to what, and no secret in it."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from tests.admin.helping import hidden_fields, text_of
from tests.making import make_coupon, make_endpoint, make_member


def last_entry():
    return LogEntry.objects.latest("pk")


def test_a_coupon(staff, brand):
    coupon = make_coupon(brand, title="Tea", points=250)
    manager = staff("manager")
    manager.post("passes_coupon_change", coupon.pk, title="Green tea", points=300, is_active="on")
    entry = last_entry()
    assert (entry.user, entry.get_change_message()) == (
        manager.user,
        "Changed Title: Tea → Green tea and Price in points: 250 → 300.",
    )
    page = text_of(staff("viewer").get("passes_coupon_history", coupon.pk))
    assert "Title: Tea → Green tea" in page
    assert manager.user.email in page


def test_a_member_and_a_place_in_the_team(staff, brand):
    owner, viewer = staff("owner"), staff("viewer")
    member = make_member(brand, name="")
    owner.post(
        "shops_member_change", member.pk, name="Anna", **hidden_fields(owner.get("shops_member_change", member.pk))
    )
    assert last_entry().get_change_message() == "Changed Name: – → Anna."
    owner.post("shops_staff_change", brand.staff.get(user=viewer.user).pk, role="manager")
    assert last_entry().get_change_message() == "Changed Role: viewer → manager."


def test_the_brand_itself(staff, brand):
    owner = staff("owner")
    page = owner.get("shops_brand_change", brand.pk)
    form = page.context["adminform"].form
    data = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    data = {
        name: value
        for name, value in data.items()
        if value is not None and value != "" and value is not False and name != "logo"
    }
    data |= {"minutes_to_pay": 45, "frame_hosts": ""}
    answer = owner.post("shops_brand_change", brand.pk, **data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert last_entry().get_change_message() == "Changed Minutes to pay: 60 → 45."


def test_a_token_and_an_endpoint_without_their_secrets(staff, brand):
    owner = staff("owner")
    page = text_of(owner.post("shops_apitoken_add", name="Till", abilities=["shops.get"]))
    secret = re.search(r'value="\d+\|(\w{48})"', page).group(1)
    token = brand.apitokens.get()
    owner.act("shops_apitoken", "revoke", token, confirmed="yes")
    endpoint, key = make_endpoint(brand)
    owner.post("webhooks_endpoint_key", endpoint.pk)
    said = "".join(f"{entry.change_message}{entry.object_repr}" for entry in LogEntry.objects.all())
    assert "Revoked." in said
    assert key not in said
    assert token.digest not in said
    assert "Key rotated." in said
    assert secret not in said


def test_a_password_is_named_and_not_told(superuser, staff):
    user = staff("viewer").user
    superuser.client.post(
        f"/admin/accounts/user/{user.pk}/password/",
        {"password1": "a-long-new-password", "password2": "a-long-new-password", "usable_password": "true"},
    )
    user.refresh_from_db()
    assert user.check_password("a-long-new-password")
    assert last_entry().get_change_message() == "Changed password."


@pytest.mark.parametrize("page", ["passes_coupon_history", "passes_coupon_change"])
def test_another_brands_history_is_closed(staff, other, page):
    coupon = make_coupon(other)
    assert staff("owner").get(page, coupon.pk).status_code == 302
