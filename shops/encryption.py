"""Secrets at rest, for the apps above (accounts/encryption.py)."""

from accounts.encryption import decrypt, encrypt, rotate

__all__ = ["decrypt", "encrypt", "rotate"]
