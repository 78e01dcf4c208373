"""Links to a buyer's order: `/po/<id>`, where the id is base64url of `client_id::order_id` (buyer-wallet.md §A.18).

Such an id can be guessed, so it opens an order to its own buyer only.
"""

import base64
import binascii

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from buyers.models import WalletOrder

SEPARATOR = "::"  # no client ID holds it


def encode(client_id: str, external_id: str) -> str:
    """The id in a link: base64url without padding."""
    return base64.urlsafe_b64encode(f"{client_id}{SEPARATOR}{external_id}".encode()).decode().rstrip("=")


def decode(text: str) -> tuple[str, str] | None:
    """Client ID and order ID of a link's id; None for what `encode` does not write."""
    try:
        known = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeError):
        return None
    client_id, separator, external_id = known.partition(SEPARATOR)
    is_whole = separator and known.isprintable() and encode(client_id, external_id) == text
    return (client_id, external_id) if is_whole else None


def track_id(order: WalletOrder) -> str:
    """The id in the link to an order."""
    return encode(order.client.client_id, order.external_id)


def order_of(buyer: User, text: str) -> WalletOrder | None:
    """The order that a link's id leads `buyer` to; None if there is none, and if it is another buyer's."""
    known = decode(text)
    if known is None:
        return None
    client_id, external_id = known
    rows = buyer.wallet_orders.select_related("client", "order__brand", "order__member")
    return rows.filter(client__client_id=client_id, external_id=external_id).first()


def latest_orders(buyer: User, most: int) -> dict[int, list[WalletOrder]]:
    """So many orders of each of the buyer's connections, by the connection's key; the newest first."""
    place = Window(RowNumber(), partition_by=F("connection"), order_by=F("pk").desc())
    rows = buyer.wallet_orders.exclude(connection=None).select_related("client").annotate(place=place)
    found: dict[int, list[WalletOrder]] = {}
    for order in rows.filter(place__lte=most).order_by("-pk"):
        found.setdefault(order.connection_id or 0, []).append(order)
    return found
