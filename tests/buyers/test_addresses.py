"""Addresses in a wallet: the members of the W3C's PaymentAddress, tidied, checked and encrypted (§A.7)."""

import pytest
from django.db import connection

from buyers.addresses import change_address, checked, countries, details_of, printed, remove_address, summary
from buyers.forms import AddressForm
from shops.errors import InvalidInput
from tests.buyers.keeping import HIGH_STREET, make_address
from tests.buyers.making import connect


def errors(**changes):
    with pytest.raises(InvalidInput) as refusal:
        checked(HIGH_STREET | changes)
    return refusal.value.errors


def test_an_address_is_printed_in_the_references_order_and_kept_encrypted(buyer):
    address = make_address(buyer)
    assert list(printed(address).items()) == [("uuid", str(address.uuid)), *HIGH_STREET.items()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(encrypted_details, 'escape') FROM buyers_address")
        kept = cursor.fetchone()[0]
    assert kept.startswith("gAAAA")
    assert "High Street" not in kept


def test_what_is_missing_is_an_empty_text():
    least = {"country": "nl", "addressLine": ["Dam 1", "", " "], "city": "Amsterdam", "recipient": "Anna"}
    assert checked(least) == {
        "country": "NL",
        "addressLine": ["Dam 1"],
        "region": "",
        "city": "Amsterdam",
        "dependentLocality": "",
        "postalCode": "",
        "sortingCode": "",
        "organization": "",
        "recipient": "Anna",
        "phone": "",
    }


@pytest.mark.parametrize("member", ["country", "city", "recipient", "addressLine"])
def test_what_every_address_has_must_be_there(member):
    empty = [] if member == "addressLine" else " "
    assert errors(**{member: empty}) == {member: ["This field is required."]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"country": "XX"}, "Choose a country."),
        ({"country": "EU"}, "Choose a country."),
        ({"country": "Canada"}, "Choose a country."),
        ({"phone": "020 1234567"}, "Write the number with its country code, such as +31201234567."),
        ({"phone": "+0201234567"}, "Write the number with its country code, such as +31201234567."),
        ({"phone": "+1234567890123456"}, "Write the number with its country code, such as +31201234567."),
        ({"phone": "+١٢٣٤٥٦٧٨"}, "Write the number with its country code, such as +31201234567."),
        ({"addressLine": list("abcde")}, "An address has 4 lines at most."),
        ({"addressLine": ["x" * 151]}, "Use 150 characters at most."),
        ({"postalCode": "1" * 21}, "Use 20 characters at most."),
        ({"recipient": "a\x00b"}, "This holds characters that cannot be printed."),
    ],
)
def test_what_no_address_has_is_refused(change, reason):
    assert errors(**change) == {next(iter(change)): [reason]}


def test_everything_wrong_is_told_at_once():
    assert list(errors(country="XX", city="", phone="1")) == ["country", "city", "phone"]


@pytest.mark.parametrize("written", ["+1 (514) 555-1212", "+1.514.555.1212", "001 514 5551212", "+15145551212"])
def test_a_phone_number_is_kept_as_e164(written):
    assert checked(HIGH_STREET | {"phone": written})["phone"] == "+15145551212"


def test_the_countries_are_those_of_iso_3166_in_the_readers_language():
    assert len(countries("en")) == 249
    assert countries("nl")["DE"] == "Duitsland"
    assert {"XK", "EU", "UN", "ZZ", "001"} & set(countries("en")) == set()


def test_an_address_changes_for_whoever_may_see_it(partner, buyer):
    address = make_address(buyer)
    connect(partner.client, buyer, address=address)
    change_address(address, HIGH_STREET | {"city": "Laval"})
    assert details_of(buyer.connections.get().address)["city"] == "Laval"
    with pytest.raises(InvalidInput):
        change_address(address, HIGH_STREET | {"city": ""})
    address.refresh_from_db()
    assert details_of(address)["city"] == "Laval"


def test_an_address_that_is_removed_leaves_the_connection(partner, buyer):
    address = make_address(buyer)
    connect(partner.client, buyer, address=address)
    remove_address(address)
    link = buyer.connections.get()
    assert (link.address, link.revoked_at, buyer.addresses.count()) == (None, None, 0)


def test_a_summary_has_what_is_there():
    assert summary(HIGH_STREET) == "Jane Doe, 123 High Street, H3B2Y5 Mont Royal, QC, Canada"
    assert summary(HIGH_STREET | {"region": "", "postalCode": ""}) == "Jane Doe, 123 High Street, Mont Royal, Canada"


def test_the_form_adds_and_changes(buyer):
    data = {"recipient": "Anna", "country": "NL", "line1": "Dam 1", "line2": "2 hoog", "city": "Amsterdam"}
    filled = AddressForm(data)
    assert filled.is_valid(), filled.errors
    address = filled.save(buyer)
    assert details_of(address)["addressLine"] == ["Dam 1", "2 hoog"]
    assert AddressForm(address=address).initial["line2"] == "2 hoog"
    changed = AddressForm(data | {"line2": "", "phone": "+31 20 1234567"}, address=address)
    assert changed.is_valid(), changed.errors
    changed.save(buyer)
    found = details_of(buyer.addresses.get())
    assert (found["addressLine"], found["phone"]) == (["Dam 1"], "+31201234567")


def test_the_form_puts_each_fault_beside_its_field():
    data = {"recipient": "Anna", "country": "NL", "line1": "x" * 151, "city": "", "phone": "12"}
    filled = AddressForm(data)
    assert not filled.is_valid()
    assert {name: len(reasons) for name, reasons in filled.errors.items()} == {"line1": 1, "city": 1, "phone": 1}


def test_the_form_lets_browsers_fill_it_in():
    page = AddressForm(section="billing", prefix="billing").as_p()
    for word in ("name", "organization", "country", "address-line1", "address-level2", "postal-code", "tel"):
        assert f'autocomplete="billing {word}"' in page
    assert 'autocomplete="shipping name"' in AddressForm().as_p()
