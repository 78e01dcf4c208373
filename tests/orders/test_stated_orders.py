"""Orders that a partner states, for staff, over the shop API and on phones: nobody else may change them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from applewallet.models import Design, Package
from orders.fulfillments import change_fulfillment
from orders.models import Fulfillment, FulfillmentLine, Order, OrderLine, OrderSum, Refund, RefundLine, SumKind
from orders.phones import order_package
from orders.services import StatedByPartner, cancel
from orders.stated import restate_order, state_order
from orders.statements import StatedFulfillment, StatedLine, StatedRefund, StatedSum, Statement
from tests.applewallet.making import make_credential
from tests.applewallet.test_orders import valid
from tests.making import make_brand, make_member, make_paid_order

PLACED = datetime(2026, 8, 1, 10, 0, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script>'


def line(identifier="1", title="Snowboard", quantity=2, price="4.00", **more):
    one = Decimal(price)
    facts = {
        "variant_title": "Blue",
        "gtin": "0123",
        "unit_price": one,
        "total_price": one * quantity,
        "currency": "EUR",
    }
    return StatedLine(external_id=identifier, title=title, quantity=quantity, **(facts | more))


def shipment(identifier="f", status="onTheWay", **more):
    facts = {"kind": "shipping", "shipping_type": "shipping", "carrier": "PostNL", "lines": ("1",)}
    return StatedFulfillment(external_id=identifier, status=status, **(facts | more))


def statement(**changes):
    facts = {
        "by": "Shop Partner",
        "external_id": "1234",
        "number": "#1001",
        "created_at": PLACED,
        "currency": "EUR",
        "total": Decimal("10.00"),
        "status": "paid",
        "payment_status": "PAID",
        "processing_status": "being_processed",
        "lines": (line(),),
        "fulfillments": (shipment(),),
        "sums": (
            StatedSum(SumKind.SUBTOTAL, "", Decimal("8.00"), "EUR"),
            StatedSum(SumKind.TAX, "VAT 21%", Decimal("2.00"), "EUR"),
        ),
    }
    return Statement(**(facts | changes))


@pytest.fixture
def order(brand):
    return state_order(brand, make_member(brand, email="emma@example.com"), statement())


def test_a_statement_without_what_was_before_compares_with_the_rows(order):
    before = [list(model.objects.values()) for model in (Order, OrderLine, OrderSum, Fulfillment, FulfillmentLine)]
    assert restate_order(order, statement()).version == order.version
    after = [list(model.objects.values()) for model in (Order, OrderLine, OrderSum, Fulfillment, FulfillmentLine)]
    assert after == before


def test_a_clock_that_runs_ahead_places_nothing_in_the_future(brand):
    order = state_order(brand, make_member(brand), statement(created_at=timezone.now() + timedelta(days=1)))
    assert order.created_at <= timezone.now()


# --- who may not ----------------------------------------------------------------------------------------------------


CALLS = [
    ("cancel", None),
    ("fulfillments", {"kind": "shipping", "passes": "all"}),
    ("fulfillments/{part}", {"status": "delivered"}),
    ("refunds", {"passes": [], "amount": "1.00"}),
    ("refunds", {"passes": [], "amount": "1.00", "dry_run": True}),
    ("returns", {"passes": "all"}),
]


@pytest.mark.parametrize(("call", "body"), CALLS)
def test_the_shop_api_refuses_what_is_the_partners_to_say(api, order, call, body):
    before = [list(model.objects.values()) for model in (Order, Fulfillment, Refund)]
    part = order.fulfillments.get()
    path = f"/orders/{order.uuid}/{call.format(part=part.uuid)}"
    answer = api.call("PATCH" if "{part}" in call else "POST", path, body)
    assert answer.status_code == 409
    assert answer.json() == {
        "message": "Shop Partner keeps this order: cancel, ship and refund it there, and it follows here."
    }
    assert [list(model.objects.values()) for model in (Order, Fulfillment, Refund)] == before


def test_the_verbs_refuse_it_too(order):
    with pytest.raises(StatedByPartner):
        cancel(order)
    with pytest.raises(StatedByPartner):
        change_fulfillment(order.fulfillments.get(), status="delivered")


@pytest.fixture
def admin_page(client, order):
    client.force_login(User.objects.create_superuser("root@example.com"))
    return lambda path="": client.get(f"/admin/orders/order/{order.pk}/change/{path}")


def test_the_admin_shows_the_lines_and_no_way_to_change_them(admin_page, order):
    page = admin_page().content.decode()
    for text in ("Shop Partner", "#1001", "Snowboard", "Blue", "€4.00", "PostNL", "VAT 21%", "PAID"):
        assert text in page, text
    for gone in ('value="cancel"', "Ship items", f"{order.pk}/refund/", 'name="step"', "Items and their passes"):
        assert gone not in page, gone
    assert 'value="finish"' in page  # what staff do with it stays theirs


@pytest.mark.parametrize("path", ["refund/", "fulfillments/add/shipping/", "returns/add/"])
def test_the_admins_own_pages_lead_back(admin_page, client, order, path):
    answer = client.post(f"/admin/orders/order/{order.pk}/{path}", {"amount": "1.00"}, follow=True)
    assert "Shop Partner keeps this order" in answer.content.decode()
    assert Refund.objects.count() == 0


def test_what_a_partner_writes_is_text(brand, client):
    client.force_login(User.objects.create_superuser("root@example.com"))
    hostile = statement(number=HOSTILE, by=HOSTILE, lines=(line(title=HOSTILE, variant_title=HOSTILE, gtin=HOSTILE),))
    order = state_order(brand, make_member(brand), hostile)
    page = client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;alert(") >= 4


# --- on the phone ---------------------------------------------------------------------------------------------------


@pytest.fixture
def brand(brand):
    Design.objects.create(brand=brand, merchant_identifier="merchant.example.noord", email="hi@noord.example")
    make_credential(brand, "order", identifier=f"order.example.{brand.slug}")
    return brand


def test_a_phone_shows_what_the_partner_says(order, brand):
    package = order_package(order)
    content = valid(package)
    shown = {key: content[key] for key in ("orderNumber", "createdAt", "status", "lineItems", "payment")}
    assert shown == {
        "orderNumber": "#1001",
        "createdAt": "2026-08-01T10:00:00Z",
        "status": "open",
        "lineItems": [
            {
                "title": "Snowboard",
                "quantity": 2,
                "subtitle": "Blue",
                "gtin": "0123",
                "price": {"amount": "4.00", "currency": "EUR"},
            }
        ],
        "payment": {
            "total": {"amount": "10.00", "currency": "EUR"},
            "status": "paid",
            "summaryItems": [
                {"label": "summary_subtotal", "value": {"amount": "8.00", "currency": "EUR"}},
                {"label": "VAT 21%", "value": {"amount": "2.00", "currency": "EUR"}},
            ],
            "transactions": [
                {
                    "transactionType": "purchase",
                    "amount": {"amount": "10.00", "currency": "EUR"},
                    "createdAt": "2026-08-01T10:00:00Z",
                    "paymentMethod": {"displayName": "Shop Partner"},
                    "status": "completed",
                }
            ],
        },
    }
    [sent] = content["fulfillments"]
    assert (sent["status"], sent["carrier"], sent["fulfillmentIdentifier"]) == (
        "onTheWay",
        "PostNL",
        str(order.fulfillments.get().uuid),
    )
    assert sent["lineItems"] == [{"title": "Snowboard", "quantity": 2, "subtitle": "Blue", "gtin": "0123"}]


def test_a_phone_follows(order, brand):
    package = order_package(order)
    back = StatedRefund("r", Decimal("2.50"), "EUR", PLACED + timedelta(days=3), "Scratched", (("1", 1),))
    done = statement(
        payment_status="PARTIALLY_REFUNDED",
        processing_status="processed",
        fulfillments=(shipment(status="delivered", delivered_at=PLACED + timedelta(days=2)),),
        refunds=(back,),
    )
    restate_order(order, done, statement())
    content = valid(package)
    assert content["status"] == "completed"
    assert content["fulfillments"][0]["status"] == "delivered"
    assert content["payment"]["summaryItems"][-1] == {
        "label": "summary_refunded",
        "value": {"amount": "-2.50", "currency": "EUR"},
    }
    assert [one["transactionType"] for one in content["payment"]["transactions"]] == ["purchase", "refund"]
    assert content["returns"] == [
        {
            "returnIdentifier": str(order.refunds.get().uuid),
            "status": "completed",
            "initiatedAt": "2026-08-04T10:00:00Z",
            "lineItems": [{"title": "Snowboard", "quantity": 1, "subtitle": "Blue", "gtin": "0123"}],
            "notes": "Scratched",
        }
    ]
    before = Package.objects.get().last_modified
    restate_order(order, done, done)
    assert Package.objects.get().last_modified == before


@pytest.mark.parametrize(("stated", "shown"), [((("1", None),), [2]), ((), None)])
def test_a_refund_shows_as_a_return_of_what_it_is_for(brand, stated, shown):
    back = StatedRefund("r", Decimal("2.50"), "EUR", PLACED, "", stated)
    order = state_order(brand, make_member(brand), statement(refunds=(back,)))
    content = valid(order_package(order))
    found = content.get("returns") and [line["quantity"] for line in content["returns"][0]["lineItems"]]
    assert found == shown


def test_the_admin_shows_what_a_refund_is_for(admin_page, order):
    back = StatedRefund("r", Decimal("4.00"), "EUR", PLACED, "Scratched", (("1", 1),))
    restate_order(order, statement(refunds=(back,)), statement())
    page = admin_page().content.decode()
    refunds = page[page.index('id="refunds"') :]
    assert "1 × Snowboard" in refunds[: refunds.index("</section>")]


@pytest.mark.parametrize(
    ("status", "payment", "shown", "paid"),
    [
        ("open", "PENDING", "open", "pending"),
        ("open", "AUTHORIZED", "open", "authorized"),
        ("canceled", "VOIDED", "cancelled", "voided"),
        ("canceled", "REFUNDED", "cancelled", "refunded"),
        ("failed", "VOIDED", "cancelled", "declined"),
        ("expired", "EXPIRED", "cancelled", "voided"),
    ],
)
@pytest.mark.parametrize("status_of_part", ["open", "shipped", "issue", "cancelled"])
def test_every_state_makes_a_package_that_apple_takes(brand, status, payment, shown, paid, status_of_part):
    pickup = StatedFulfillment("p", "pickup", "readyForPickup", ("1",), display_name="The shop")
    parts = (shipment(status=status_of_part), pickup)
    said = statement(status=status, payment_status=payment, fulfillments=parts, total=Decimal("0.00"), sums=())
    content = valid(order_package(state_order(brand, make_member(brand), said)))
    assert (content["status"], content["payment"]["status"]) == (shown, paid)
    assert [one["status"] for one in content["fulfillments"]] == [status_of_part, "readyForPickup"]


# --- the database ---------------------------------------------------------------------------------------------------


def test_the_database_keeps_brands_apart(order):
    other = make_brand()
    back = StatedRefund("r", Decimal("1.00"), "EUR", PLACED, "", (("1", 1),))
    restate_order(order, statement(refunds=(back,)), statement())
    renamed = statement(
        lines=(line("9"),), fulfillments=(shipment(lines=("9",)),), refunds=(replace(back, lines=(("9", 1),)),)
    )
    theirs = state_order(other, make_member(other), renamed)
    part = order.fulfillments.get()
    writes = [
        lambda: OrderLine.objects.filter(order=order).update(order=theirs),
        lambda: OrderSum.objects.filter(order=order).update(order=theirs),
        lambda: FulfillmentLine.objects.filter(fulfillment=part).update(line=theirs.lines.get()),
        lambda: FulfillmentLine.objects.filter(fulfillment=part).update(fulfillment=theirs.fulfillments.get()),
        lambda: RefundLine.objects.filter(refund__order=order).update(line=theirs.lines.get()),
        lambda: RefundLine.objects.filter(refund__order=order).update(refund=theirs.refunds.get()),
    ]
    for write in writes:
        with pytest.raises(IntegrityError, match="same_brand"), transaction.atomic():
            write()
            connection.check_constraints()


def test_the_database_keeps_sources_apart(brand, order):
    ours = make_paid_order(brand)
    for changes in (
        {"pk": order.pk, "source": "shop"},
        {"pk": order.pk, "stated_by": ""},
        {"pk": ours.pk, "source": "wallet"},
        {"pk": ours.pk, "stated_id": "x"},
    ):
        pk = changes.pop("pk")
        with pytest.raises(IntegrityError, match="order_of_its_source"), transaction.atomic():
            Order.objects.filter(pk=pk).update(**changes)


def test_the_database_lets_a_stated_refund_go_and_no_other(brand, order):
    back = StatedRefund("r", Decimal("2.50"), "EUR", PLACED, "")
    restate_order(order, statement(refunds=(back,)))
    assert Refund.objects.count() == 1
    restate_order(order, statement())
    assert Refund.objects.count() == 0
    ours = make_paid_order(brand)
    own = brand.refunds.create(order=ours, amount=1, currency="EUR", points=0, by="x")
    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        Refund.objects.filter(pk=own.pk).delete()
