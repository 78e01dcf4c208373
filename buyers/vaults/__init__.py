"""Vaults keep the numbers of cards and encrypt them for partners; this installation sees none (buyer-wallet.md §C)."""

from functools import cache
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from buyers.cards import TEST, details_of, published
from buyers.models import Card, Client
from buyers.sealing import Envelope, card_message, seal

LONGEST_NAME = 30  # characters of a vault's name, as the column has it


class VaultError(Exception):
    """A vault did not do what it was asked. The text is for the partner and holds nothing of the card."""


class VaultAdapter:
    """The way to a vault: a program or service of its own that keeps card numbers.

    Subclass it and name the class in WALLET_VAULT. Real cards come into the wallet by buyers.cards.keep_card, called by
    whatever page of the vault's maker takes their numbers.
    """

    name: ClassVar[str] = ""  # stands in Card.vault

    def encrypt_for(self, card: Card, key: EllipticCurvePublicKey, order_ids: list[str]) -> Envelope:
        """The card's number, or a network token for it, encrypted to a partner's key as buyers.sealing does it.

        Called with no transaction open. `order_ids` are what it is for. Raises VaultError.
        """
        raise NotImplementedError


class PublishedVault(VaultAdapter):
    """The vault of the published test cards: it makes a number again from the list, and keeps none."""

    name = TEST

    def encrypt_for(self, card: Card, key: EllipticCurvePublicKey, order_ids: list[str]) -> Envelope:
        """The published number, encrypted here. Raises VaultError."""
        found = published(card)
        if found is None:
            raise VaultError("The card is not a test card.")
        message = card_message(
            name=details_of(card)["holder"],
            number=found.number,
            month=card.expiry_month,
            year=card.expiry_year,
            network=card.network,
        )
        return seal(message, key)


def can_encrypt(client: Client) -> bool:
    """Whether this client can be given encrypted card numbers; for live clients it takes a vault."""
    return not client.is_live or live_vault() is not None


def vault_for(client: Client, card: Card) -> VaultAdapter | None:
    """Who can encrypt this card for this client. Test cards are for sandboxes, real ones for live clients."""
    if card.is_test:
        return None if client.is_live else PublishedVault()
    vault = live_vault() if client.is_live else None
    return vault if vault and vault.name == card.vault else None


def live_vault() -> VaultAdapter | None:
    """The vault of WALLET_VAULT, if there is one. Raises ImproperlyConfigured."""
    return _loaded(settings.WALLET_VAULT) if settings.WALLET_VAULT else None


@cache
def _loaded(path: str) -> VaultAdapter:
    try:
        made = import_string(path)()
    except (ImportError, TypeError) as error:
        raise ImproperlyConfigured(f"WALLET_VAULT names no class: {path!r}.") from error
    if not isinstance(made, VaultAdapter) or not 0 < len(made.name) <= LONGEST_NAME or made.name == TEST:
        raise ImproperlyConfigured(f"WALLET_VAULT must be a VaultAdapter with a name of its own: {path!r}.")
    return made
