"""Fulfilments, refunds and returns in the admin: who may do what, what the pages write, and what they refuse."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.fulfillments import add_fulfillment
from orders.models import Fulfillment, Order, Refund, Return
from orders.payments import ProviderRefund, ProviderSilent, sandbox
from orders.refunds import ask_provider, request_refund
from orders.returns import open_return
from passes.models import Pass
from passes.services import redeem
from shops.models import Role
from shops.permissions import may
from tests.admin.helping import hidden_fields, said, sign_in, text_of
from tests.making import codes_of, make_paid_order


@pytest.fixture
def paid(brand):
    """Three coffees at 350 points: 450 in points, 6.00 in money."""
    return make_paid_order(brand, quantity=3, points=450)


def ways_in(order):
    """Every page, with what a form on it would send, by the permission that it takes."""
    shipment = add_fulfillment(order, "shipping", passes=codes_of(order)[:1])
    opened = open_return(order, passes=codes_of(order)[:1])
    code = codes_of(order)[1]
    new = {"passes": code, "status": "open"}
    return [
        ("process order", "orders_order_add_fulfillment", ("shipping",), new),
        ("process order", "orders_order_fulfillment", (shipment.uuid,), {"step": "shipped"}),
        (
            "process order",
            "orders_order_fulfillment",
            (shipment.uuid,),
            {"status": "issue", "shipping_type": "shipping"},
        ),
        (
            "process order",
            "orders_order_add_return",
            (),
            {"passes": code, "status": "open", "initiated_at": "2026-11-22T09:00"},
        ),
        ("process order", "orders_order_return", (opened.uuid,), {"step": "onTheWay"}),
        ("refund order", "orders_order_refund", (), {"passes": code, "version": "now"}),
    ]


def order_version(order):
    return Order.objects.get(pk=order.pk).version


def everything():
    models = (Order, Pass, Fulfillment, Refund, Return)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("role", Role.values)
def test_who_may_do_what(staff, brand, paid, role):
    somebody = staff(role)
    for permission, name, further, data in ways_in(paid):
        before = everything()
        sent = data | ({"version": order_version(paid)} if "version" in data else {})
        page = somebody.get(name, paid.pk, *further)
        answer = somebody.post(name, paid.pk, *further, **sent)
        if may(somebody.user, permission, brand.pk):
            assert (page.status_code, answer.status_code) == (200, 302), (
                name,
                answer.context and answer.context["form"].errors,
            )
            assert everything() != before
        else:
            assert (page.status_code, answer.status_code) == (403, 403)
            assert everything() == before


@pytest.mark.parametrize(
    ("permission", "roles"),
    [("refund order", {"owner", "manager"}), ("process order", {"owner", "manager", "support"})],
)
def test_the_table_of_roles(staff, brand, permission, roles):
    assert {role for role in Role.values if may(staff(role).user, permission, brand.pk)} == roles


def test_a_viewer_sees_everything_and_no_button(staff, paid):
    ways_in(paid)
    request_refund(paid, by="boss@example.com", passes=codes_of(paid)[2:], reason="Cold.")
    page = text_of(staff("viewer").get("orders_order_change", paid.pk))
    for words in ("Fulfilments", "Refunds", "Returns", "boss@example.com", "Cold.", f"{paid.number}-1", "€2.00"):
        assert words in page
    for link in ("/fulfillments/", f"/{paid.pk}/refund/", "/returns/", 'name="step"'):
        assert link not in page


def test_another_brands_order_is_not_there(staff, their_order):
    paid = make_paid_order(their_order.brand, quantity=2)
    ways = ways_in(paid)
    before = everything()
    owner = staff("owner")
    for _permission, name, further, data in ways:
        for answer in (owner.get(name, paid.pk, *further), owner.post(name, paid.pk, *further, **data)):
            assert answer.status_code == 302
            assert answer["Location"].endswith("/admin/")
    assert everything() == before


def test_an_order_that_is_not_paid_has_none(staff, brand, order):
    owner = staff("owner")
    page = text_of(owner.get("orders_order_change", order.pk))
    assert 'id="payment"' in page
    assert not [part for part in ("fulfillments", "refunds", "returns") if f'id="{part}"' in page]
    answer = owner.post("orders_order_refund", order.pk, version=1)
    assert said(answer) == ["Only an order that is paid can be fulfilled, refunded or returned."]
    assert not Refund.objects.exists()


def test_a_part_of_another_order_is_not_there(staff, brand, paid):
    other = make_paid_order(brand)
    shipment, opened = add_fulfillment(other, "shipping"), open_return(other, passes="all")
    manager = staff("manager")
    assert manager.post("orders_order_fulfillment", paid.pk, shipment.uuid, step="shipped").status_code == 404
    assert manager.post("orders_order_return", paid.pk, opened.uuid, step="completed").status_code == 404
    assert (Fulfillment.objects.get().status, Return.objects.get().status) == ("open", "open")


def test_support_ships_some_items(staff, paid):
    first, second, third = codes_of(paid)
    support = staff("support")
    page = support.get("orders_order_add_fulfillment", paid.pk, "shipping")
    assert page.context["form"].fields["passes"].initial == [first, second, third]
    support.post(
        "orders_order_add_fulfillment",
        paid.pk,
        "shipping",
        passes=[first, third],
        status="processing",
        carrier="PostNL",
        shipping_type="delivery",
        given_name="Anna",
        address_lines="Prinsengracht 7\r\n\r\n2nd floor",
        country_code="NL",
        estimated_delivery_at="2026-11-24T08:00",
        estimated_delivery_window="90",
    )
    made = Fulfillment.objects.get()
    assert codes_of_part(made) == [first, third]
    assert (made.status, made.carrier, made.shipping_type, made.given_name) == (
        "processing",
        "PostNL",
        "delivery",
        "Anna",
    )
    assert (made.address_lines, made.country_code) == (["Prinsengracht 7", "2nd floor"], "NL")
    assert (made.estimated_delivery_at.isoformat(), made.estimated_delivery_window) == ("2026-11-24T07:00:00+00:00", 90)
    page = text_of(support.get("orders_order_change", paid.pk))
    assert 'value="shipped"' in page

    answer = support.post("orders_order_fulfillment", paid.pk, made.uuid, step="shipped")
    assert said(answer) == ["Fulfilment: Shipped."]
    form = support.get("orders_order_fulfillment", paid.pk, made.uuid).context["form"]
    assert [value for value, _name in form.fields["status"].choices] == [
        "shipped",
        "onTheWay",
        "outForDelivery",
        "delivered",
        "issue",
    ]
    shipped_at = Fulfillment.objects.get().shipped_at
    data = {"status": "delivered", "carrier": "DHL", "shipping_type": "shipping"}
    data["shipped_at"] = shipped_at.astimezone(ZoneInfo("Europe/Amsterdam")).strftime("%Y-%m-%dT%H:%M")
    support.post("orders_order_fulfillment", paid.pk, made.uuid, **data)
    made.refresh_from_db()
    assert (made.status, made.carrier, made.given_name, made.address_lines) == ("delivered", "DHL", "", [])
    assert made.delivered_at > made.shipped_at == shipped_at  # to the microsecond
    assert order_version(paid) == 5


def codes_of_part(part):
    return list(part.items.order_by("item").values_list("item__issued_pass__qr_code", flat=True))


@pytest.mark.parametrize(
    ("data", "field", "text"),
    [
        ({"passes": []}, "passes", "This field is required."),
        ({"passes": ["X"]}, "passes", "Select a valid choice. X is not one of the available choices."),
        ({"display_name": ""}, "display_name", "The display name field is required."),
        ({"pickup_window": "30"}, "pickup_window", "A window begins somewhere: pickup_at is missing."),
        ({"status": "delivered"}, "status", "Select a valid choice. delivered is not one of the available choices."),
        ({"country_code": "nl"}, "country_code", "Write two capital letters, such as NL."),
        ({"latitude": "91", "longitude": "0"}, "latitude", "Ensure this value is less than or equal to 90."),
    ],
)
def test_a_bad_pickup_is_explained_and_not_made(staff, paid, data, field, text):
    good = {"passes": codes_of(paid), "status": "open", "display_name": "Bar"}
    page = staff("manager").post("orders_order_add_fulfillment", paid.pk, "pickup", **good | data)
    assert page.status_code == 200
    assert page.context["form"].errors[field] == [text]
    assert not Fulfillment.objects.exists()


@pytest.mark.parametrize(
    ("data", "field", "text"),
    [
        ({"shipping_type": ""}, "shipping_type", "The shipping type field is required."),
        ({"tracking_url": "ftp://x.example/"}, "tracking_url", "Enter a valid URL."),
        ({"tracking_url": "javascript:alert(1)"}, "tracking_url", "Enter a valid URL."),
    ],
)
def test_a_bad_change_of_a_shipment_is_explained_and_not_made(staff, paid, data, field, text):
    made = add_fulfillment(paid, "shipping")
    good = {"status": "shipped", "shipping_type": "shipping", "notes": "new"}
    page = staff("manager").post("orders_order_fulfillment", paid.pk, made.uuid, **good | data)
    assert page.context["form"].errors[field] == [text]
    made.refresh_from_db()
    assert (made.status, made.notes, made.shipping_type, made.tracking_url) == ("open", "", "shipping", "")


def test_a_location_is_whole_or_none(staff, paid):
    data = {"passes": codes_of(paid), "status": "open", "display_name": "Bar", "latitude": "5"}
    page = staff("manager").post("orders_order_add_fulfillment", paid.pk, "pickup", **data)
    assert page.context["form"].non_field_errors() == ["A location has a latitude and a longitude."]
    assert not Fulfillment.objects.exists()


def test_a_step_that_does_not_exist_is_refused(staff, paid):
    made = add_fulfillment(paid, "shipping", status="delivered")
    answer = staff("manager").post("orders_order_fulfillment", paid.pk, made.uuid, step="open")
    assert said(answer) == ["A fulfilment that is delivered cannot become open."]
    assert Fulfillment.objects.get().status == "delivered"


def test_a_return_is_opened_and_brought_to_its_end(staff, paid):
    first = codes_of(paid)[0]
    refund = request_refund(paid, by="x", passes=[first])
    theirs = request_refund(make_paid_order(paid.brand), by="x", passes="all")
    support = staff("support")
    data = {"passes": first, "status": "open", "initiated_at": "2026-11-22T09:00", "drop_off_by": "2026-12-01T00:00"}
    page = support.post("orders_order_add_return", paid.pk, **data, refund=theirs.pk)
    assert list(page.context["form"].errors) == ["refund"]
    support.post("orders_order_add_return", paid.pk, **data, refund=refund.pk)
    opened = Return.objects.get()
    assert (opened.refund, codes_of_part(opened)) == (refund, [first])
    assert opened.drop_off_by.isoformat() == "2026-11-30T23:00:00+00:00"  # midnight in Amsterdam
    for step in ("onTheWay", "processing", "completed"):
        assert f'value="{step}"' in text_of(support.get("orders_order_change", paid.pk))
        support.post("orders_order_return", paid.pk, opened.uuid, step=step)
    opened.refresh_from_db()
    assert opened.status == "completed"
    assert opened.returned_at is not None


def test_an_owner_says_how_things_are_returned(staff, brand):
    data = {"name": brand.name, "primary_color": "#112233", "point_value": 100, "minutes_to_pay": 30}
    data |= {"language": "en", "time_zone": "Europe/Amsterdam", "earn_rate": "0"}
    data |= {"payment_provider": "sandbox", "return_policy_url": "noord.example/returns", "return_days": "14"}
    staff("owner").post("shops_brand_change", brand.pk, **data, return_policy_description="In its box.")
    brand.refresh_from_db()
    said_so = (brand.return_policy_url, brand.return_days, brand.return_policy_description)
    assert said_so == ("https://noord.example/returns", 14, "In its box.")


# --- Refunds ---------------------------------------------------------------------------------------------------------


def test_a_refund_is_shown_before_it_is_made(staff, paid):
    manager = staff("manager")
    codes = codes_of(paid)[:2]
    page = manager.post("orders_order_refund", paid.pk, passes=codes, reason="Cold.")
    due = page.context["due"]
    assert (due.amount, due.points, due.amount_left, due.points_left) == (Decimal("4.00"), 300, Decimal("2.00"), 150)
    for words in ("€4.00", "€2.00 and 150 points", *codes):
        assert words in text_of(page)
    assert not Refund.objects.exists()

    sent = hidden_fields(page) | {"passes": codes}
    assert (sent["reason"], sent["version"]) == ("Cold.", "2")
    answer = manager.post("orders_order_refund", paid.pk, **sent)
    assert said(answer) == ["Given back: €4.00 and 300 points."]
    made = Refund.objects.get()
    assert (made.status, made.amount, made.points, made.reason) == ("completed", Decimal("4.00"), 300, "Cold.")
    assert (made.by, codes_of_part(made)) == ("manager0@team.example", codes)
    page = text_of(manager.get("orders_order_change", paid.pk))
    assert "Given back" in page  # the ledger
    assert made.provider_refund_id in page


def test_a_confirmation_that_is_sent_twice_refunds_once(staff, paid):
    manager = staff("manager")
    sent = hidden_fields(manager.post("orders_order_refund", paid.pk, amount="1.00", points="5"))
    manager.post("orders_order_refund", paid.pk, **sent)
    again = manager.post("orders_order_refund", paid.pk, **sent)
    assert said(again)[1:] == ["The order has changed meanwhile. Look at what would be given back now."]
    assert again.context["due"].amount_left == Decimal("4.00")
    assert (Refund.objects.count(), Order.objects.get().refunded) == (1, Decimal("1.00"))


def test_a_redeemed_pass_wants_its_box_ticked(staff, paid):
    first = codes_of(paid)[0]
    redeem(Pass.objects.get(qr_code=first), by="Till 1")
    manager = staff("manager")
    version = order_version(paid)
    page = manager.post("orders_order_refund", paid.pk, passes=first, version=version)
    assert page.context["form"].errors["include_redeemed"] == [f"Redeemed already, so say expressly: {first}."]
    assert not Refund.objects.exists()
    manager.post("orders_order_refund", paid.pk, passes=first, include_redeemed="on", version=version)
    assert Refund.objects.get().amount == Decimal("2.00")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"amount": "6.01"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"points": "451"}, "points"),
        ({"passes": "X"}, "passes"),
        ({}, "passes"),
    ],
)
def test_a_bad_refund_is_explained_and_not_made(staff, paid, data, field):
    page = staff("manager").post("orders_order_refund", paid.pk, version=2, **data)
    assert list(page.context["form"].errors) == [field]
    assert page.context["due"] is None
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        ("failed", "failed", "The payment provider refused: nothing was given back."),
        (None, "requested", "Requested: €6.00 and 450 points. The payment provider has not answered yet."),
    ],
)
def test_what_the_provider_says_is_told(staff, paid, monkeypatch, answer, status, text):
    def refund(payment, amount, *, key, known):
        if answer is None:
            raise ProviderSilent
        return ProviderRefund(id="re_7", said=answer, status=answer)

    monkeypatch.setattr(sandbox, "refund", refund)
    done = staff("manager").post("orders_order_refund", paid.pk, passes=codes_of(paid), version=2)
    assert said(done) == [text]
    assert Refund.objects.get().status == status
    assert (Order.objects.get().refunded == 0) is (status == "failed")


def test_once_all_is_back_there_is_no_button(staff, paid):
    manager = staff("manager")
    link = f"/orders/order/{paid.pk}/refund/"
    assert link in text_of(manager.get("orders_order_change", paid.pk))
    request_refund(paid, by="x", passes="all")
    assert link not in text_of(manager.get("orders_order_change", paid.pk))


def test_refunds_are_found_by_order_and_by_the_providers_id(staff, brand, other):
    wanted = ask_provider(request_refund(make_paid_order(brand), by="x", passes="all"))
    request_refund(make_paid_order(brand), by="x", passes="all")
    request_refund(make_paid_order(other), by="x", passes="all")
    viewer = staff("viewer")
    for term in (str(wanted.order.number), f"#{wanted.order.number}", wanted.provider_refund_id):
        assert list(viewer.get("orders_refund_changelist", q=term).context["cl"].result_list) == [wanted]
    for term in ("re_0", "9" * 30, "'"):
        assert list(viewer.get("orders_refund_changelist", q=term).context["cl"].result_list) == []
    assert len(viewer.get("orders_refund_changelist").context["cl"].result_list) == 2


def test_an_orders_page_costs_the_same_however_many_parts_it_has(staff, brand):
    viewer = staff("viewer")
    text_of(viewer.get("orders_order_change", make_paid_order(brand).pk))  # what is kept between pages is kept then
    costs = []
    for count in (1, 4):
        order = make_paid_order(brand, quantity=6)
        for code in codes_of(order)[:count]:
            add_fulfillment(order, "shipping", passes=[code])
            open_return(order, passes=[code], refund=request_refund(order, by="x", passes=[code]))
        with CaptureQueriesContext(connection) as queries:
            text_of(viewer.get("orders_order_change", order.pk))
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_staff_ship_refund_and_take_back(live_server, browser_page, staff, brand, look):
    order = make_paid_order(brand, quantity=2)
    page = browser_page(*look)
    sign_in(page, live_server, staff("manager"))
    page.goto(f"{live_server.url}/admin/orders/order/{order.pk}/change/")

    page.get_by_role("link", name="Ship items").click()
    assert page.title() == "Ship items | WalletApp"
    assert page.axe() == []
    page.get_by_label("Carrier").fill("PostNL")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Fulfilment: Open.").wait_for()
    page.get_by_role("button", name="Mark: Processing").click()
    page.get_by_text("Fulfilment: Processing.").wait_for()

    page.get_by_role("link", name="Refund", exact=True).click()
    page.get_by_label("Cappuccino").first.uncheck()
    page.get_by_role("button", name="See what it gives back").click()
    page.get_by_text("This is what would happen").wait_for()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("button", name="Refund", exact=True).click()
    page.get_by_text("Given back: €3.50 and 0 points.").wait_for()

    page.get_by_role("link", name="Open a return").click()
    assert page.axe() == []
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Return: Open.").wait_for()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert (Fulfillment.objects.get().carrier, Refund.objects.get().status) == ("PostNL", "completed")
    assert (Return.objects.get().items.count(), page.errors) == (2, [])
