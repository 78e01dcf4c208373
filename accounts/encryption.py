"""Secrets at rest: Fernet tokens (AES-128-CBC with HMAC-SHA256) under the keys of settings.ENCRYPTION_KEYS."""

from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


@cache
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> bytes:
    """Encrypt `text` with the newest key."""
    return _keys(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode())


def decrypt(token: bytes | memoryview) -> str:
    """Decrypt with whichever key made `token`. Raises cryptography.fernet.InvalidToken if none did."""
    return _keys(tuple(settings.ENCRYPTION_KEYS)).decrypt(bytes(token)).decode()


def rotate(token: bytes) -> bytes:
    """The same secret under the newest key."""
    return _keys(tuple(settings.ENCRYPTION_KEYS)).rotate(bytes(token))
