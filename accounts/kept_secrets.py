"""Where secrets are kept, and whether ENCRYPTION_KEYS open them: after a restore, or a slip in a setting, none may."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import BinaryField

from accounts.encryption import decrypt

ALSO = {"previous_key"}  # encrypted without saying so

_fitting: set[tuple[str, ...]] = set()  # keys that opened something, so that it is asked once in a process' life


class KeysDoNotFit(ImproperlyConfigured):
    """What is kept was encrypted under other keys. Work that needs them is left for a process that has them."""


def encrypted_columns() -> dict[Any, list[str]]:
    """Where secrets are: every binary column named `encrypted_…`, and a few by other names, by model."""
    found: dict[Any, list[str]] = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:  # noqa: SLF001 -- Django's own way to ask
            if isinstance(field, BinaryField) and (field.name.startswith("encrypted_") or field.name in ALSO):
                found.setdefault(model, []).append(field.name)
    return found


def ensure_keys_fit() -> None:
    """Raise KeysDoNotFit unless the keys open at least one of the tables' newest secrets, or none is kept.

    One is enough: a single row may be broken, and older keys may be missing, which `rotate_encryption` finds.
    """
    keys = tuple(settings.ENCRYPTION_KEYS)
    if keys in _fitting:
        return
    newest = [bytes(secret) for secret in _newest_secrets() if secret is not None]
    if newest and not any(map(_opens, newest)):
        raise KeysDoNotFit("No key of ENCRYPTION_KEYS opens what is kept in the database.")
    _fitting.add(keys)


def _newest_secrets() -> list[Any]:
    tables = encrypted_columns().items()
    newest = (model.objects.order_by("-pk").values_list(*columns).first() for model, columns in tables)
    return [secret for row in newest if row for secret in row]


def _opens(secret: bytes) -> bool:
    try:
        decrypt(secret)
    except InvalidToken:
        return False
    return True
