"""Partners' clients: made, and their secrets replaced. What is returned as text here can never be read again."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from buyers.hashers import ClientSecretHasher
from buyers.models import Client
from buyers.redirects import check_redirect_uris
from buyers.scopes import ADDRESS, CARD, PAYMENT_SESSION
from buyers.tokens import new_secret

USUAL_SCOPES = (ADDRESS, CARD, PAYMENT_SESSION)  # what a partner without PCI certification asks for
OVERLAP_DAYS = 7


def new_client(name: str, *, redirect_uris: list[str], **columns: Any) -> tuple[Client, str]:
    """A client and its secret. Raises ValidationError for redirect URIs that cannot be registered."""
    columns.setdefault("allowed_scopes", list(USUAL_SCOPES))
    client = Client(
        name=name,
        redirect_uris=" ".join(redirect_uris),
        client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        **columns,
    )
    check_redirect_uris(redirect_uris, is_live=client.is_live)
    secret = give_secret(client)
    client.save()
    return client, secret


def give_secret(client: Client) -> str:
    """Put a new secret into a client that is about to be saved; the text of it is returned once."""
    secret = new_secret()
    client.client_secret = ClientSecretHasher().encode(secret, get_random_string(12))
    client.secret_hint = secret[-4:]
    return secret


def rotate_secret(client: Client, days: int = OVERLAP_DAYS) -> str:
    """A new secret; the present one stays valid for `days` more, and the one before it no longer.

    With 0 days the present one ends at once. Raises ValidationError for days below 0 or above 90.
    """
    if not 0 <= days <= 90:  # noqa: PLR2004 -- named in the message
        raise ValidationError(_("The former secret can stay valid for 0 to 90 days."))
    client.previous_secret = client.client_secret if days else ""
    client.previous_secret_until = timezone.now() + timedelta(days=days) if days else None
    secret = give_secret(client)
    client.save(update_fields=["client_secret", "secret_hint", "previous_secret", "previous_secret_until", "updated"])
    return secret
