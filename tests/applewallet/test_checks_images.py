"""Images of passes, and sign-up passes (apple-wallet.md §B.4, §B.9)."""

import io
import json

import pytest
from PIL import Image

from applewallet.checks import check
from applewallet.kinds import ORDER, PASS
from tests.applewallet.judging import LEAVE_OUT, errors, one_of, unknown, warnings
from tests.applewallet.sample_orders import ORDER as AN_ORDER
from tests.applewallet.sample_orders import ORDER_FILES
from tests.applewallet.sample_passes import (
    EVENT_TICKET,
    NFC_KEY,
    PASS_FILES,
    PASSES,
    POSTER_TICKET,
    a_pass,
)
from tests.applewallet.samples import changed, file, image, scales


def test_a_pass_has_an_icon():
    reason = "It is missing, and Wallet refuses passes without it."
    cure = "Add icon.png, icon@2x.png and icon@3x.png: 38, 76 and 114 pixels wide and high."
    files = scales("logo", 160, 50)
    assert errors(check(PASS, a_pass("generic"), {}, files)) == [("icon.png", reason, cure)]
    files["en.lproj/icon@2x.png"] = image(76, 76)
    assert check(PASS, a_pass("generic"), {}, files) == []


def test_an_icon_in_one_resolution_is_a_warning():
    found = check(PASS, a_pass("generic"), {}, {"icon.png": image(38, 38)})
    reason = "It is the only icon, and phones have two or three pixels for each of its."
    assert [errors(found), warnings(found)] == [[], [("icon.png", reason, "Add icon@2x.png and icon@3x.png.")]]


STRIP, THUMBNAIL, BACKGROUND = image(750, 196), image(180, 180), image(360, 440)


def test_an_event_ticket_has_a_strip_or_a_background():
    files = {**PASS_FILES, "background@2x.png": BACKGROUND, "thumbnail@2x.png": THUMBNAIL}
    assert check(PASS, EVENT_TICKET, {}, files) == []
    assert check(PASS, EVENT_TICKET, {}, {**PASS_FILES, "strip@2x.png": STRIP}) == []
    assert errors(check(PASS, EVENT_TICKET, {}, {**files, "strip@2x.png": STRIP})) == [
        (
            "strip.png",
            "An event ticket shows a strip, or a background with a thumbnail.",
            "Leave out the strip, or: background, thumbnail.",
        )
    ]
    assert check(PASS, POSTER_TICKET, {}, {**files, "strip@2x.png": STRIP}) == []


PLACES = {
    "strip": {"coupon", "event ticket", "poster event ticket", "poster generic", "store card"},
    "thumbnail": {"event ticket", "generic", "poster event ticket"},
    "background": {"event ticket", "poster event ticket", "poster generic"},
    "footer": {"boarding pass", "poster event ticket", "poster generic"},
    "artwork": {"poster event ticket", "poster generic"},
    "primaryLogo": {"poster event ticket", "poster generic"},
    "secondaryLogo": {"poster event ticket", "poster generic"},
    "personalizationLogo": set(),
}
SIZES = {
    "strip": STRIP,
    "thumbnail": THUMBNAIL,
    "background": BACKGROUND,
    "footer": image(572, 30),
    "artwork": image(716, 896),
    "primaryLogo": image(252, 60),
    "secondaryLogo": image(270, 24),
    "personalizationLogo": image(300, 80),
}


@pytest.mark.parametrize("style", PASSES)
@pytest.mark.parametrize("name", PLACES)
def test_images_have_their_styles(name, style):
    path = f"{name}@2x.png"
    found = check(PASS, PASSES[style], {}, {**PASS_FILES, path: SIZES[name]})
    assert errors(found) == []
    if style in PLACES[name]:
        assert warnings(found) == []
    else:
        [(field, reason, cure)] = warnings(found)
        assert (field, cure) == (path, LEAVE_OUT)
        assert reason.startswith("It is shown with ")


LOOKS = [
    (
        "icon.png",
        image(38, 30),
        "It has 38 by 30 pixels, so Wallet cuts some of it off.",
        "Draw it in the ratio 1.00:1.",
    ),
    ("icon@3x.png", image(86, 86), "It has 86 by 86 pixels and will look blurred.", "Draw it 87 pixels wide or more."),
    (
        "logo@2x.png",
        image(321, 100),
        "It has 321 by 100 pixels, more than are shown.",
        "Draw it within 320 by 100 pixels.",
    ),
    (
        "strip.png",
        image(375, 200),
        "It has 375 by 200 pixels, so Wallet cuts some of it off.",
        "Draw it in the ratio 2.60:1 to 3.83:1.",
    ),
    (
        "strip@2x.png",
        image(375, 123),
        "It has 375 by 123 pixels and will look blurred.",
        "Draw it 750 pixels wide or more.",
    ),
    (
        "hero.png",
        image(10, 10),
        "Wallet shows no image of this name.",
        one_of(
            "",
            "icon logo strip thumbnail background artwork footer primaryLogo secondaryLogo personalizationLogo",
        ),
    ),
]


@pytest.mark.parametrize(("path", "content", "reason", "cure"), LOOKS)
def test_what_will_not_look_well_is_a_warning(path, content, reason, cure):
    found = check(PASS, a_pass("storeCard"), {}, {**PASS_FILES, path: content})
    assert [errors(found), warnings(found)] == [[], [(path, reason, cure)]]


def test_an_image_may_be_opaque_in_more_than_one_way():
    palette = io.BytesIO()
    Image.new("RGBA", (300, 300), (1, 2, 3, 255)).save(palette, "PNG")
    order = changed(AN_ORDER, "merchant.emailAddress", "shop@example.com")
    assert check(ORDER, order, {}, {**ORDER_FILES, "logo.png": file(palette.getvalue())}) == []


# Sign-up passes.

FORM = {"requiredPersonalizationFields": ["PKPassPersonalizationFieldName"], "description": "Join us"}
SIGN_UP = a_pass("storeCard", nfc={"message": "card", "encryptionPublicKey": NFC_KEY})
LOGO = {"personalizationLogo@2x.png": image(300, 80)}


def form(**more):
    return file(json.dumps(FORM | more).encode())


def test_a_sign_up_pass_has_a_form():
    files = {**PASS_FILES, **LOGO, "personalization.json": form(termsAndConditions="terms")}
    assert check(PASS, SIGN_UP, {"en": {"Join us": "Join", "terms": "<a href='x'>Terms</a>"}}, files) == []


FORMS = [
    (file(b"{"), "personalization.json", "This is no JSON.", "Write an object with requiredPersonalizationFields."),
    (file(b"[]"), "personalization.json", "It is a list instead of an object.", "Write an object."),
    (form(description=""), "personalization.json: description", "It is empty.", "Write something."),
    (
        form(requiredPersonalizationFields=[]),
        "personalization.json: requiredPersonalizationFields",
        "It is empty.",
        "Write something.",
    ),
    (
        form(requiredPersonalizationFields=["Name"]),
        "personalization.json: requiredPersonalizationFields[0]",
        unknown("Name"),
        one_of("PKPassPersonalizationField", "Name PostalCode EmailAddress PhoneNumber"),
    ),
]


@pytest.mark.parametrize(("content", "field", "reason", "cure"), FORMS)
def test_a_form_that_wallet_would_not_show(content, field, reason, cure):
    files = {**PASS_FILES, **LOGO, "personalization.json": content}
    assert errors(check(PASS, SIGN_UP, {}, files)) == [(field, reason, cure)]


def test_a_form_is_sent_to_the_web_service():
    whole = {key: value for key, value in SIGN_UP.items() if key not in {"webServiceURL", "authenticationToken"}}
    files = {**PASS_FILES, **LOGO, "personalization.json": form()}
    reason = "Phones send the filled form to the web service, and there is none."
    assert errors(check(PASS, whole, {}, files)) == [
        ("webServiceURL", reason, "Add webServiceURL and authenticationToken.")
    ]


def test_a_form_without_nfc_and_logo_is_a_warning():
    found = check(PASS, a_pass("storeCard"), {}, {**PASS_FILES, "personalization.json": form()})
    assert errors(found) == []
    assert warnings(found) == [
        (
            "personalization.json",
            "Wallet shows the form on passes with NFC only, and this one has none.",
            "Add “nfc”, and sign with an NFC certificate.",
        ),
        ("personalizationLogo@2x.png", "The form has no picture.", "Add it: at most 300 by 80 pixels."),
    ]


def test_the_form_may_be_missing_where_the_logo_is():
    found = check(PASS, SIGN_UP, {}, {**PASS_FILES, **LOGO})
    assert warnings(found) == [("personalizationLogo@2x.png", "It is shown with personalization.json only.", LEAVE_OUT)]
