"""A buyer's addresses: the members of the W3C's PaymentAddress (buyer-wallet.md §A.7), kept encrypted."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from babel import Locale
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.encryption import decrypt, encrypt
from accounts.models import User
from buyers.models import Address
from buyers.visitors import hold
from shops.errors import InvalidInput

# In the order in which the API prints them, with the most characters of each.
LENGTHS = {
    "country": 2,
    "addressLine": 150,  # each
    "region": 100,
    "city": 100,
    "dependentLocality": 100,
    "postalCode": 20,
    "sortingCode": 20,
    "organization": 150,
    "recipient": 150,
    "phone": 16,
}
MEMBERS = list(LENGTHS)
REQUIRED = {"country", "addressLine", "city", "recipient"}
MOST_LINES = 4
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
PUNCTUATION = re.compile(r"[ ()./\u00a0-]|^00(?=[1-9])")  # how people write phone numbers
# What CLDR calls a territory and ISO 3166-1 does not call a country.
NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}


class AddressFacts(NamedTuple):
    """An address without the row that it comes from. Its names are columns."""

    uuid: UUID
    encrypted_details: bytes


@cache
def countries(language: str) -> dict[str, str]:
    """The countries of ISO 3166-1 by their code, in the order of their names in `language`."""
    found = Locale.parse(language.replace("-", "_")).territories.items()
    named = {code: name for code, name in found if re.fullmatch("[A-Z]{2}", code) and code not in NO_COUNTRIES}
    return dict(sorted(named.items(), key=lambda pair: pair[1].casefold()))


@transaction.atomic
def add_address(buyer: User, details: Mapping[str, Any]) -> Address:
    """Keep an address. Raises InvalidInput."""
    hold(buyer)
    return buyer.addresses.create(encrypted_details=sealed(checked(details)))


def change_address(address: Address, details: Mapping[str, Any]) -> Address:
    """Write an address anew; whoever may see it sees the new one. Raises InvalidInput."""
    address.encrypted_details = sealed(checked(details))
    if not address.buyer.addresses.filter(pk=address.pk).update(encrypted_details=address.encrypted_details):
        raise InvalidInput({"address": [_("This address has been removed.")]})
    return address


def remove_address(address: Address) -> None:
    """Forget an address. Clients that were allowed to see it see none."""
    address.delete()


def details_of(address: Address | AddressFacts) -> dict[str, Any]:
    """The members of an address, in the API's order."""
    return cast("dict[str, Any]", orjson.loads(decrypt(address.encrypted_details)))


def printed(address: Address | AddressFacts) -> dict[str, Any]:
    """An address as GET /pay/wallet prints it."""
    return {"uuid": str(address.uuid), **details_of(address)}


def summary(details: Mapping[str, Any]) -> str:
    """An address on one line, for its buyer."""
    place = " ".join(filter(None, [details["postalCode"], details["city"]]))
    country = countries(get_language() or "en").get(details["country"], details["country"])
    return ", ".join(filter(None, [details["recipient"], *details["addressLine"], place, details["region"], country]))


def checked(details: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an address, tidied and whole; what is missing is "". Raises InvalidInput by member."""
    found: dict[str, Any] = {member: _tidied(str(details.get(member) or "")) for member in MEMBERS}
    found["addressLine"] = [line for line in map(_tidied, details.get("addressLine") or []) if line]
    found["country"] = found["country"].upper()
    found["phone"] = PUNCTUATION.sub(lambda match: "+" if match[0] == "00" else "", found["phone"])
    errors = {member: [reason] for member in MEMBERS if (reason := _fault(member, found[member]))}
    if errors:
        raise InvalidInput(errors)
    return found


def sealed(details: Mapping[str, Any]) -> bytes:
    """Encrypted, as it is kept."""
    return encrypt(orjson.dumps(details).decode())


def _tidied(text: str) -> str:
    return " ".join(text.split())


def _fault(member: str, value: str | list[str]) -> str:
    """What is wrong with a member, or nothing."""
    lines = [value] if isinstance(value, str) else value
    if not any(lines):
        return _("This field is required.") if member in REQUIRED else ""
    if len(lines) > MOST_LINES:
        return _("An address has %(most)s lines at most.") % {"most": MOST_LINES}
    if member == "country":
        return "" if value in countries("en") else _("Choose a country.")
    if member == "phone":
        return "" if PHONE.fullmatch(lines[0]) else _("Write the number with its country code, such as +31201234567.")
    if any(len(line) > LENGTHS[member] for line in lines):
        return _("Use %(most)s characters at most.") % {"most": LENGTHS[member]}
    return "" if all(line.isprintable() for line in lines) else _("This holds characters that cannot be printed.")
