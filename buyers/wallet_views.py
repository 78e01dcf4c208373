"""A buyer's wallet as a partner sees it, and the confirmation of orders (buyer-wallet.md §A.7, §A.8)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from buyers import addresses, cards
from buyers.api import WalletView, answer
from buyers.certificates import certificate_in
from buyers.confirming import Tokenization, confirm, encrypt, read_asked
from buyers.errors import Refused
from buyers.models import Card
from buyers.scopes import ADDRESS
from buyers.scopes import CARD as CARD_SCOPE
from buyers.sealing import Envelope
from buyers.vaults import can_encrypt


class Parts(WalletView):
    """What both answers are made of. Each key is left out where the buyer allows or has nothing."""

    @property
    def card(self) -> Card | None:
        """The card that the buyer chose, if it is still there. A sandbox never sees a real one."""
        card = self.connection.card
        return None if card and not card.is_test and not self.connection.client.is_live else card

    def user_part(self) -> dict[str, Any]:
        """Who the buyer is."""
        return {"user": {"uuid": str(self.buyer.uuid)}}

    def address_part(self) -> dict[str, Any]:
        """Where things are sent."""
        address = self.connection.address
        return {"shippingAddress": addresses.printed(address)} if address and self.allows(ADDRESS) else {}


class Wallet(Parts):
    """GET /pay/wallet."""

    def get(self, request: Request) -> HttpResponse:
        """What the buyer lets this client see."""
        card = self.card if self.allows(CARD_SCOPE) else None
        card_part = {"card": cards.printed(card)} if card else {}
        return answer({**self.user_part(), **card_part, **self.address_part()})


class Confirmation(Parts):
    """POST /pay/wallet/orders."""

    def post(self, request: Request) -> HttpResponse:
        """Fix whose orders these are, and tell how they can be paid."""
        asked = read_asked(self.read_json())
        self.require(asked.tokenization.scope)
        envelope = None
        if asked.tokenization is Tokenization.PAYMENT_CREDENTIAL:
            envelope = self._envelope(asked.order_ids)
        card = self._chosen_card()
        session_id = confirm(self.connection, card, asked)
        session_part = {"payment": {"paymentSessionId": session_id}} if session_id else {}
        card_part = {"card": _confirmed(card, envelope)}
        return answer({**self.user_part(), **card_part, **session_part, **self.address_part()})

    def _envelope(self, order_ids: list[str]) -> Envelope:
        client = self.connection.client
        if not can_encrypt(client):
            raise Refused(403, "access_denied", "This service gives no card numbers to live clients.")
        key = certificate_in(self.request.META.get("HTTP_CERTIFICATE", ""), client)
        return encrypt(self.connection, self._chosen_card(), key, order_ids)

    def _chosen_card(self) -> Card:
        """The card to pay with. Raises Refused with 403 if what the buyer chose is gone."""
        card = self.card
        if card is None:
            raise Refused(403, "access_denied", "The buyer's card is gone. Let the buyer authorize again.")
        if self.allows(ADDRESS) and self.connection.address is None:
            raise Refused(403, "access_denied", "The buyer's address is gone. Let the buyer authorize again.")
        return card


def _confirmed(card: Card, envelope: Envelope | None) -> dict[str, Any]:
    """The card with its billing address, in the reference's order. A session tells no fingerprint."""
    shown = cards.printed(card)
    fingerprint = shown.pop("fingerprint")
    secret = {"fingerprint": fingerprint, "encryptedPayload": envelope} if envelope else {}
    return {"uuid": shown.pop("uuid"), "billingAddress": cards.billing_printed(card), **shown, **secret}
