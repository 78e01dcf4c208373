"""Faults of semantic tags, of keys for newer looks, and of what is to come (apple-wallet.md §B.5, §B.6)."""

import pytest

from applewallet.checks import check
from applewallet.kinds import PASS
from tests.applewallet.judging import (
    ADD,
    AMOUNT,
    CURRENCY,
    HTTPS,
    LEAVE_OUT,
    MOMENT,
    NUMBER,
    UNREAD,
    URL,
    bad,
    errors,
    one_of,
    only_in,
    unknown,
    warnings,
)
from tests.applewallet.sample_passes import (
    BOARDING_PASS,
    COUPON,
    EVENT_TICKET,
    PASS_FILES,
    POSTER_TICKET,
    QR_OF_PASS,
    STORE_CARD,
    a_pass,
)
from tests.applewallet.samples import GONE, changed

# A pass, what is written where, the reason and the cure; the fault is in that very field.
ERRORS = [
    (STORE_CARD, "semantics.balance.amount", 3.75, "It is a number instead of text.", AMOUNT),
    (STORE_CARD, "semantics.balance.currencyCode", GONE, "It is missing.", CURRENCY),
    (STORE_CARD, "semantics.wifiAccess[0].password", GONE, "It is missing.", ADD),
    (
        EVENT_TICKET,
        "semantics.eventType",
        "Movie",
        unknown("Movie"),
        one_of("PKEventType", "Generic LivePerformance Movie Sports Conference Convention Workshop SocialGathering"),
    ),
    (EVENT_TICKET, "semantics.eventStartDate", "tonight", bad("tonight"), MOMENT),
    (EVENT_TICKET, "semantics.eventStartDateInfo.date", "2026-08-01", bad("2026-08-01"), MOMENT),
    (EVENT_TICKET, "semantics.venueLocation.latitude", GONE, "It is missing.", ADD),
    (EVENT_TICKET, "semantics.performerNames", "The Beans", "It is text instead of a list.", "Write a list."),
    (
        EVENT_TICKET,
        "semantics.tailgatingAllowed",
        1,
        "It is a number instead of true or false.",
        "Write true or false.",
    ),
    (EVENT_TICKET, "semantics.duration", -1, "“-1” is out of range.", "Write 0 or more."),
    (EVENT_TICKET, "semantics.seats[0].seatNumber", 7, NUMBER, "Write text."),
    (EVENT_TICKET, "semantics.seats[0].seatSectionColor", "#000000", bad("#000000"), "Write “rgb(0, 0, 0)”."),
    (BOARDING_PASS, "semantics.flightNumber", "LH 12", "It is text instead of a number.", "Write a number."),
    (BOARDING_PASS, "semantics.passengerName", "Emma", "It is text instead of an object.", "Write an object."),
    (
        BOARDING_PASS,
        "semantics.passengerCapabilities[0]",
        "Preboarding",
        unknown("Preboarding"),
        one_of("PKPassengerCapability", "Preboarding PriorityBoarding Carryon PersonalItem"),
    ),
    (
        BOARDING_PASS,
        "semantics.departureLocationSecurityPrograms[0]",
        "TSA",
        unknown("TSA"),
        one_of("PKTransitSecurityProgram", "TSAPreCheck TSAPreCheckTouchlessID OSS ITI ITD GlobalEntry CLEAR"),
    ),
    (BOARDING_PASS, "boardingPass.headerFields[0].semantics.departureGate", 7, NUMBER, "Write text."),
    (POSTER_TICKET, "upcomingPassInformation[0].identifier", GONE, "It is missing.", ADD),
    (POSTER_TICKET, "upcomingPassInformation[0].type", "show", unknown("show"), "Write “event”."),
    (
        POSTER_TICKET,
        "upcomingPassInformation[0].images.headerImage.URLs[0].URL",
        "http://hall.example/a.png",
        "Phones ask over https only.",
        HTTPS,
    ),
    (
        POSTER_TICKET,
        "upcomingPassInformation[0].images.headerImage.URLs[0].SHA256",
        "abc",
        bad("abc"),
        "Write the SHA-256 of the image's bytes as 64 hexadecimal digits.",
    ),
    (
        POSTER_TICKET,
        "upcomingPassInformation[0].images.headerImage.URLs[0].size",
        3_000_000,
        "“3000000” is out of range.",
        "Write a number from 0 to 2097152.",
    ),
    (POSTER_TICKET, "upcomingPassInformation[0].URLs.sellURL", "sell", bad("sell"), URL),
]


@pytest.mark.parametrize(("whole", "path", "value", "reason", "cure"), ERRORS)
def test_a_fault_is_named_with_its_cure(whole, path, value, reason, cure):
    found = check(PASS, changed(whole, path, value), {}, PASS_FILES)
    assert errors(found) == [(path, reason, cure)]


WARNINGS = [
    (STORE_CARD, "semantics.balanse", {}, UNREAD, "Did you mean “balance”?"),
    (STORE_CARD, "groupingIdentifier", "x", only_in("boardingPass, eventTicket"), LEAVE_OUT),
    (STORE_CARD, "upcomingPassInformation", [], only_in("eventTicket"), LEAVE_OUT),
    (EVENT_TICKET, "sellURL", "https://hall.example", only_in("posterEventTicket"), LEAVE_OUT),
    (STORE_CARD, "footerBackgroundColor", "rgb(0, 0, 0)", only_in("posterEventTicket"), LEAVE_OUT),
    (EVENT_TICKET, "upgradeURL", "https://air.example", only_in("semanticBoardingPass"), LEAVE_OUT),
    (COUPON, "semantics.balance", {"amount": "1", "currencyCode": "EUR"}, only_in("storeCard"), LEAVE_OUT),
    (STORE_CARD, "semantics.eventName", "Jazz", only_in("eventTicket"), LEAVE_OUT),
    (
        a_pass("generic", {"primaryFields": [{"key": "x", "value": "x", "semantics": {}}]}),
        "generic.primaryFields[0].semantics.seats",
        [],
        only_in("boardingPass, eventTicket"),
        LEAVE_OUT,
    ),
    (EVENT_TICKET, "semantics.flightCode", "LH12", only_in("boardingPass"), LEAVE_OUT),
    (
        a_pass("eventTicket", preferredStyleSchemes=["", "eventTicket"]),
        "preferredStyleSchemes[0]",
        "hologram",
        "No version of Wallet known here has the scheme “hologram”.",
        "Choose one of: posterEventTicket, semanticBoardingPass, posterGeneric.",
    ),
    (
        POSTER_TICKET,
        "semantics.performerNames",
        GONE,
        "Without it Wallet shows the plain event ticket, not the poster.",
        ADD,
    ),
    (
        changed(POSTER_TICKET, "semantics.eventType", "PKEventTypeSports"),
        "semantics.awayTeamAbbreviation",
        GONE,
        "Without it Wallet shows the plain event ticket, not the poster.",
        ADD,
    ),
    (
        POSTER_TICKET,
        "semantics.venueRoom",
        GONE,
        "Without it Wallet shows the plain event ticket, not the poster.",
        ADD,
    ),
    (
        POSTER_TICKET,
        "barcodes",
        [QR_OF_PASS],
        "Wallet shows a poster for tickets without a barcode only.",
        "Let people in by NFC, or leave the poster out.",
    ),
    (POSTER_TICKET, "logoText", "Hall", "Posters do not show it.", "Write “eventLogoText” too."),
]


@pytest.mark.parametrize(("whole", "path", "value", "reason", "cure"), WARNINGS)
def test_what_stops_nobody_is_a_warning(whole, path, value, reason, cure):
    found = check(PASS, changed(whole, path, value), {}, PASS_FILES)
    assert errors(found) == []
    assert warnings(found) == [(path, reason, cure)]
