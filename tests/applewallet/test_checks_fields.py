"""Faults of the fields on a pass (apple-wallet.md §B.3)."""

import pytest

from applewallet.checks import check
from applewallet.checks.words import STYLES
from applewallet.kinds import PASS
from tests.applewallet.judging import ADD, CURRENCY, LEAVE_OUT, MOMENT, UNREAD, bad, errors, one_of, unknown, warnings
from tests.applewallet.sample_passes import EVENT_TICKET, GENERIC, PASS_FILES, POSTER_GENERIC, STORE_CARD, a_pass
from tests.applewallet.samples import GONE, changed

DATE_STYLE = "dateStyle and timeStyle are for moments, and the value is none."
NO_CHANGE = "It has no “%@”, so the phone tells nothing when the value changes."
CHANGE = "Write “%@” where the new value goes: “You have %@ points.”."
IDLE = "It has no effect in this place."


def fields(count, **more):
    return [{"key": f"n{number}", "value": number, **more} for number in range(count)]


# A pass, what is written where, the reason and the cure; the fault is in that very field.
ERRORS = [
    (STORE_CARD, "storeCard.headerFields[0].value", GONE, "It is missing.", ADD),
    (STORE_CARD, "storeCard.headerFields[0].key", "", "It is empty.", "Write something."),
    (
        STORE_CARD,
        "storeCard.headerFields[0].value",
        [1],
        "It is a list instead of text or a number.",
        "Write text or a number.",
    ),
    (STORE_CARD, "storeCard.headerFields[0].changeMessage", "Changed", NO_CHANGE, CHANGE),
    (
        STORE_CARD,
        "storeCard.primaryFields[0].key",
        "points",
        "storeCard.headerFields[0] has the key “points” too.",
        "Give each field a key of its own.",
    ),
    (
        STORE_CARD,
        "storeCard.secondaryFields[0].value",
        "3.75",
        "currencyCode is for numbers, and the value is text.",
        "Write the value as a number, or leave currencyCode out.",
    ),
    (STORE_CARD, "storeCard.secondaryFields[0].currencyCode", "euro", bad("euro"), CURRENCY),
    (
        STORE_CARD,
        "storeCard.secondaryFields[1].value",
        "40 %",
        "numberStyle is for numbers, and the value is text.",
        "Write the value as a number, or leave numberStyle out.",
    ),
    (STORE_CARD, "storeCard.auxiliaryFields[0].value", "August", DATE_STYLE, MOMENT),
    (STORE_CARD, "storeCard.auxiliaryFields[0].value", "2026-08-01", DATE_STYLE, MOMENT),
    (STORE_CARD, "storeCard.auxiliaryFields[0].value", 20260801, DATE_STYLE, MOMENT),
    (
        STORE_CARD,
        "storeCard.auxiliaryFields[0].dateStyle",
        "medium",
        unknown("medium"),
        one_of("PKDateStyle", "None Short Medium Long Full"),
    ),
    (
        STORE_CARD,
        "storeCard.auxiliaryFields[0].textAlignment",
        "right",
        unknown("right"),
        one_of("PKTextAlignment", "Left Center Right Natural"),
    ),
    (
        STORE_CARD,
        "storeCard.backFields[0].dataDetectorTypes[0]",
        "Link",
        unknown("Link"),
        one_of("PKDataDetectorType", "PhoneNumber Link Address CalendarEvent"),
    ),
    (
        STORE_CARD,
        "storeCard.backFields[0].attributedValue",
        "<p>Our <b>shop</b></p>",
        "Wallet understands links only, not <b>.",
        'Write “<a href="…">…</a>” and plain text.',
    ),
    (EVENT_TICKET, "eventTicket.auxiliaryFields[0].row", 2, unknown("2"), "Choose one of: 0, 1."),
    (EVENT_TICKET, "eventTicket.auxiliaryFields[0].row", True, unknown("True"), "Choose one of: 0, 1."),
    (
        EVENT_TICKET,
        "eventTicket.auxiliaryFields",
        fields(5, row=1),
        "Row 1 has more fields than fit.",
        "Keep at most 4 in each row: set “row” to 0 or 1.",
    ),
    (
        STORE_CARD,
        "storeCard.auxiliaryFields",
        fields(3),
        "With the secondary fields there are 5, and 4 fit.",
        "Move some to backFields.",
    ),
]


@pytest.mark.parametrize(("whole", "path", "value", "reason", "cure"), ERRORS)
def test_a_fault_is_named_with_its_cure(whole, path, value, reason, cure):
    found = check(PASS, changed(whole, path, value), {}, PASS_FILES)
    assert errors(found) == [(path, reason, cure)]


MOST = [  # apple-wallet.md §B.3
    *[(style, "headerFields", 3) for style in STYLES],
    *[(style, "primaryFields", 2 if style == "boardingPass" else 1) for style in STYLES],
    *[(style, "secondaryFields", 4) for style in STYLES],
    ("boardingPass", "auxiliaryFields", 5),
    ("eventTicket", "auxiliaryFields", 8),
    ("coupon", "auxiliaryFields", 4),
    ("generic", "auxiliaryFields", 4),
    ("storeCard", "auxiliaryFields", 4),
    ("posterGeneric", "headerFields", 1),
    ("posterGeneric", "primaryFields", 4),
    ("posterGeneric", "footerFields", 2),
]


@pytest.mark.parametrize(("style", "group", "most"), MOST)
def test_only_so_many_fields_fit(style, group, most):
    def with_fields(count):
        rows = [
            {"row": number % 2} if (style, group) == ("eventTicket", "auxiliaryFields") else {} for number in range(9)
        ]
        part = {group: [one | row for one, row in zip(fields(count), rows, strict=False)]}
        if style == "posterGeneric":
            return a_pass("storeCard", posterGeneric=part)
        return a_pass(style, part)

    assert check(PASS, with_fields(most), {}, PASS_FILES) == []
    assert errors(check(PASS, with_fields(most + 1), {}, PASS_FILES)) == [
        (f"{style}.{group}", f"There are {most + 1}, and only {most} fit.", f"Keep at most {most}.")
    ]


def test_a_square_barcode_leaves_a_generic_pass_less_room():
    found = check(PASS, changed(GENERIC, "barcodes[0].format", "PKBarcodeFormatQR"), {}, PASS_FILES)
    assert errors(found) == [
        ("generic.auxiliaryFields", "With the secondary fields there are 8, and 4 fit.", "Move some to backFields.")
    ]


CHANGED = {"en": {"changed": "%@ points"}, "nl": {"changed": "Punten"}}


def test_the_translation_of_a_change_message_holds_the_new_value():
    whole = changed(STORE_CARD, "storeCard.headerFields[0].changeMessage", "changed")
    assert errors(check(PASS, whole, CHANGED, PASS_FILES)) == [
        ("nl.lproj/pass.strings", f"“changed”: {NO_CHANGE}", CHANGE)
    ]
    both = CHANGED | {"nl": {"changed": "%@ punten"}}
    assert check(PASS, whole, both, PASS_FILES) == []


WARNINGS = [
    (STORE_CARD, "storeCard.headerFields[0].labell", "x", UNREAD, "Did you mean “label”?"),
    (STORE_CARD, "storeCard.footerFields", [{"key": []}], UNREAD, "Leave it out if it is not new."),
    (STORE_CARD, "storeCard.transitType", "PKTransitTypeAir", UNREAD, "Leave it out if it is not new."),
    (STORE_CARD, "storeCard.primaryFields[0].textAlignment", "PKTextAlignmentLeft", IDLE, LEAVE_OUT),
    (STORE_CARD, "storeCard.backFields[0].textAlignment", "PKTextAlignmentLeft", IDLE, LEAVE_OUT),
    (STORE_CARD, "storeCard.primaryFields[0].dataDetectorTypes", [], IDLE, LEAVE_OUT),
    (STORE_CARD, "storeCard.auxiliaryFields[0].row", 1, IDLE, LEAVE_OUT),
]


@pytest.mark.parametrize(("whole", "path", "value", "reason", "cure"), WARNINGS)
def test_what_stops_nobody_is_a_warning(whole, path, value, reason, cure):
    found = check(PASS, changed(whole, path, value), {}, PASS_FILES)
    assert errors(found) == []
    assert warnings(found) == [(path, reason, cure)]


def test_what_a_new_style_falls_back_to_may_repeat_its_keys():
    assert POSTER_GENERIC["posterGeneric"]["headerFields"][0]["key"] == "points"
    twice = changed(POSTER_GENERIC, "posterGeneric.footerFields[0].key", "points")
    reason = "posterGeneric.headerFields[0] has the key “points” too."
    assert errors(check(PASS, twice, {}, PASS_FILES)) == [
        ("posterGeneric.footerFields[0].key", reason, "Give each field a key of its own.")
    ]
