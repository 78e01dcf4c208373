"""Cards in a wallet: what is taken, what is refused before it is kept, and what is kept of it (§C)."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection

from buyers.cards import (
    Behaviour,
    Kept,
    behaviour_of,
    billing_printed,
    details_of,
    fingerprint,
    is_luhn,
    keep_card,
    printed,
    remove_card,
)
from buyers.forms import CardForm
from buyers.models import Card, PaymentSession
from buyers.published_cards import PUBLISHED
from buyers.sessions import open_session
from shops.errors import InvalidInput
from tests.buyers.keeping import HIGH_STREET, NUMBER, YEAR, make_address, make_card
from tests.buyers.making import connect, make_buyer

REAL = "4012888888881881"  # passes Luhn's test, is published by others and not by us


def refused(buyer, **changes):
    with pytest.raises(InvalidInput) as refusal:
        make_card(buyer, **changes)
    assert buyer.cards.count() == 0
    return refusal.value.errors


def dumped():
    """Everything that the database keeps of cards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM buyers_card c")
        return " ".join(row[0] for row in cursor.fetchall())


def test_the_published_cards_are_numbers_of_their_networks():
    assert len(PUBLISHED) == len({card.number for card in PUBLISHED}) == len({card.key for card in PUBLISHED}) == 16
    assert [card.key for card in PUBLISHED if not is_luhn(card.number)] == []
    by_number = {card.number: (card.network.value, card.type.value, card.behaviour.value) for card in PUBLISHED}
    assert by_number["4111111111111111"] == ("VISA", "CREDIT", "succeeds")
    assert by_number["5454545454545454"] == ("MASTERCARD", "CREDIT", "succeeds")
    assert by_number["5105105105105100"] == ("MASTERCARD", "PREPAID", "succeeds")
    assert by_number["378282246310005"] == ("AMERICAN_EXPRESS", "CREDIT", "succeeds")
    assert by_number["4000000000000341"] == ("VISA", "CREDIT", "card_declined")
    assert by_number["4000000000009995"] == ("VISA", "CREDIT", "insufficient_funds")
    assert by_number["4000000000000069"] == ("VISA", "CREDIT", "expired_card")


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: one.key)
def test_a_published_card_is_kept_without_its_number(buyer, one):
    card = make_card(buyer, number=one.number)
    assert printed(card) == {
        "uuid": str(card.uuid),
        "lastFourDigits": one.number[-4:],
        "network": one.network.value,
        "type": one.type.value,
        "fingerprint": card.fingerprint,
    }
    assert (card.is_test, behaviour_of(card)) == (True, one.behaviour)
    assert one.number not in dumped()
    assert "Jane" not in dumped()
    assert details_of(card) == {"holder": "Jane Doe", "billingAddress": HIGH_STREET}
    assert list(billing_printed(card)) == [
        "addressLine",
        "city",
        "country",
        "dependentLocality",
        "organization",
        "phone",
        "postalCode",
        "recipient",
        "region",
        "sortingCode",
    ]


def test_the_same_card_again_changes_its_row(buyer):
    first = make_card(buyer)
    again = make_card(buyer, number="4111-1111-1111-1111", month=3, name="J. Doe")
    assert (again.pk, again.uuid, buyer.cards.count()) == (first.pk, first.uuid, 1)
    kept = buyer.cards.get()
    assert (kept.expiry_month, details_of(kept)["holder"]) == (3, "J. Doe")


def test_the_fingerprint_is_the_cards_whoever_has_it(buyer, settings):
    one, other = make_card(buyer), make_card(make_buyer())
    assert one.fingerprint == other.fingerprint != make_card(buyer, number="4242424242424242").fingerprint
    assert re.fullmatch(r"v1:protected:[A-Za-z0-9_-]{43}", one.fingerprint)
    settings.ENCRYPTION_KEYS = ["x" * 43 + "="]
    assert fingerprint("test", "4111111111111111") == one.fingerprint
    settings.CARD_FINGERPRINT_KEY = "another"
    assert fingerprint("test", "4111111111111111") != one.fingerprint


def test_a_number_that_may_be_real_is_refused_and_kept_nowhere(buyer, caplog):
    errors = refused(buyer, number=REAL)
    assert list(errors) == ["number"]
    assert errors["number"][0].startswith("This may be a real card, so it was not kept.")
    assert REAL not in str(errors) + dumped() + caplog.text


@pytest.mark.parametrize(
    "number", ["4111111111111112", "411111111111111", "4" * 20, "", "abc", "4111 1111 1111 111x", "٤١١١١١١١١١١١١١١١"]
)
def test_what_is_no_card_number_is_told_so(buyer, number):
    expected = "This is not a card number: one of its digits is wrong, missing or too many."
    assert refused(buyer, number=number) == {"number": [expected]}


def test_a_card_is_valid_to_the_end_of_its_month(buyer):
    now = datetime.now(UTC)
    last = (now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)
    assert refused(buyer, year=last[0], month=last[1]) == {"month": ["This card has expired."]}
    assert make_card(buyer, year=now.year, month=now.month).expiry_year == now.year


@pytest.mark.parametrize("change", [{"month": 0}, {"month": 13}, {"year": 26}, {"year": YEAR + 40}])
def test_a_date_that_no_card_has_is_refused(buyer, change):
    assert refused(buyer, **change) == {"month": ["Write the month and the year as they stand on the card."]}


@pytest.mark.parametrize("name", ["", "   ", "x" * 151, "a\u200bb"])
def test_a_name_that_no_card_has_is_refused(buyer, name):
    assert refused(buyer, name=name) == {"name": ["Write the name as it stands on the card."]}


def test_a_billing_address_must_be_whole(buyer):
    assert refused(buyer, billing_address=HIGH_STREET | {"city": ""}) == {"city": ["This field is required."]}


def test_a_card_of_a_vault_is_kept_by_the_vaults_word_for_it(buyer):
    kept = Kept("ours", "card_8f3", "fp_123", "4321")
    card = keep_card(buyer, kept, month=1, year=YEAR, name="Jane Doe", billing_address=HIGH_STREET)
    assert (card.is_test, behaviour_of(card), card.network, card.last_four) == (False, None, "UNKNOWN", "4321")
    assert keep_card(buyer, kept, month=2, year=YEAR, name="Jane Doe", billing_address=HIGH_STREET).pk == card.pk


def test_a_test_card_whose_date_has_passed_is_expired(buyer):
    card = make_card(buyer)
    card.expiry_year = 2020
    assert behaviour_of(card) is Behaviour.EXPIRED


def test_a_card_that_is_removed_takes_its_sessions_along_and_leaves_the_connection(partner, buyer):
    card = make_card(buyer)
    connect(partner.client, buyer, card=card)
    link = buyer.connections.get()
    open_session(link, card, ["1"])
    remove_card(card)
    link.refresh_from_db()
    assert (link.card, link.revoked_at) == (None, None)
    assert (Card.objects.count(), PaymentSession.objects.count()) == (0, 0)


def form(buyer, **data):
    address = buyer.addresses.first()
    given = {"number": NUMBER, "month": 12, "year": YEAR, "name": "Jane Doe", "address": str(address.uuid)}
    return CardForm(given | data, buyer=buyer)


def test_the_form_adds_a_card_with_an_address_that_is_there(buyer):
    make_address(buyer)
    filled = form(buyer)
    assert filled.is_valid(), filled.errors
    assert details_of(filled.save())["billingAddress"] == HIGH_STREET
    assert [str(label) for _value, label in filled.fields["address"].choices] == [
        "Jane Doe, 123 High Street, H3B2Y5 Mont Royal, QC, Canada",
        "Another address",
    ]


def test_the_form_adds_a_card_with_a_new_address(buyer):
    make_address(buyer)
    street = {"recipient": "J. Doe", "country": "NL", "line1": "Dam 1", "city": "Amsterdam"}
    filled = form(buyer, address="", **{f"billing-{name}": value for name, value in street.items()})
    assert filled.is_valid(), (filled.errors, filled.billing.errors)
    address = billing_printed(filled.save())
    assert (address["recipient"], address["addressLine"], address["country"]) == ("J. Doe", ["Dam 1"], "NL")
    assert buyer.addresses.count() == 1
    empty = form(buyer, address="")
    assert not empty.is_valid()
    assert list(empty.errors) == ["address"]
    assert set(empty.billing.errors) == {"recipient", "country", "line1", "city"}


def test_the_form_never_prints_a_number_and_asks_for_no_verification_value(buyer):
    make_address(buyer)
    for number in (NUMBER, REAL, "4111111111111112"):
        filled = form(buyer, number=number, month=1, year=datetime.now(UTC).year - 1)
        assert not filled.is_valid()
        assert number not in filled.as_p() + str(filled.errors)
    page = form(buyer).as_p()
    for word in ("cc-number", "cc-exp-month", "cc-exp-year", "cc-name"):
        assert f'autocomplete="{word}"' in page
    assert not re.search("cvv|cvc|csc|verification", page, re.IGNORECASE)


def test_the_form_knows_no_other_buyers_addresses(buyer):
    make_address(buyer)
    stranger = make_buyer()
    make_address(stranger)
    filled = form(buyer, address=str(stranger.addresses.get().uuid))
    assert not filled.is_valid()
    assert list(filled.errors) == ["address"]
