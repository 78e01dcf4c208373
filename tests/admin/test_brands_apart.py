"""Staff see and touch rows of their own brands only. Beside each refusal stands another brand's row that could leak."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from orders.refunds import request_refund
from orders.services import cancel
from passes.models import Coupon
from shops.brand_admin import BrandAdmin
from shops.models import Brand, BrandOwned, Role
from shops.permissions import may, roles_of
from shops.services import issue_token
from tests.admin.helping import Admin, act_at_once, text_of
from tests.making import make_paid_order
from webhooks.models import Trigger
from webhooks.services import add_endpoint

LISTS = {
    "orders_order": lambda brand: brand.orders,
    "orders_refund": lambda brand: brand.refunds,
    "passes_coupon": lambda brand: brand.coupons,
    "passes_pass": lambda brand: brand.passes,
    "shops_member": lambda brand: brand.members,
    "shops_pointsentry": lambda brand: brand.points_entries,
    "shops_staff": lambda brand: brand.staff,
    "shops_apitoken": lambda brand: brand.apitokens,
    "webhooks_endpoint": lambda brand: brand.endpoints,
    "webhooks_delivery": lambda brand: brand.deliveries,
    "webhooks_call": lambda brand: brand.calls,
    "webhooks_examreport": lambda brand: brand.exam_reports,
}


@pytest.fixture
def theirs(their_order, other):
    """Another brand with a row in every table that the admin shows."""
    add_endpoint(other, url="https://secret-partner.velo.example/hook")
    cancel(their_order)
    delivery = other.deliveries.get()
    other.calls.create(delivery=delivery, attempt=1, trigger=Trigger.AUTO, url=delivery.endpoint.url, interval=0)
    now = delivery.created_at
    other.exam_reports.create(
        endpoint=delivery.endpoint, url=delivery.endpoint.url, grade="failed", started_at=now, finished_at=now
    )
    request_refund(make_paid_order(other), by="secret@velo.example", passes="all", reason="Secret reason")
    issue_token(other, name="Secret token name", abilities=["*"])
    other.staff.create(user=User.objects.create_user("boss@velo.example", "x", is_staff=True), role=Role.OWNER)
    return other


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_nothing_of_another_brand(staff, order, theirs, name):
    page = text_of(staff("owner").get(f"{name}_changelist"))
    assert "velo" not in page.lower()
    assert "secret" not in page.lower().replace("csrfsecret", "")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_an_address_typed_by_hand_finds_nothing_of_another_brand(staff, theirs, name, page):
    row = LISTS[name](theirs).first()
    answer = staff("owner").get(f"{name}_{page}", row.pk)
    assert answer.status_code in {302, 403}
    assert "velo" not in answer.content.decode().lower()
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("page", ["change", "delete"])
def test_nothing_of_another_brand_can_be_posted_to(staff, theirs, name, page):
    row = LISTS[name](theirs).first()
    before = type(row).objects.filter(pk=row.pk).values().get()
    data = {
        "post": "yes",
        "title": "Mine now",
        "points": 1,
        "name": "Mine now",
        "role": "viewer",
        "url": "https://x.example",
    }
    answer = staff("owner").post(f"{name}_{page}", row.pk, **data)
    assert answer.status_code in {302, 403}
    assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_another_brand_itself_cannot_be_seen_or_changed(staff, theirs):
    owner = staff("owner")
    assert "Velo" not in text_of(owner.get("shops_brand_changelist"))
    assert owner.post("shops_brand_change", theirs.pk, name="Mine now").status_code == 302
    theirs.refresh_from_db()
    assert theirs.name == "Velo Works"
    assert owner.get("shops_brand_add").status_code == 403


@pytest.mark.parametrize("action", ["begin", "archive", "cancel"])
def test_an_action_with_another_brands_key_does_nothing(staff, order, their_order, action):
    act_at_once(staff("owner"), action, their_order)
    their_order.refresh_from_db()
    assert (their_order.status, their_order.processing_status) == ("open", "open")


def test_choosing_all_means_all_of_ones_own(staff, order, their_order):
    act_at_once(staff("owner"), "archive", order, select_across="1")
    their_order.refresh_from_db()
    order.refresh_from_db()
    assert (order.processing_status, their_order.processing_status) == ("archived", "open")


def test_another_brands_token_cannot_be_revoked(staff, theirs):
    token = theirs.apitokens.get()
    owner = staff("owner")
    for sure in ({}, {"confirmed": "yes"}):
        assert token.hint not in owner.act("shops_apitoken", "revoke", token, **sure).content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None


@pytest.mark.parametrize(
    "term", ["secret.customer", "secret.customer@velo.example", "uuid of the order", "QR code of the pass"]
)
def test_a_search_finds_nothing_of_another_brand(staff, order, their_order, term):
    if term.startswith("uuid"):
        term = str(their_order.uuid)
    if term.startswith("QR"):
        issued = their_order.items.get().issued_pass
        issued.qr_code = term = "0123456789ABCDEFGHJK"
        issued.save(update_fields=["qr_code"])
    page = staff("owner").get("orders_order_changelist", q=term)
    assert list(page.context["cl"].result_list) == []
    passes = staff("viewer").get("passes_pass_changelist", q=term)
    assert list(passes.context["cl"].result_list) == []


def test_a_filter_offers_no_row_of_another_brand(staff, order, their_order):
    page = text_of(staff("owner").get("passes_pass_changelist"))
    assert f"Coffee of {order.brand.name}" in page
    assert f"Coffee of {their_order.brand.name}" not in page


def test_a_filter_typed_by_hand_finds_nothing_of_another_brand(staff, order, their_order):
    owner = staff("owner")
    for query in ({"brand": their_order.brand_id}, {"brand__id__exact": their_order.brand_id}):
        answer = owner.get("orders_order_changelist", **query)
        assert answer.status_code == 302 or list(answer.context["cl"].result_list) == []
    order.brand.coupons.create(title="Tea", points=1)  # a filter of one choice is none
    coupon = their_order.brand.coupons.get()
    page = owner.get("passes_pass_changelist", coupon__id__exact=coupon.pk)
    assert list(page.context["cl"].result_list) == []
    assert coupon.title not in text_of(page)


def test_the_brand_filter_and_column_are_for_those_who_see_several(staff, superuser, order, their_order):
    assert 'name="brand"' not in text_of(staff("owner").get("orders_order_changelist"))
    assert "Velo Works" in text_of(superuser.get("orders_order_changelist"))
    page = superuser.get("orders_order_changelist", brand=their_order.brand_id)
    assert list(page.context["cl"].result_list) == [their_order]


def test_somebody_in_two_brands_sees_both_and_acts_by_the_role_in_each(staff, order, their_order):
    both = staff("owner", velo=(their_order.brand, "viewer"))
    assert set(both.get("orders_order_changelist").context["cl"].result_list) == {order, their_order}
    page = both.act("orders_order", "archive", order, their_order)
    act_at_once(both, "archive", order, their_order)
    order.refresh_from_db()
    their_order.refresh_from_db()
    assert (order.processing_status, their_order.processing_status) == ("archived", "open")
    assert "your role does not allow it" in text_of(both.client.get(page["Location"]))


def test_a_row_is_added_to_ones_own_brand_whatever_is_posted(staff, brand, other):
    staff("manager").post("passes_coupon_add", title="Tea", points=100, brand=other.pk, is_active="on")
    assert brand.coupons.get().title == "Tea"
    assert not other.coupons.exists()


def test_somebody_in_two_brands_adds_rows_only_where_the_role_allows(staff, brand, other):
    both = staff("manager", velo=(other, "viewer"))
    page = text_of(both.get("passes_coupon_add"))
    assert brand.name in page
    assert other.name not in page
    assert both.post("passes_coupon_add", title="Tea", points=100, brand=other.pk).status_code == 200
    assert not Coupon.objects.exists()
    both.post("passes_coupon_add", title="Tea", points=100, brand=brand.pk)
    assert brand.coupons.get().title == "Tea"


def test_a_row_never_moves_to_another_brand(superuser, brand, other):
    coupon = brand.coupons.create(title="Tea", points=100)
    superuser.post("passes_coupon_change", coupon.pk, title="Green tea", points=100, brand=other.pk)
    coupon.refresh_from_db()
    assert (coupon.title, coupon.brand) == ("Green tea", brand)


def test_what_is_once_per_brand_is_told_in_the_form(staff, brand):
    brand.coupons.create(title="Tea", points=100, external_reference="T-1")
    page = staff("manager").post("passes_coupon_add", title="Tea 2", points=100, external_reference="T-1")
    assert page.status_code == 200
    assert brand.coupons.count() == 1


def test_autocomplete_gives_nothing_of_another_brand(staff, order, their_order):
    query = {"app_label": "orders", "model_name": "order", "field_name": "member", "term": ""}
    answer = staff("owner").client.get("/admin/autocomplete/", query)
    assert "secret.customer" not in answer.content.decode()


def test_users_are_no_brands_rows(staff, superuser, other):
    owner = staff("owner")
    for page in ("changelist", "add"):
        assert owner.get(f"accounts_user_{page}").status_code == 403
    assert owner.get("accounts_user_change", superuser.user.pk).status_code in {302, 403}
    assert owner.post("auth_user_password_change", superuser.user.pk, password1="a", password2="a").status_code in {
        302,
        403,
        404,
    }
    assert "root@example.com" in text_of(superuser.get("accounts_user_changelist"))


def test_nobody_without_a_place_opens_the_admin(db):
    stranger = Admin(User.objects.create_user("stranger@example.com", "secret", is_staff=True))
    answer = stranger.get("index")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
    assert stranger.get("orders_order_changelist").status_code == 302
    assert stranger.client.get("/admin/jsi18n/").status_code == 302


def test_a_place_does_not_open_the_admin_for_somebody_who_may_not(staff):
    owner = staff("owner")
    owner.user.is_staff = False
    owner.user.save(update_fields=["is_staff"])
    assert owner.get("index").status_code == 302


def test_an_anonymous_visitor_has_no_role():
    assert roles_of(AnonymousUser()) == {}


def test_every_admin_of_a_brands_rows_is_a_door():
    for model, model_admin in admin.site._registry.items():
        if issubclass(model, BrandOwned | Brand):
            assert isinstance(model_admin, BrandAdmin), model
            for inline in model_admin.inlines:
                assert issubclass(inline.model, BrandOwned), inline


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        ("view", {"owner", "manager", "support", "viewer"}),
        ("process order", {"owner", "manager", "support"}),
        ("cancel order", {"owner", "manager"}),
        ("change coupon", {"owner", "manager"}),
        ("add apitoken", {"owner"}),
        ("add staff", {"owner"}),
        ("change brand", {"owner"}),
        ("add brand", set()),
    ],
)
def test_the_table_of_roles(staff, brand, permission, roles):
    assert {role for role in Role.values if may(staff(role).user, permission, brand.pk)} == roles
