"""Which scopes there are, which a client may ask for, and whether it needs PKCE (buyer-wallet.md §A.11)."""

from typing import Any

from oauth2_provider.scopes import SettingsScopes

from buyers.models import Client

ADDRESS = "uma:pay:address:read"
CARD = "uma:pay:credit_card:read"
PAYMENT_SESSION = "uma:pay:credit_card:read_payment_session"
ENCRYPTED = "uma:pay:credit_card:read_encrypted"
CARD_SCOPES = frozenset({CARD, PAYMENT_SESSION, ENCRYPTED})


class ClientScopes(SettingsScopes):
    """A client has its own list; without a word it gets nothing."""

    def get_available_scopes(self, application: Client | None = None, *_args: Any, **_kwargs: Any) -> list[str]:
        """What this client may ask for."""
        return list(application.allowed_scopes) if application else []

    def get_default_scopes(self, *_args: Any, **_kwargs: Any) -> list[str]:
        """None: the toolkit would grant all."""
        return []


def pkce_required(client_id: str) -> bool:
    """Whether this client has to send a code challenge."""
    return Client.objects.filter(client_id=client_id, require_pkce=True).exists()
