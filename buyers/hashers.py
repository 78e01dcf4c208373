"""Digests of client secrets: one SHA-256, as they are random and long; nothing that a person chose."""

import hashlib
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher
from django.utils.crypto import constant_time_compare


class ClientSecretHasher(BasePasswordHasher):
    """For secrets of at least 256 random bits. PBKDF2 would cost each call of a partner 375 ms of CPU."""

    algorithm = "client_sha256"

    def encode(self, password: str, salt: str) -> str:
        """The digest with its salt, as Django stores it."""
        digest = hashlib.sha256((salt + password).encode()).hexdigest()
        return f"{self.algorithm}${salt}${digest}"

    def decode(self, encoded: str) -> dict[str, Any]:
        """The parts of what `encode` wrote."""
        algorithm, salt, digest = encoded.split("$")
        return {"algorithm": algorithm, "salt": salt, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        """Whether `encoded` is of this secret; takes the same time either way."""
        return constant_time_compare(encoded, self.encode(password, self.decode(encoded)["salt"]))

    def safe_summary(self, encoded: str) -> Any:
        """What may be shown of it."""
        return {"algorithm": self.decode(encoded)["algorithm"]}

    def must_update(self, encoded: str) -> bool:
        """Never: there is nothing to strengthen."""
        return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: every digest takes as long."""
