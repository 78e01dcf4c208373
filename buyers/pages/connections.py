"""The apps that a buyer has connected, one row for each of their channels."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from buyers import mails
from buyers.addresses import details_of, summary
from buyers.devices import device_of
from buyers.models import Connection, WalletOrder
from buyers.pages.base import BuyerPage
from buyers.pages.choosing import ChoiceForm, ChoicePage, sentences
from buyers.pages.orders import in_list
from buyers.scopes import ADDRESS, CARD_SCOPES
from buyers.tokens import disconnect, lock
from buyers.tracking import latest_orders

PLACE = "/wallet/connections"
MOST_ORDERS = 3  # of an app; all are on the page of orders


class Connections(BuyerPage):
    """All of them, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show them."""
        rows = self.buyer.connections.filter(revoked_at=None).select_related("client", "card", "address")
        orders = latest_orders(self.buyer, MOST_ORDERS)
        connections = [_shown(one, orders.get(one.pk, [])) for one in rows]
        return self.page("connections", at="connections", connections=connections)


def _shown(one: Connection, orders: list[WalletOrder]) -> dict[str, Any]:
    return {
        "row": one,
        "orders": [in_list(order) for order in orders],
        "does": sentences(one.scopes),
        "has_card": bool(CARD_SCOPES.intersection(one.scopes)),
        "has_address": ADDRESS in one.scopes,
        "address": summary(details_of(one.address)) if one.address else "",
    }


class Change(ChoicePage):
    """The consent once more, without the app: other card, other address, fewer scopes. More it has to ask for."""

    template = "change"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the connection; another buyer's is not there."""
        super().setup(request, *args, **kwargs)
        if self.buyer is not None:
            rows = self.buyer.connections.filter(revoked_at=None).select_related("client", "card", "address")
            found = get_object_or_404(rows, pk=kwargs["pk"])
            self.found = found
            self.client, self.channel, self.scopes = found.client, found.channel, found.scopes

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show it."""
        return self.choose(at="connections")

    def accept(self, form: ChoiceForm) -> HttpResponse:
        """Write the choice down; tokens that the app has follow it at once."""
        with transaction.atomic():
            rows = self.buyer.connections.filter(pk=self.found.pk, revoked_at=None)
            for row in lock(rows):
                _choose(row, **form.answer)
        return self.go(PLACE)

    def refuse(self) -> HttpResponse:
        """Leave it as it is."""
        return self.go(PLACE)


def _choose(connection: Connection, *, scopes: list[str], card: Any, address: Any) -> None:
    """What no scope opens need not be known."""
    connection.scopes = [scope for scope in connection.scopes if scope in scopes]
    connection.card = card if CARD_SCOPES.intersection(scopes) else None
    connection.address = address if ADDRESS in scopes else None
    connection.save(update_fields=["scopes", "card", "address"])


class Disconnect(BuyerPage):
    """Ends a connection at once."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End it with all its tokens, and tell the buyer by mail."""
        rows = self.buyer.connections.filter(revoked_at=None).select_related("client", "buyer")
        connection = get_object_or_404(rows, pk=pk)
        with transaction.atomic():
            disconnect(connection)
            mails.disconnected(connection, device_of(request.headers.get("User-Agent", "")))
        return self.go(PLACE)
