"""What orders show on a phone, and that they follow what happens to the order."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from applewallet.models import Design, Package
from applewallet.services import NotSignable, built
from orders.fulfillments import add_fulfillment, change_fulfillment
from orders.phones import order_package
from orders.refunds import ask_provider, request_refund
from orders.returns import change_return, open_return
from orders.services import cancel, note_facts, payment_said, set_processing_status
from orders.source import order_source
from tests.applewallet.making import make_credential
from tests.making import make_coupon, make_member, make_order

SCHEMA = json.loads((Path(__file__).parent.parent / "data" / "order.schema.json").read_text())
PLACED = datetime(2026, 8, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def brand(brand):
    Design.objects.create(brand=brand, merchant_identifier="merchant.example.noord", email="hi@noord.example")
    make_credential(brand, "order", identifier=f"order.example.{brand.slug}")
    return brand


@pytest.fixture
def order(brand):
    """Two cups for 3.50 each, 2.00 of it by points; placed at a known time."""
    member = make_member(brand, points=200, name="Emma Brown", email="emma@example.com")
    coupon = make_coupon(brand, external_reference="CUP-1")
    order = make_order(brand, member=member, coupon=coupon, quantity=2, points=200)
    brand.orders.filter(pk=order.pk).update(created_at=PLACED)
    brand.payments.update(created_at=PLACED)
    order.refresh_from_db()
    return order


def pay(order):
    payment_said(order.payment, "paid")
    order.refresh_from_db()
    return order


def valid(package):
    """order.json of a package as it is now, which Apple's schema must accept."""
    package = Package.objects.select_related("type__brand").get(pk=package.pk)
    with zipfile.ZipFile(io.BytesIO(built(package))) as archive:
        content = json.loads(archive.read("order.json"))
        names = set(archive.namelist())
    jsonschema.validate(content, SCHEMA, format_checker=jsonschema.FormatChecker())
    for image in [content["merchant"]["logo"], *[line["image"] for line in content["lineItems"] if "image" in line]]:
        assert image in names
    return content


def test_an_open_order(brand, order, settings):
    settings.PUBLIC_URL = "https://shop.example"
    package = order_package(order)
    content = valid(package)
    assert len(content.pop("authenticationToken")) >= 32
    eur = lambda amount: {"amount": amount, "currency": "EUR"}  # noqa: E731
    assert content == {
        "schemaVersion": 1,
        "orderType": "ecommerce",
        "orderTypeIdentifier": f"order.example.{brand.slug}",
        "orderIdentifier": str(package.serial),
        "webServiceURL": f"https://shop.example/w/{package.type.slug}",
        "createdAt": "2026-08-01T10:00:00Z",
        "updatedAt": package.last_modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "orderNumber": "1",
        "status": "open",
        "statusDescription": "status_open",
        "orderManagementURL": f"https://shop.example/s/{brand.slug}/orders/{order.uuid}",
        "merchant": {
            "merchantIdentifier": "merchant.example.noord",
            "displayName": "Café Noord",
            "url": f"https://shop.example/s/{brand.slug}/",
            "logo": "logo.png",
            "emailAddress": "hi@noord.example",
        },
        "customer": {"givenName": "Emma Brown", "emailAddress": "emma@example.com"},
        "lineItems": [{"title": "Cappuccino", "quantity": 2, "price": eur("3.50"), "sku": "CUP-1"}],
        "payment": {
            "total": eur("5.00"),
            "status": "pending",
            "summaryItems": [
                {"label": "summary_price", "value": eur("7.00")},
                {"label": "summary_points", "value": eur("-2.00")},
            ],
            "transactions": [
                {
                    "transactionType": "purchase",
                    "amount": eur("5.00"),
                    "createdAt": "2026-08-01T10:00:00Z",
                    "paymentMethod": {"displayName": "Sandbox"},
                    "status": "pending",
                }
            ],
        },
    }
    assert order_source(order).strings["nl"] == {
        "status_open": "Wacht op betaling",
        "summary_points": "Betaald met punten",
        "summary_price": "Prijs",
    }


def test_every_change_reaches_the_package_in_its_transaction(order):
    package = order_package(order)
    pay(order)
    content = valid(package)
    assert content["payment"]["status"] == "paid"
    assert content["payment"]["transactions"][0]["status"] == "completed"
    shipped = add_fulfillment(order, "shipping", status="processing", carrier="PostNL")
    change_fulfillment(shipped, status="shipped", tracking_number="3SABC", tracking_url="https://t.example/3SABC")
    content = valid(package)
    assert content["status"] == "open"
    assert {key: content["fulfillments"][0][key] for key in ("status", "carrier", "trackingNumber", "trackingURL")} == {
        "status": "shipped",
        "carrier": "PostNL",
        "trackingNumber": "3SABC",
        "trackingURL": "https://t.example/3SABC",
    }
    assert content["fulfillments"][0]["lineItems"] == [{"title": "Cappuccino", "quantity": 2, "sku": "CUP-1"}]
    change_fulfillment(shipped, status="delivered")
    assert valid(package)["status"] == "completed"


def test_updated_at_rises_with_every_version(order):
    package = order_package(order)
    seen = [valid(package)["updatedAt"]]
    pay(order)
    seen.append(valid(package)["updatedAt"])
    add_fulfillment(order, "shipping")
    seen.append(valid(package)["updatedAt"])
    assert sorted(set(seen)) == seen


def test_a_pickup(order):
    package = order_package(order)
    pay(order)
    add_fulfillment(
        order,
        "pickup",
        status="readyForPickup",
        display_name="Café Noord, Haarlemmerstraat",
        address_lines=["Haarlemmerstraat 1"],
        locality="Amsterdam",
        country_code="NL",
        latitude=52.38,
        longitude=4.89,
        pickup_at=PLACED + timedelta(days=1),
        pickup_window=90,
    )
    pickup = valid(package)["fulfillments"][0]
    assert pickup["pickupAt"] == "2026-08-02T10:00:00Z"
    assert pickup["pickupWindowDuration"] == "PT90M"
    assert pickup["location"] == {"latitude": 52.38, "longitude": 4.89}
    assert pickup["address"] == {"addressLines": ["Haarlemmerstraat 1"], "locality": "Amsterdam", "countryCode": "NL"}
    assert pickup["barcode"]["message"] == str(order.uuid)


def test_refunds_partial_and_full(order):
    package = order_package(order)
    pay(order)
    first, second = [item.issued_pass.qr_code for item in order.items.select_related("issued_pass").order_by("pk")]
    ask_provider(request_refund(order, by="staff@example.com", passes=[first]))
    payment = valid(package)["payment"]
    assert payment["status"] == "paid"
    assert payment["summaryItems"][-1] == {
        "label": "summary_refunded",
        "value": {"amount": "-2.50", "currency": "EUR"},
    }
    assert [(one["transactionType"], one["amount"]["amount"], one["status"]) for one in payment["transactions"]] == [
        ("purchase", "5.00", "completed"),
        ("refund", "2.50", "completed"),
    ]
    ask_provider(request_refund(order, by="staff@example.com", passes=[second]))
    payment = valid(package)["payment"]
    assert payment["status"] == "refunded"
    refunds = [
        Decimal(one["amount"]["amount"]) for one in payment["transactions"] if one["transactionType"] == "refund"
    ]
    assert sum(refunds) == order.total


def test_a_return_and_the_brands_policy(brand, order):
    brand.return_policy_url = "https://noord.example/returns"
    brand.return_days = 14
    brand.save(update_fields=["return_policy_url", "return_days"])
    order.refresh_from_db()
    package = order_package(order)
    pay(order)
    opened = open_return(order, passes="all", carrier="DHL")
    change_return(opened, status="onTheWay")
    content = valid(package)
    assert content["returnInfo"] == {
        "returnPolicyURL": "https://noord.example/returns",
        "returnDeadline": "2026-08-15T10:00:00Z",
    }
    assert content["returns"][0]["status"] == "onTheWay"
    assert content["returns"][0]["returnNumber"] == "1-1"
    assert content["returns"][0]["lineItems"] == [{"title": "Cappuccino", "quantity": 2, "sku": "CUP-1"}]


@pytest.mark.parametrize(
    ("end", "payment_status", "transaction"),
    [("failed", "declined", "failed"), ("canceled", "voided", "cancelled"), ("expired", "voided", "cancelled")],
)
def test_an_order_that_came_to_nothing(order, end, payment_status, transaction):
    package = order_package(order)
    if end == "canceled":
        cancel(order)
    else:
        payment_said(order.payment, end)
    content = valid(package)
    assert content["status"] == "cancelled"
    assert content["payment"]["status"] == payment_status
    assert content["payment"]["transactions"][0]["status"] == transaction


def test_an_order_paid_with_points_alone(brand):
    order = make_order(brand, member=make_member(brand, points=350), points="max")
    content = valid(order_package(order))
    assert content["payment"]["total"] == {"amount": "0.00", "currency": "EUR"}
    assert content["payment"]["transactions"] == []
    assert content["payment"]["status"] == "paid"
    set_processing_status(order, "being_processed")
    set_processing_status(order, "processed")
    assert valid(brand.packages.get())["status"] == "completed"


def test_what_no_phone_shows_makes_no_new_version(order):
    package = order_package(order)
    note_facts(order, mail_delivered_in_inbox=True)
    package.refresh_from_db()
    assert package.version == 1


def test_no_package_is_made_before_somebody_asks(brand, order):
    pay(order)
    assert not brand.packages.exists()


def test_a_brand_without_a_certificate_is_told_so(other):
    with pytest.raises(NotSignable, match="no certificate"):
        order_package(make_order(other))
