"""Each fault of an order is named with its field and its cure before anything is signed (apple-wallet.md §A.4)."""

import pytest

from applewallet.checks import check
from applewallet.kinds import ORDER
from tests.applewallet.judging import (
    ADD,
    AMOUNT,
    COUNTRY,
    CURRENCY,
    DURATION,
    HTTPS,
    MERCHANT_ID,
    MOMENT,
    NUMBER,
    PAYMENT_STATUS,
    TOKEN,
    UNREAD,
    URL,
    bad,
    errors,
    unknown,
    warnings,
)
from tests.applewallet.sample_orders import ALL_ORDER_FILES, ORDER_FILES, everything_of_an_order
from tests.applewallet.sample_orders import ORDER as AN_ORDER
from tests.applewallet.samples import GONE, PDF, changed, file, image

# What is written where, the reason and the cure.
ERRORS = [  # in the field itself
    ("orderIdentifier", GONE, "It is missing.", ADD),
    ("orderIdentifier", "", "It is empty.", "Write something."),
    ("merchant", GONE, "It is missing.", ADD),
    ("merchant.merchantIdentifier", GONE, "It is missing.", MERCHANT_ID),
    ("merchant.logo", None, "It is null.", "Leave the key out, or write text."),
    ("merchant", "Lab", "It is text instead of an object.", "Write an object."),
    ("schemaVersion", 3, unknown("3"), "Choose one of: 1, 2."),
    ("orderType", "pickup", unknown("pickup"), "Write “ecommerce”."),
    ("status", "shipped", unknown("shipped"), "Choose one of: open, completed, cancelled."),
    ("status", "canceled", unknown("canceled"), "Choose one of: open, completed, cancelled."),
    ("payment.status", GONE, "It is missing.", PAYMENT_STATUS),
    ("payment.total.amount", 19.0, NUMBER, AMOUNT),
    ("payment.total.amount", "19,00", bad("19,00"), AMOUNT),
    ("payment.total.amount", "19.00\n", bad("19.00\n"), AMOUNT),
    ("payment.total.amount", "١٩", bad("١٩"), AMOUNT),
    ("payment.total.currency", "Euro", bad("Euro"), CURRENCY),
    ("lineItems[0].price.currency", GONE, "It is missing.", CURRENCY),
    ("lineItems[0].price.amount", True, "It is true instead of text.", AMOUNT),
    ("lineItems[0].quantity", "2", "It is text instead of a number.", "Write a number."),
    ("lineItems", {"title": "x"}, "It is an object instead of a list.", "Write a list."),
    ("createdAt", "2026-08-01T10:00:00", "“2026-08-01T10:00:00” has no zone.", MOMENT),
    ("createdAt", "2026-08-01", bad("2026-08-01"), MOMENT),
    ("createdAt", "2026-02-30T10:00:00Z", bad("2026-02-30T10:00:00Z"), MOMENT),
    ("createdAt", "2026-08-01 10:00:00Z", bad("2026-08-01 10:00:00Z"), MOMENT),
    ("createdAt", 1785578400, NUMBER, MOMENT),
    ("orderManagementURL", "/orders/1001", bad("/orders/1001"), URL),
    ("merchant.url", "shop.example", bad("shop.example"), URL),
    ("merchant.url", "https://", bad("https://"), URL),
    ("merchant.url", 5, NUMBER, URL),
    ("merchant.url", "https://[x", bad("https://[x"), URL),
    ("merchant.url", "https://a b", bad("https://a b"), URL),
    ("webServiceURL", "http://wallet.example/w/acme", "Phones ask over https only.", HTTPS),
    ("webServiceURL", "https://", "It names no host.", "Write the host behind “https://”."),
    (
        "webServiceURL",
        "https://wallet.example/w/acme/v1",
        "Devices put “/v1/…” behind it themselves, so they would ask for “/v1/v1/…” and never register.",
        "Leave “v1” out.",
    ),
    ("authenticationToken", "short", "It has only 5 characters.", TOKEN),
    ("authenticationToken", GONE, "It is missing, and “webServiceURL” needs it.", TOKEN),
    (
        "updatedAt",
        "2026-08-01T11:59:59+02:00",
        "It lies before createdAt, so phones take the order for an old one.",
        "Write the time of the last change, or createdAt if there was none.",
    ),
    (
        "fulfillments[0].fulfillmentType",
        "mail",
        unknown("mail"),
        "Choose one of: shipping, pickup.",
    ),
    ("fulfillments[0].fulfillmentType", GONE, "It is missing.", "Choose one of: shipping, pickup."),
    ("fulfillments[0]", "x", "It is text instead of an object.", "Write an object."),
    ("fulfillments[0].fulfillmentIdentifier", GONE, "It is missing.", ADD),
    (
        "fulfillments[0].status",
        "readyForPickup",
        unknown("readyForPickup"),
        "Choose one of: open, processing, onTheWay, outForDelivery, delivered, shipped, issue, cancelled.",
    ),
    ("fulfillments[0].estimatedDeliveryWindowDuration", "2 hours", bad("2 hours"), DURATION),
    ("fulfillments[0].estimatedDeliveryWindowDuration", "PT", bad("PT"), DURATION),
    ("fulfillments[0].shippedAt", "yesterday", bad("yesterday"), MOMENT),
    ("fulfillments[0].shippingType", "mail", unknown("mail"), "Choose one of: shipping, delivery."),
    (
        "payment.transactions[0].status",
        "paid",
        unknown("paid"),
        "Choose one of: pending, approved, completed, cancelled, failed.",
    ),
    (
        "payment.transactions[0].transactionType",
        "sale",
        unknown("sale"),
        "Choose one of: purchase, refund.",
    ),
]
INNER_ERRORS = [  # in a field within
    (
        "fulfillments[0].recipient",
        {"address": {"countryCode": "NLD"}},
        "fulfillments[0].recipient.address.countryCode",
        bad("NLD"),
        COUNTRY,
    ),
    (
        "fulfillments[1]",
        AN_ORDER["fulfillments"][0],
        "fulfillments[1].fulfillmentIdentifier",
        "Another one has this identifier, by which Wallet sees what has changed.",
        "Give each an identifier of its own.",
    ),
    (
        "barcode",
        {"format": "qr", "message": "€ 5", "messageEncoding": "iso-8859-1"},
        "barcode.message",
        "“€ 5” cannot be written in iso-8859-1.",
        "Set messageEncoding to “utf-8”, or write Latin letters only.",
    ),
    (
        "barcode",
        {"format": "qr", "message": "5", "messageEncoding": "latin-99"},
        "barcode.messageEncoding",
        "“latin-99” is no encoding of text.",
        "Write “iso-8859-1” or “utf-8”.",
    ),
    (
        "barcode",
        {"format": "PKBarcodeFormatQR", "message": "5", "messageEncoding": "iso-8859-1"},
        "barcode.format",
        unknown("PKBarcodeFormatQR"),
        "Choose one of: qr, pdf417, aztec, code128.",
    ),
]


@pytest.mark.parametrize(
    ("path", "value", "field", "reason", "cure"),
    [(path, value, path, reason, cure) for path, value, reason, cure in ERRORS] + INNER_ERRORS,
)
def test_a_fault_is_named_with_its_cure(path, value, field, reason, cure):
    found = check(ORDER, changed(AN_ORDER, path, value), {}, ORDER_FILES)
    assert errors(found) == [(field, reason, cure)]


WARNINGS = [
    ("schemaVersion", 2, "iOS 16 reads version 1 only.", "Write 1, and send payment.status."),
    (
        "merchant.merchantIdentifier",
        "lab-coffee",
        "Merchant IDs that Apple gives begin with “merchant.”.",
        "Write the Merchant ID of the Apple account that has the signing certificate.",
    ),
    (
        "orderTypeIdentifier",
        "com.example.shop",
        "Identifiers that Apple gives for this begin with “order.”.",
        "Take the identifier from the certificate.",
    ),
    ("fulfillments[0].trackingUrl", "https://track.example", UNREAD, "Did you mean “trackingURL”?"),
    ("fulfillments[0].colour", "red", UNREAD, "Leave it out if it is not new."),
    ("loyaltyPoints", 5, UNREAD, "Leave it out if it is not new."),
]
NO_CONTACT = (
    "merchant",
    "The order names no way to reach the merchant.",
    "Give one of: businessChatURL, contactURL, emailAddress, phoneNumber.",
)


@pytest.mark.parametrize(("path", "value", "reason", "cure"), WARNINGS)
def test_what_stops_nobody_is_a_warning(path, value, reason, cure):
    found = check(ORDER, changed(AN_ORDER, path, value), {}, ORDER_FILES)
    assert errors(found) == []
    assert set(warnings(found)) == {(path, reason, cure), NO_CONTACT}


def test_the_minimal_order_of_the_specification_is_valid():
    found = check(ORDER, AN_ORDER, {}, ORDER_FILES)
    assert errors(found) == []
    assert warnings(found) == [NO_CONTACT]


def test_every_key_of_an_order_is_known():
    strings = {"en": {"on_its_way": "On its way"}, "zh-Hans": {"on_its_way": "在路上"}}
    assert check(ORDER, everything_of_an_order(), strings, ALL_ORDER_FILES) == []


def test_version_2_does_without_payment_status():
    order = changed(changed(AN_ORDER, "schemaVersion", 2), "payment.status")
    found = check(ORDER, order, {}, ORDER_FILES)
    assert errors(found) == []
    assert [field for field, _reason, _cure in warnings(found)] == ["merchant", "schemaVersion"]


def test_all_faults_are_named_at_once():
    order = changed(changed(changed(AN_ORDER, "status", "new"), "payment.status"), "createdAt", "now")
    found = check(ORDER, order, {}, ORDER_FILES)
    assert {one.field for one in found} == {"status", "payment.status", "createdAt"}


REFERENCES = [
    ("merchant.logo", "logo.png"),
    ("lineItems[0].image", "item.png"),
    ("fulfillments[0].lineItems[0].image", "item.png"),
    ("payment.transactions[0].receipt", "receipt-1.pdf"),
    ("returns[0].returnLabel", "label.pdf"),
    ("orderProvider.trackingLogoNameLightColorScheme", "tracking-light"),
    ("orderProvider.trackingLogoNameDarkColorScheme", "tracking-dark"),
]


@pytest.mark.parametrize(("field", "name"), REFERENCES)
def test_a_file_that_the_order_names_is_there(field, name):
    without = {path: one for path, one in ALL_ORDER_FILES.items() if not path.startswith(name)}
    found = errors(check(ORDER, everything_of_an_order(), {}, without))
    assert field in {field for field, _reason, _cure in found}
    assert {(reason, cure) for _field, reason, cure in found} == {
        (
            f"The package holds no file “{name}”.",
            "Add the file, or write its name as it is, with or without “.png”.",
        )
    }


@pytest.mark.parametrize("files", [("logo.png",), ("logo@2x.png", "logo@3x.png"), ("en.lproj/logo@2x.png",)])
def test_a_base_name_means_the_file_in_every_scale_and_language(files):
    order = changed(AN_ORDER, "merchant.logo", "logo")
    there = {"item.png": image(300, 300), **{path: image(300, 300) for path in files}}
    assert [one.field for one in check(ORDER, order, {}, there)] == ["merchant"]


def test_a_file_that_nobody_names_is_a_warning():
    found = check(ORDER, AN_ORDER, {}, {**ORDER_FILES, "old.png": image(300, 300)})
    assert errors(found) == []
    assert warnings(found) == [NO_CONTACT, ("old.png", "Nothing in order.json names this file.", "Leave it out.")]


LOOKS = [
    (image(300, 200), "“logo.png” has 300 by 200 pixels.", "Draw it square, 300 by 300 pixels."),
    (image(100, 100), "“logo.png” has 100 by 100 pixels.", "Draw it square, 300 by 300 pixels."),
    (
        image(300, 300, "RGBA"),
        "“logo.png” lets the background shine through.",
        "Give it a background of one colour.",
    ),
]


@pytest.mark.parametrize(("logo", "reason", "cure"), LOOKS)
def test_images_are_square_and_opaque(logo, reason, cure):
    found = check(ORDER, AN_ORDER, {}, {**ORDER_FILES, "logo.png": logo})
    assert errors(found) == []
    assert warnings(found) == [NO_CONTACT, ("merchant.logo", reason, cure)]


def test_a_receipt_is_no_image_of_a_product():
    order = changed(AN_ORDER, "lineItems[0].image", "receipt.pdf")
    found = check(ORDER, order, {}, {**ORDER_FILES, "receipt.pdf": PDF})
    assert errors(found) == [("lineItems[0].image", "“receipt.pdf” is no image.", "Name a PNG or JPEG.")]


def test_an_order_has_at_most_five_megabytes():
    order = changed(AN_ORDER, "payment.transactions[0].receipt", "receipt.pdf")
    small = {**ORDER_FILES, "receipt.pdf": file(b"%PDF-" + bytes(4_980_000))}
    large = {**ORDER_FILES, "receipt.pdf": file(b"%PDF-" + bytes(4_999_990))}
    assert [one.field for one in check(ORDER, order, {}, small)] == ["merchant"]
    assert errors(check(ORDER, order, {}, large)) == [
        (
            "order.json",
            "The package has 5.0 MB, and orders may have 5 MB.",
            "Shrink the images, or link to documents instead of attaching them.",
        ),
    ]
