"""A buyer's cards. What is kept says which card it is; its number is kept by nobody here (buyer-wallet.md §C)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.encryption import decrypt, encrypt
from accounts.models import User
from buyers.addresses import MEMBERS, checked
from buyers.luhn import CARD_DIGITS, is_luhn
from buyers.models import Card, CardType, Client, Network
from buyers.published_cards import BY_KEY, BY_NUMBER, Behaviour, PublishedCard
from buyers.tokens import lock
from buyers.visitors import hold
from shops.errors import InvalidInput

TEST = "test"  # the vault of the published cards, which keeps no number
MOST_YEARS = 20  # that a card may still be valid
LONGEST_NAME = 150
BILLING = sorted(MEMBERS)  # the order in which the API prints a billing address


@dataclass(frozen=True, slots=True)
class Kept:
    """A card in a vault."""

    vault: str
    reference: str  # the vault's word for it
    identity: str  # one for one card, whoever adds it and however often
    last_four: str
    network: Network = Network.UNKNOWN
    type: CardType = CardType.UNKNOWN


class CardFacts(NamedTuple):
    """What is shown of a card, without the row that it comes from. Its names are columns."""

    uuid: UUID
    vault: str
    last_four: str
    network: str
    type: str
    fingerprint: str

    @property
    def is_test(self) -> bool:
        """Whether no bank knows it."""
        return self.vault == TEST


AnyCard = TypeVar("AnyCard", Card, CardFacts)


def add_card(buyer: User, *, number: str, month: int, year: int, name: str, billing_address: Mapping[str, Any]) -> Card:
    """Keep a published test card; the same card again changes its row.

    Any other number is refused before anything is done with it. Raises InvalidInput, which never holds the number.
    """
    errors: dict[str, list[str]] = {}
    if fault := number_fault(number):
        errors["number"] = [fault]
    if fault := expiry_fault(month, year):
        errors["month"] = [fault]
    if errors:
        raise InvalidInput(errors)
    found = BY_NUMBER[only_digits(number)]
    kept = Kept(TEST, found.key, found.number, found.number[-4:], found.network, found.type)
    return keep_card(buyer, kept, month=month, year=year, name=name, billing_address=billing_address)


@transaction.atomic
def keep_card(buyer: User, kept: Kept, *, month: int, year: int, name: str, billing_address: Mapping[str, Any]) -> Card:
    """Keep what a vault says of a card that it keeps; the same card again changes its row. Raises InvalidInput."""
    holder = " ".join(name.split())
    if fault := expiry_fault(month, year):
        raise InvalidInput({"month": [fault]})
    if not 0 < len(holder) <= LONGEST_NAME or not holder.isprintable():
        raise InvalidInput({"name": [_("Write the name as it stands on the card.")]})
    details = {"holder": holder, "billingAddress": checked(billing_address)}
    columns = {
        "vault": kept.vault,
        "vault_reference": kept.reference,
        "network": kept.network,
        "type": kept.type,
        "last_four": kept.last_four,
        "expiry_month": month,
        "expiry_year": year,
        "encrypted_details": encrypt(orjson.dumps(details).decode()),
    }
    hold(buyer)
    return buyer.cards.update_or_create(fingerprint=fingerprint(kept.vault, kept.identity), defaults=columns)[0]


def seen_by(client: Client, card: AnyCard | None) -> AnyCard | None:
    """The card that a buyer chose for this client, if it is still there. A sandbox never sees a real one."""
    return None if card and not card.is_test and not client.is_live else card


def remove_card(card: Card) -> None:
    """Forget a card, with the sessions that could have charged it. Clients that were allowed to see it see none."""
    with transaction.atomic():
        lock(card.connections.all())  # a confirmation that is under way comes first; the next one finds no card
        card.delete()


def number_fault(number: str) -> str:
    """Why a number is not taken, or nothing. The answer never holds the number."""
    digits = only_digits(number)
    if digits in BY_NUMBER:
        return ""
    if len(digits) not in CARD_DIGITS or not is_luhn(digits):
        return _("This is not a card number: one of its digits is wrong, missing or too many.")
    return _(
        "This may be a real card, so it was not kept. This wallet takes no numbers of real cards;"
        " use one of the published test cards."
    )


def expiry_fault(month: int, year: int) -> str:
    """Why a date of expiry is not taken, or nothing. A card is valid to the end of its month."""
    today = timezone.now().date()
    if not 1 <= month <= 12 or not today.year - MOST_YEARS <= year <= today.year + MOST_YEARS:  # noqa: PLR2004 -- months
        return _("Write the month and the year as they stand on the card.")
    return _("This card has expired.") if (year, month) < (today.year, today.month) else ""


def only_digits(number: str) -> str:
    """A number without the spaces and hyphens that people write; "" if there is anything else in it."""
    digits = "".join(number.replace("-", " ").split())
    return digits if digits.isascii() and digits.isdigit() else ""


def published(card: Card) -> PublishedCard | None:
    """The published card that this is, with its number; None for a real one, whose number nobody here knows."""
    return BY_KEY[card.vault_reference] if card.vault == TEST else None


def behaviour_of(card: Card) -> Behaviour | None:
    """What charging a test card ends in; None for a real card. One whose date has passed is expired."""
    found = published(card)
    if found is None:
        return None
    return Behaviour.EXPIRED if card.has_expired else found.behaviour


def fingerprint(vault: str, identity: str) -> str:
    """The same for the same card, whoever asks; tells nothing of it without the key (§A.7)."""
    made = hmac.new(_fingerprint_key(settings.CARD_FINGERPRINT_KEY), f"{vault}:{identity}".encode(), hashlib.sha256)
    return f"v1:protected:{base64.urlsafe_b64encode(made.digest()).decode().rstrip('=')}"


@cache
def _fingerprint_key(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"fingerprints of cards, version 1", hashlib.sha256).digest()


def details_of(card: Card) -> dict[str, Any]:
    """`holder` and `billingAddress`."""
    return cast("dict[str, Any]", orjson.loads(decrypt(card.encrypted_details)))


def printed(card: Card | CardFacts) -> dict[str, Any]:
    """A card as GET /pay/wallet prints it."""
    return {
        "uuid": str(card.uuid),
        "lastFourDigits": card.last_four,
        "network": card.network,
        "type": card.type,
        "fingerprint": card.fingerprint,
    }


def billing_printed(card: Card) -> dict[str, Any]:
    """A card's billing address as the confirmation prints it."""
    address = details_of(card)["billingAddress"]
    return {member: address[member] for member in BILLING}
