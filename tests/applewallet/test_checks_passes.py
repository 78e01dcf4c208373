"""Each fault of pass.json is named with its field and its cure before anything is signed (apple-wallet.md §B.2)."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from applewallet.checks import check
from applewallet.checks.words import STYLES
from applewallet.kinds import PASS
from tests.applewallet.judging import (
    ADD,
    HTTPS,
    MOMENT,
    NUMBER,
    TOKEN,
    UNREAD,
    URL,
    bad,
    errors,
    one_of,
    unknown,
    warnings,
)
from tests.applewallet.sample_passes import (
    BOARDING_PASS,
    COUPON,
    EVENT_TICKET,
    PASS_FILES,
    PASSES,
    PLACE,
    POSTER_GENERIC,
    POSTER_TICKET,
    QR_OF_PASS,
    STORE_CARD,
    a_pass,
)
from tests.applewallet.samples import GONE, changed

COLORS = "Write “rgb(r, g, b)” with numbers from 0 to 255."
ALL_STYLES = "Keep one of: boardingPass, coupon, eventTicket, generic, storeCard."
DATES = "Write “date”, or “startDate” with “endDate”."


@pytest.mark.parametrize("name", PASSES)
def test_passes_of_every_style_are_valid(name):
    assert check(PASS, PASSES[name], {}, PASS_FILES) == []


@pytest.mark.parametrize("style", STYLES)
def test_the_smallest_pass_of_a_style_is_valid(style):
    small = a_pass(style)
    del small["webServiceURL"], small["authenticationToken"]
    assert check(PASS, small, {}, PASS_FILES) == []


# A pass, what is written where, the reason and the cure; the fault is in that very field.
ERRORS = [
    (COUPON, "formatVersion", 2, unknown("2"), "Write “1”."),
    (COUPON, "formatVersion", GONE, "It is missing.", ADD),
    (COUPON, "passTypeIdentifier", GONE, "It is missing.", ADD),
    (COUPON, "serialNumber", 5, NUMBER, "Write text."),
    (COUPON, "teamIdentifier", "", "It is empty.", "Write something."),
    (COUPON, "organizationName", GONE, "It is missing.", ADD),
    (COUPON, "description", GONE, "It is missing.", ADD),
    (COUPON, "storeCard", {}, "The pass has several styles: coupon, storeCard.", ALL_STYLES),
    (BOARDING_PASS, "boardingPass.transitType", GONE, "It is missing.", ADD),
    (
        BOARDING_PASS,
        "boardingPass.transitType",
        "Train",
        unknown("Train"),
        one_of("PKTransitType", "Air Boat Bus Generic Train"),
    ),
    (
        STORE_CARD,
        "barcodes",
        QR_OF_PASS,
        "It is an object instead of a list.",
        "Write a list, also of one: [{…}]. Wallet takes the first that it can show.",
    ),
    (
        STORE_CARD,
        "barcodes[0].format",
        "qr",
        unknown("qr"),
        one_of("PKBarcodeFormat", "QR PDF417 Aztec Code128 Code39 Codabar EAN13 I2of5"),
    ),
    (STORE_CARD, "barcodes[0].messageEncoding", GONE, "It is missing.", ADD),
    (
        STORE_CARD,
        "barcodes[0].message",
        "5 €",
        "“5 €” cannot be written in iso-8859-1.",
        "Set messageEncoding to “utf-8”, or write Latin letters only.",
    ),
    (
        STORE_CARD,
        "barcodes[0].messageEncoding",
        "base64",
        "“base64” is no encoding of text.",
        "Write “iso-8859-1” or “utf-8”.",
    ),
    (STORE_CARD, "authenticationToken", "x" * 15, "It has only 15 characters.", TOKEN),
    (STORE_CARD, "authenticationToken", GONE, "It is missing, and “webServiceURL” needs it.", TOKEN),
    (STORE_CARD, "webServiceURL", GONE, "It is missing, and “authenticationToken” needs it.", HTTPS),
    (STORE_CARD, "webServiceURL", "http://wallet.example/", "Phones ask over https only.", HTTPS),
    (STORE_CARD, "webServiceURL", "wallet.example", bad("wallet.example"), HTTPS),
    (
        STORE_CARD,
        "webServiceURL",
        "https://wallet.example/v1/",
        "Devices put “/v1/…” behind it themselves, so they would ask for “/v1/v1/…” and never register.",
        "Leave “v1” out.",
    ),
    (STORE_CARD, "backgroundColor", "#204080", bad("#204080"), "Write “rgb(32, 64, 128)”."),
    (STORE_CARD, "backgroundColor", "#abc", bad("#abc"), "Write “rgb(170, 187, 204)”."),
    (STORE_CARD, "foregroundColor", "white", bad("white"), "Write “rgb(255, 255, 255)”."),
    (STORE_CARD, "labelColor", "rgb(256, 0, 0)", bad("rgb(256, 0, 0)"), COLORS),
    (STORE_CARD, "labelColor", "rgb(1, 2)", bad("rgb(1, 2)"), COLORS),
    (STORE_CARD, "labelColor", "rgb(1, 2, 3)\n", bad("rgb(1, 2, 3)\n"), "Write “rgb(1, 2, 3)”."),
    (STORE_CARD, "locations[0].latitude", 91, "“91” is out of range.", "Write a number from -90 to 90."),
    (STORE_CARD, "locations[0].longitude", GONE, "It is missing.", ADD),
    (
        STORE_CARD,
        "locations",
        [PLACE] * 11,
        "There are 11, and only 10 fit.",
        "Keep at most 10.",
    ),
    (STORE_CARD, "maxDistance", 0, "“0” is out of range.", "Write a number above 0."),
    (
        STORE_CARD,
        "beacons[0].proximityUUID",
        "beacon",
        bad("beacon"),
        "Write the beacon's UUID: “a1b2c3d4-0000-4000-8000-0123456789ab”.",
    ),
    (STORE_CARD, "beacons[0].major", 65536, "“65536” is out of range.", "Write a number from 0 to 65535."),
    (STORE_CARD, "beacons[0].minor", 1.5, "It is a number instead of a whole number.", "Write a whole number."),
    (
        STORE_CARD,
        "beacons",
        [{"proximityUUID": f"a1b2c3d4-0000-4000-8000-0123456789{number:02}"} for number in range(11)],
        "Wallet watches for 10 different UUIDs.",
        "Give beacons one UUID, and tell them apart by major and minor.",
    ),
    (COUPON, "expirationDate", "2026-12-31", bad("2026-12-31"), MOMENT),
    (COUPON, "expirationDate", "2026-12-31T23:59", "“2026-12-31T23:59” has no zone.", MOMENT),
    (COUPON, "expirationDate", "2026-12-31T24:59:00Z", bad("2026-12-31T24:59:00Z"), MOMENT),
    (COUPON, "voided", "yes", "It is text instead of true or false.", "Write true or false."),
    (EVENT_TICKET, "relevantDates[0]", {}, "It holds none of its forms, or two at once.", DATES),
    (
        EVENT_TICKET,
        "relevantDates[0]",
        {"date": "2026-08-01T19:00Z", "startDate": "2026-08-01T19:00Z", "endDate": "2026-08-01T19:00Z"},
        "It holds none of its forms, or two at once.",
        DATES,
    ),
    (
        EVENT_TICKET,
        "relevantDates[0].endDate",
        "2026-08-01T18:59:59Z",
        "It lies before startDate.",
        "Write the later moment as endDate.",
    ),
    (
        POSTER_TICKET,
        "nfc.message",
        "x" * 65,
        "It has 65 characters.",
        "Write at most 64.",
    ),
    (
        POSTER_TICKET,
        "nfc.message",
        "é" * 33,
        "It has more than 64 bytes in UTF-8, and the rest is cut off.",
        "Shorten it.",
    ),
    (
        STORE_CARD,
        "featuredActions",
        [{"identifier": "a", "type": "shop", "url": "https://shop.example"}] * 3,
        "There are 3, and only 2 fit.",
        "Keep at most 2.",
    ),
    (
        STORE_CARD,
        "featuredActions[0].type",
        "buy",
        unknown("buy"),
        one_of(
            "",
            "viewSchedule watchTrailer listenToMusic call place addToBalance order shop membershipBenefits"
            " bookAppointment bookCar bookFlight bookStay viewOffersRewards",
        ),
    ),
    (STORE_CARD, "featuredActions[0].url", GONE, "It is missing.", URL),
    (STORE_CARD, "featuredActions[1].placeIdentifier", GONE, "It is missing.", ADD),
    (
        STORE_CARD,
        "associatedStoreIdentifiers",
        GONE,
        "It is missing, and “appLaunchURL” needs it.",
        "Add the App Store identifiers of the apps that the address opens.",
    ),
    (
        POSTER_TICKET,
        "preferredStyleSchemes",
        ["posterEventTicket"],
        "The last scheme is what older phones show, and the pass has no “posterEventTicket”.",
        "End the list with “eventTicket”.",
    ),
    (
        a_pass("eventTicket", preferredStyleSchemes=["", "eventTicket"]),
        "preferredStyleSchemes[0]",
        "semanticBoardingPass",
        "“semanticBoardingPass” is a look of another style.",
        "Use it with “boardingPass”.",
    ),
]


@pytest.mark.parametrize(("whole", "path", "value", "reason", "cure"), ERRORS)
def test_a_fault_is_named_with_its_cure(whole, path, value, reason, cure):
    found = check(PASS, changed(whole, path, value), {}, PASS_FILES)
    assert errors(found) == [(path, reason, cure)]


@pytest.mark.parametrize("barcode", [{}, {"barcodes": []}])
def test_a_pass_without_a_style_is_none(barcode):
    whole = {key: value for key, value in COUPON.items() if key != "coupon"} | barcode
    assert errors(check(PASS, whole, {}, PASS_FILES)) == [("pass.json", "The pass has no style.", ALL_STYLES)]


@pytest.mark.parametrize("content", [[], "pass", None, 5])
def test_content_that_is_no_object(content):
    names = {"[]": "a list", "pass": "text", "5": "a number"}
    reason = f"It is {names[str(content)]} instead of an object." if content is not None else "It is null."
    cure = "Write an object." if content is not None else "Leave the key out, or write an object."
    assert errors(check(PASS, content, {}, PASS_FILES)) == [("pass.json", reason, cure)]


def public_key(key):
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


NO_KEYS = {
    "no base64": "not base64!",
    "no key": "AAAA",
    "not ASCII": "é",
    "another curve": public_key(ec.generate_private_key(ec.SECP384R1()).public_key()),
    "another kind": public_key(rsa.generate_private_key(65537, 2048).public_key()),
}


@pytest.mark.parametrize("name", NO_KEYS)
def test_nfc_wants_a_key_of_one_curve(name):
    found = check(PASS, changed(POSTER_TICKET, "nfc.encryptionPublicKey", NO_KEYS[name]), {}, PASS_FILES)
    cure = "Write the base64 of an X.509 SubjectPublicKeyInfo with a key of the curve P-256."
    assert errors(found) == [("nfc.encryptionPublicKey", "This is no public key for NFC.", cure)]


WARNINGS = [
    (STORE_CARD, "loyaltyLevel", 3, UNREAD, "Leave it out if it is not new."),
    (
        STORE_CARD,
        "passTypeIdentifier",
        "com.example.shop",
        "Identifiers that Apple gives for this begin with “pass.”.",
        "Take the identifier from the certificate.",
    ),
    (
        STORE_CARD,
        "barcodes",
        [{**QR_OF_PASS, "format": "PKBarcodeFormatEAN13"}],
        "Phones before iOS 27 can show none of these formats.",
        "Add one of the format PKBarcodeFormatQR at the end of the list.",
    ),
    (
        a_pass("generic"),
        "barcode",
        QR_OF_PASS,
        "It is for iOS 8 and older.",
        "Write “barcodes”, a list, instead.",
    ),
    (
        STORE_CARD,
        "relevantDate",
        "2026-08-01T10:00:00Z",
        "Wallet suggests coupons and store cards by location only.",
        "Leave it out, or give locations.",
    ),
    (
        COUPON,
        "relevantDates",
        [{"date": "2026-08-01T10:00:00Z"}],
        "Wallet suggests coupons and store cards by location only.",
        "Leave it out, or give locations.",
    ),
    (
        STORE_CARD,
        "locations[0].relevantText",
        "LAB COFFEE is near",
        "Wallet shows the organization's name beside it already.",
        "Leave the name out.",
    ),
]


@pytest.mark.parametrize(("whole", "path", "value", "reason", "cure"), WARNINGS)
def test_what_stops_nobody_is_a_warning(whole, path, value, reason, cure):
    found = check(PASS, changed(whole, path, value), {}, PASS_FILES)
    assert errors(found) == []
    assert warnings(found) == [(path, reason, cure)]


def test_a_new_style_alone_is_no_pass():
    alone = {key: value for key, value in POSTER_GENERIC.items() if key != "storeCard"}
    assert errors(check(PASS, alone, {}, PASS_FILES)) == [("pass.json", "The pass has no style.", ALL_STYLES)]
