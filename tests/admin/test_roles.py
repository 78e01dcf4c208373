"""What each role may do, asked by URL."""

import pytest

from accounts.models import User
from orders.models import Order
from passes.models import Coupon
from shops.models import Staff
from tests.admin.helping import act_at_once, hidden_fields, text_of
from webhooks.models import Event

ADD_PAGES = ["passes_coupon_add", "shops_staff_add", "shops_apitoken_add", "webhooks_endpoint_add"]


@pytest.mark.parametrize("role", ["viewer", "support"])
@pytest.mark.parametrize("page", ADD_PAGES)
def test_who_only_looks_adds_nothing(staff, brand, role, page):
    somebody = staff(role)
    assert somebody.get(page).status_code == 403
    data = {
        "title": "Tea",
        "points": 1,
        "name": "x",
        "abilities": "*",
        "url": "https://x.example",
        "email": "a@b.example",
    }
    assert somebody.post(page, **data).status_code == 403
    assert not brand.coupons.exists()
    assert not brand.apitokens.exists()
    assert not brand.endpoints.exists()
    assert brand.staff.count() == 1


@pytest.mark.parametrize("page", ["shops_staff_add", "shops_apitoken_add"])
def test_a_manager_touches_neither_staff_nor_tokens(staff, brand, page):
    assert staff("manager").get(page).status_code == 403


def test_a_viewer_sees_an_order_without_buttons_and_changes_nothing(staff, order):
    viewer = staff("viewer")
    page = text_of(viewer.get("orders_order_change", order.pk))
    assert 'name="action"' not in page
    for action in ("begin", "archive", "cancel", "tell"):
        act_at_once(viewer, action, order)
    order.refresh_from_db()
    assert (order.status, order.processing_status) == ("open", "open")


def test_support_processes_but_does_not_cancel(staff, order):
    support = staff("support")
    page = text_of(support.get("orders_order_change", order.pk))
    assert 'value="begin"' in page
    assert 'value="cancel"' not in page
    events = Event.objects.count()
    act_at_once(support, "cancel", order)
    order.refresh_from_db()
    assert order.status == "open"
    assert Event.objects.count() == events
    act_at_once(support, "begin", order)
    order.refresh_from_db()
    assert order.processing_status == "being_processed"


def test_a_manager_cancels_and_the_webhooks_hear_of_it(staff, order):
    answer = staff("manager").act("orders_order", "cancel", order, from_page="1")
    order.refresh_from_db()
    assert order.status == "canceled"
    assert Event.objects.filter(order_uuid=order.uuid, order_status="canceled").count() == 1
    assert answer["Location"].endswith(f"/orders/order/{order.pk}/change/")


def test_nobody_adds_edits_or_deletes_an_order(superuser, order):
    assert superuser.get("orders_order_add").status_code == 403
    assert superuser.get("orders_order_delete", order.pk).status_code == 403
    superuser.post("orders_order_change", order.pk, status="paid", total="0")
    superuser.post("orders_order_delete", order.pk, post="yes")
    order.refresh_from_db()
    assert order.status == "open"
    assert Order.objects.count() == 1


def test_a_manager_edits_a_members_name_and_nothing_else(staff, member):
    manager = staff("manager")
    hidden = hidden_fields(manager.get("shops_member_change", member.pk))
    manager.post("shops_member_change", member.pk, name="Anna", email="x@y.example", points=99999, **hidden)
    member.refresh_from_db()
    assert (member.name, member.email, member.points) == ("Anna", "anna@example.com", 1000)
    assert staff("support").post("shops_member_change", member.pk, name="Bo").status_code == 403
    member.refresh_from_db()
    assert member.name == "Anna"


def test_a_coupon_is_made_changed_and_deleted_until_a_pass_was_issued(staff, brand, order):
    manager = staff("manager")
    manager.post("passes_coupon_add", title="Tea", points=250, stock=3, is_active="on")
    tea = brand.coupons.get(title="Tea")
    assert (tea.points, tea.stock, tea.is_active) == (250, 3, True)
    assert "€2.50" in text_of(manager.get("passes_coupon_change", tea.pk))
    manager.post("passes_coupon_delete", tea.pk, post="yes")
    assert not Coupon.objects.filter(pk=tea.pk).exists()
    sold = order.items.get().issued_pass.coupon
    assert manager.post("passes_coupon_delete", sold.pk, post="yes").status_code == 403
    assert Coupon.objects.filter(pk=sold.pk).exists()


def test_an_owner_adds_a_colleague_by_address(staff, brand):
    owner = staff("owner")
    owner.post("shops_staff_add", email="New@Team.example", role="support")
    place = brand.staff.get(user__email="New@Team.example")
    assert place.role == "support"
    assert place.user.is_staff
    assert not place.user.is_superuser
    assert not place.user.has_usable_password()


def test_an_owner_adds_somebody_who_exists_without_learning_it(staff, brand, other):
    known = User.objects.create_user("known@velo.example", "secret", name="Known")
    answer = staff("owner").post("shops_staff_add", email="KNOWN@velo.example", role="viewer")
    assert answer.status_code == 302
    assert Staff.objects.get(user=known).brand == brand
    known.refresh_from_db()
    assert known.is_staff
    assert known.check_password("secret")


def test_the_same_colleague_is_not_added_twice(staff, brand):
    owner = staff("owner")
    page = owner.post("shops_staff_add", email=owner.user.email.upper(), role="viewer")
    assert "on the team already" in text_of(page)
    assert brand.staff.count() == 1


def test_an_owner_changes_others_but_not_their_own_place(staff, brand):
    owner, viewer = staff("owner"), staff("viewer")
    own, others = brand.staff.get(user=owner.user), brand.staff.get(user=viewer.user)
    assert owner.post("shops_staff_change", own.pk, role="viewer").status_code == 403
    assert owner.post("shops_staff_delete", own.pk, post="yes").status_code == 403
    owner.post("shops_staff_change", others.pk, role="manager")
    assert set(brand.staff.values_list("role", flat=True)) == {"owner", "manager"}


def test_a_viewer_changes_no_role(staff, brand):
    viewer = staff("viewer")
    place = brand.staff.get()
    assert viewer.post("shops_staff_change", place.pk, role="owner").status_code == 403
    place.refresh_from_db()
    assert place.role == "viewer"


def test_an_owner_edits_the_brand_but_not_what_urls_and_amounts_rest_on(staff, brand):
    before = (brand.slug, brand.currency)
    data = {"name": "Café Zuid", "primary_color": "#112233", "point_value": 50, "minutes_to_pay": 30}
    data |= {"payment_provider": "sandbox", "slug": "stolen", "currency": "JPY"}
    data |= {"language": "nl", "time_zone": "Europe/Brussels", "earn_rate": "0"}
    staff("owner").post("shops_brand_change", brand.pk, **data)
    brand.refresh_from_db()
    assert (brand.name, brand.point_value, brand.slug, brand.currency) == ("Café Zuid", 50, *before)
    assert (brand.language, brand.time_zone) == ("nl", "Europe/Brussels")
    assert staff("support").post("shops_brand_change", brand.pk, **data | {"name": "No"}).status_code == 403
    brand.refresh_from_db()
    assert brand.name == "Café Zuid"


SHOP = {"language": "nl", "time_zone": "Europe/Amsterdam"}


def test_a_manager_says_who_may_frame_the_quickshop_and_nothing_of_money(staff, brand):
    data = SHOP | {"name": "No", "point_value": 1, "frame_hosts": "https://www.noord.example,http://localhost:8080"}
    staff("manager").post("shops_brand_change", brand.pk, **data)
    brand.refresh_from_db()
    assert brand.frame_hosts == ["https://www.noord.example", "http://localhost:8080"]
    assert (brand.name, brand.point_value, brand.language) == ("Café Noord", 100, "nl")


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame_hosts": "noord.example"},
        {"frame_hosts": "https://noord.example/"},
        {"frame_hosts": "https://*.noord.example"},
        {"frame_hosts": "https://noord.example; script-src *"},
        {"frame_hosts": "https://noord.example:99999"},
        {"frame_hosts": "javascript://noord.example"},
        {"frame_hosts": "'self'"},
        {"time_zone": "Mars/Olympus"},
        {"language": "xx"},
    ],
)
def test_what_is_no_origin_zone_or_language_is_refused(staff, brand, wrong):
    page = staff("manager").post("shops_brand_change", brand.pk, **SHOP | wrong)
    assert list(page.context["adminform"].form.errors) == list(wrong)
    brand.refresh_from_db()
    assert (brand.frame_hosts, brand.time_zone, brand.language) == ([], "Europe/Amsterdam", "en")


def test_a_provider_that_does_not_exist_is_refused(staff, brand):
    data = {"name": "x", "primary_color": "#112233", "point_value": 50, "minutes_to_pay": 30, "payment_provider": "no"}
    assert staff("owner").post("shops_brand_change", brand.pk, **data).status_code == 200
    brand.refresh_from_db()
    assert brand.payment_provider == "sandbox"


def test_a_manager_corrects_points_once_however_often_the_form_is_sent(staff, member):
    manager = staff("manager")
    page = manager.get("shops_member_points", member.pk)
    slip = page.context["form"]["slip"].value()
    for _ in range(2):
        manager.post("shops_member_points", member.pk, points=-400, what_for="Mistake at the till", slip=slip)
    member.refresh_from_db()
    assert member.points == 600
    entry = member.points_entries.get(reason="correction")
    assert (entry.points, entry.balance) == (-400, 600)
    page = text_of(manager.post("shops_member_points", member.pk, points=-700, what_for="x", slip=slip))
    assert "700 points were asked for, but the member has 600." in page


def test_who_may_not_correct_points_does_not(staff, member, their_order):
    data = {"points": 500, "what_for": "x", "slip": "00000000-0000-0000-0000-000000000001"}
    assert staff("support").post("shops_member_points", member.pk, **data).status_code == 403
    theirs = their_order.member
    assert staff("owner").post("shops_member_points", theirs.pk, **data).status_code == 302
    for one in (member, theirs):
        one.refresh_from_db()
        assert one.points == 1000
        assert not one.points_entries.filter(reason="correction").exists()


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("support", 403), ("manager", 200), ("owner", 200)])
@pytest.mark.parametrize("page", [("jobs_job_export", "orders"), ("jobs_job_export", "members"), ("jobs_job_members",)])
def test_managers_and_owners_take_personal_data_out_and_in(staff, role, status, page):
    assert staff(role).get(*page).status_code == status


@pytest.mark.parametrize(
    ("step", "roles"),
    [("begin", {"support", "manager", "owner"}), ("cancel", {"manager", "owner"}), ("tell", {"manager", "owner"})],
)
def test_a_step_with_many_orders_needs_the_role_of_the_single_step(staff, order, step, roles):
    for role in ("viewer", "support", "manager", "owner"):
        answer = staff(role).get("jobs_job_steps", step=step, ids=str(order.pk))
        assert answer.status_code == (200 if role in roles else 403)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("support", 403), ("manager", 403), ("owner", 200)])
def test_owners_reset_a_colleagues_second_factor(staff, brand, role, status):
    colleague = brand.staff.create(user=User.objects.create_user("lost@team.example", is_staff=True), role="viewer")
    assert staff(role).get("shops_staff_factor", colleague.pk).status_code == status
