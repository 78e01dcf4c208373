"""Partners' clients, the buyers who connect with them, and what buyers keep in their wallet.

A buyer is an accounts.User, whose `uuid` is the `sub`, the `user.uuid` and a valid `login_hint` of the API.
"""

from buyers.models.clients import (
    Authority,
    Client,
    ClientCertificate,
    ClientRequest,
    Environment,
    Merchant,
    OrderChecks,
)
from buyers.models.connections import AccessToken, Connection, Grant, RefreshToken
from buyers.models.mails import BuyerMail
from buyers.models.orders import PaymentSession, WalletOrder, WalletOrderRevision
from buyers.models.wallet import Address, Card, CardType, Network

__all__ = [
    "AccessToken",
    "Address",
    "Authority",
    "BuyerMail",
    "Card",
    "CardType",
    "Client",
    "ClientCertificate",
    "ClientRequest",
    "Connection",
    "Environment",
    "Grant",
    "Merchant",
    "Network",
    "OrderChecks",
    "PaymentSession",
    "RefreshToken",
    "WalletOrder",
    "WalletOrderRevision",
]
