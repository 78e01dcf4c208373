"""A buyer's wallet as a partner sees it, and the confirmation of orders (buyer-wallet.md §A.7, §A.8)."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_noop as _
from rest_framework.request import Request

from buyers import addresses, cards
from buyers.addresses import AddressFacts
from buyers.api import WalletView, answer
from buyers.certificates import certificate_in
from buyers.confirming import Tokenization, chosen_in, confirm, encrypt, read_asked
from buyers.errors import Refused
from buyers.models import Address, Card, Connection
from buyers.scopes import ADDRESS
from buyers.scopes import CARD as CARD_SCOPE
from buyers.sealing import Envelope
from buyers.vaults import can_encrypt


class Parts(WalletView):
    """What both answers are made of. Each key is left out where the buyer allows or has nothing."""

    def user_part(self) -> dict[str, Any]:
        """Who the buyer is."""
        return {"user": {"uuid": str(self.access.buyer)}}

    def address_part(self, address: Address | AddressFacts | None) -> dict[str, Any]:
        """Where things are sent."""
        return {"shippingAddress": addresses.printed(address)} if address and self.allows(ADDRESS) else {}


class Wallet(Parts):
    """GET /pay/wallet."""

    def get(self, request: Request) -> HttpResponse:
        """What the buyer lets this client see."""
        access = self.access
        card = cards.seen_by(access.client, access.card) if self.allows(CARD_SCOPE) else None
        card_part = {"card": cards.printed(card)} if card else {}
        return answer({**self.user_part(), **card_part, **self.address_part(access.address)})


class Confirmation(Parts):
    """POST /pay/wallet/orders."""

    def post(self, request: Request) -> HttpResponse:
        """Fix whose orders these are, and tell how they can be paid."""
        asked = read_asked(self.read_json())
        self.require(asked.tokenization.scope)
        chosen = chosen_in(self.access)
        envelope = None
        if asked.tokenization is Tokenization.PAYMENT_CREDENTIAL:
            envelope = self._envelope(chosen, asked.order_ids)
        card = self._card_of(chosen)
        session_id = confirm(chosen, card, asked)
        session_part = {"payment": {"paymentSessionId": session_id}} if session_id else {}
        card_part = {"card": _confirmed(card, envelope)}
        return answer({**self.user_part(), **card_part, **session_part, **self.address_part(chosen.address)})

    def _envelope(self, chosen: Connection, order_ids: list[str]) -> Envelope:
        if not can_encrypt(chosen.client):
            raise Refused(403, "access_denied", _("This service gives no card numbers to live clients."))
        key = certificate_in(self.request.META.get("HTTP_CERTIFICATE", ""), chosen.client)
        return encrypt(chosen, self._card_of(chosen), key, order_ids)

    def _card_of(self, chosen: Connection) -> Card:
        """The card to pay with. Raises Refused with 403 if what the buyer chose is gone."""
        card = cards.seen_by(chosen.client, chosen.card)
        if card is None:
            raise Refused(403, "access_denied", _("The buyer's card is gone. Let the buyer authorize again."))
        if self.allows(ADDRESS) and chosen.address is None:
            raise Refused(403, "access_denied", _("The buyer's address is gone. Let the buyer authorize again."))
        return card


def _confirmed(card: Card, envelope: Envelope | None) -> dict[str, Any]:
    """The card with its billing address, in the reference's order. A session tells no fingerprint."""
    shown = cards.printed(card)
    fingerprint = shown.pop("fingerprint")
    secret = {"fingerprint": fingerprint, "encryptedPayload": envelope} if envelope else {}
    return {"uuid": shown.pop("uuid"), "billingAddress": cards.billing_printed(card), **shown, **secret}
