"""Everything that the wallet holds about a buyer (GDPR, articles 15 and 20), as JSON."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.models import User
from buyers import addresses, cards
from buyers.models import Card, Connection, WalletOrder
from shops.exported import column_values, each_row

CARD = ("uuid", "network", "type", "last_four", "expiry_month", "expiry_year", "fingerprint", "created_at")
SESSION = ("order_ids", "redeemed", "expires_at", "created_at")


def known_about(buyer: User) -> dict[str, Any]:
    """What the database holds, in the words of its columns. Secrets are told by their number: nobody can read them."""
    orders = buyer.wallet_orders.select_related("client", "order__brand").prefetch_related("revisions")
    return {
        "exported_at": timezone.now(),
        "account": {
            **column_values(buyer, "uuid", "email", "name", "created_at", "last_login"),
            "has_password": buyer.has_usable_password(),
            "opens_the_admin": buyer.is_staff,
        },
        "cards": [_card(one) for one in buyer.cards.all()],
        "addresses": [
            column_values(one, "uuid", "created_at") | {"details": addresses.details_of(one)}
            for one in buyer.addresses.all()
        ],
        "connections": [_connection(one) for one in _connections(buyer)],
        "orders": [_order(one) for one in orders.order_by("pk")],
        "mails": each_row(buyer.wallet_mails.order_by("pk"), "kind", "state", "facts", "created_at", "sent_at"),
    }


def _card(card: Card) -> dict[str, Any]:
    return column_values(card, *CARD) | cards.details_of(card)


def _connections(buyer: User) -> Iterable[Connection]:
    rows = buyer.connections.select_related("client", "card", "address").order_by("pk")
    return rows.prefetch_related("payment_sessions", "refresh_tokens", "access_tokens", "grants")


def _connection(one: Connection) -> dict[str, Any]:
    return {
        "app": one.client.name,
        **column_values(one, "channel", "scopes", "created_at", "last_used_at", "revoked_at"),
        "card": one.card and one.card.uuid,
        "address": one.address and one.address.uuid,
        "codes": each_row(one.grants.all(), "created", "expires", "used_at"),
        "access_tokens": each_row(one.access_tokens.all(), "created", "expires", "scope"),
        "refresh_tokens": each_row(one.refresh_tokens.all(), "created", "revoked"),
        "payment_sessions": each_row(one.payment_sessions.all(), *SESSION),
    }


def _order(one: WalletOrder) -> dict[str, Any]:
    return {
        "app": one.client.name,
        **column_values(one, "external_id", "created_at", "updated_at", "state", "findings"),
        "shop": one.order and one.order.brand.name,
        "number": one.order and one.order.number,
        "updates": each_row(one.revisions.all(), "changes", "created_at"),
    }
