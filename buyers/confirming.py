"""A client's confirmation that a buyer orders something: it fixes whose order it is, for good (§A.8)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from django.db import transaction
from django.utils.translation import gettext_noop as _

from buyers.authentication import Access
from buyers.errors import Refused
from buyers.models import Card, Connection, WalletOrder
from buyers.scopes import ENCRYPTED, PAYMENT_SESSION
from buyers.sealing import Envelope
from buyers.sessions import open_session
from buyers.tokens import lock
from buyers.vaults import VaultError, vault_for

MOST_ORDERS = 100  # of one confirmation
LONGEST_ID = 128  # characters


class Tokenization(StrEnum):
    """How the client is going to have the card charged."""

    SESSION = "SESSION"
    PAYMENT_CREDENTIAL = "PAYMENT_CREDENTIAL"

    @property
    def scope(self) -> str:
        """What a token needs for it."""
        return PAYMENT_SESSION if self is Tokenization.SESSION else ENCRYPTED


@dataclass(frozen=True, slots=True)
class Asked:
    """What a confirmation says."""

    order_ids: list[str]
    tokenization: Tokenization


def read_asked(body: Any) -> Asked:
    """The JSON of a confirmation. Raises Refused with 400."""
    if not isinstance(body, dict):
        raise _unreadable(_("The body must be a JSON object."))
    tokenization = body.get("tokenization_type")
    if tokenization not in list(Tokenization):
        raise _unreadable(f"tokenization_type must be one of {', '.join(Tokenization)}.")
    return Asked(_order_ids(body.get("order_ids")), Tokenization(tokenization))


def _order_ids(found: Any) -> list[str]:
    if not isinstance(found, list) or not 0 < len(found) <= MOST_ORDERS:
        raise _unreadable(f"order_ids must be a list of 1 to {MOST_ORDERS} strings.")
    for one in found:
        if not isinstance(one, str) or not 0 < len(one.strip()) <= len(one) <= LONGEST_ID or not one.isprintable():
            raise _unreadable(
                _("Each of order_ids must be a string of 1 to %(most)s printable characters.") % {"most": LONGEST_ID}
            )
    if len(set(found)) < len(found):
        raise _unreadable("order_ids must not name an order twice.")
    return found


def _unreadable(message: str) -> Refused:
    return Refused(400, "invalid_request", message)


def chosen_in(access: Access) -> Connection:
    """What the buyer chose, with card and address. Raises Refused with 403 if the buyer takes it back meanwhile."""
    rows = access.client.connections.select_related("buyer", "client", "card", "address")
    found = rows.filter(pk=access.connection_id, revoked_at=None).first()
    if found is None:
        raise changed()
    return found


def changed() -> Refused:
    """The answer to whoever confirms while the buyer changes the consent."""
    return Refused(403, "access_denied", _("The buyer has changed what this client may use. Try again."))


def encrypt(connection: Connection, card: Card, key: EllipticCurvePublicKey, order_ids: list[str]) -> Envelope:
    """The card's number for the client alone. With no transaction open: a vault may be far away. Raises Refused."""
    vault = vault_for(connection.client, card)
    if vault is None:
        raise Refused(403, "access_denied", _("This card's number cannot be given to this client."))
    try:
        return vault.encrypt_for(card, key, order_ids)
    except VaultError as error:
        message = _("The card's number cannot be had just now. Try again later.")
        raise Refused(503, "temporarily_unavailable", message, cause=str(error)) from error


def confirm(connection: Connection, card: Card, asked: Asked) -> str | None:
    """Note that these are the buyer's orders: all of them, or none. Returns the id of a payment session, if one is due.

    Raises Refused with 403 if one is another buyer's, or if the buyer takes back the consent or the card meanwhile.
    """
    client, buyer = connection.client, connection.buyer
    with transaction.atomic():
        unchanged = type(connection)._default_manager.filter(  # noqa: SLF001 -- it has no other
            pk=connection.pk, card=card, revoked_at=None
        )
        if not lock(unchanged):
            raise changed()
        rows = [
            WalletOrder(client=client, external_id=one, buyer=buyer, connection=connection)
            for one in sorted(asked.order_ids)  # one order for all, so that no two wait for each other
        ]
        client.orders.bulk_create(rows, ignore_conflicts=True)
        if client.orders.filter(external_id__in=asked.order_ids).exclude(buyer=buyer).exists():
            raise Refused(403, "access_denied", _("One of order_ids is an order of another buyer."))
        return open_session(connection, card, asked.order_ids) if asked.tokenization is Tokenization.SESSION else None
