"""Settings that make no sense stop the start: what each must be, in words that name it and never tell a secret."""

import math
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LARGEST_PORT = 65_535
SECRET_LENGTH = 32

Settings = Mapping[str, Any]


def read_number(text: str) -> float | None:
    """The number, or None if it is none, below zero or without end."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def _fernet_keys(settings: Settings) -> bool:
    return all(Fernet(key) for key in settings["ENCRYPTION_KEYS"])


def _networks(settings: Settings) -> bool:
    return all(ip_network(network) for network in settings["WEBHOOK_ALLOWED_NETWORKS"])


def _ports(settings: Settings) -> bool:
    return all(port == "*" or 1 <= int(port) <= LARGEST_PORT for port in settings["WEBHOOK_ALLOWED_PORTS"])


# The variable; what it must do; whether it does. A ValueError says that it does not.
RULES: list[tuple[str, str, Callable[[Settings], bool]]] = [
    ("SECRET_KEY", "have at least 32 characters", lambda told: len(told["SECRET_KEY"]) >= SECRET_LENGTH),
    ("ENCRYPTION_KEYS", "hold at least one Fernet key", lambda told: bool(told["ENCRYPTION_KEYS"])),
    ("ENCRYPTION_KEYS", "hold Fernet keys: 32 bytes in URL-safe base64, separated by commas", _fernet_keys),
    (
        "CARD_FINGERPRINT_KEY",
        "have at least 32 characters",
        lambda told: len(told["CARD_FINGERPRINT_KEY"]) >= SECRET_LENGTH,
    ),
    (
        "PUBLIC_URL",
        "begin with http:// or https://",
        lambda told: told["PUBLIC_URL"].startswith(("http://", "https://")),
    ),
    ("ALLOWED_HOSTS", "name at least one host", lambda told: all(told["ALLOWED_HOSTS"] or [""])),
    (
        "REDIS_URL",
        "begin with redis://, rediss:// or unix://",
        lambda told: told["REDIS_URL"].startswith(("redis://", "rediss://", "unix://")),
    ),
    (
        "DATABASE_URL",
        "name a database, as in postgres://host/name",
        lambda told: bool(told["DATABASES"]["default"]["NAME"]),
    ),
    (
        "WEBHOOK_LEASE",
        "be longer than WEBHOOK_TOTAL_TIMEOUT",
        lambda told: told["WEBHOOK_LEASE"] > told["WEBHOOK_TOTAL_TIMEOUT"],
    ),
    ("WEBHOOK_CONCURRENCY", "be at least 1", lambda told: told["WEBHOOK_CONCURRENCY"] >= 1),
    ("WEBHOOK_ALLOWED_NETWORKS", "hold networks such as 10.1.0.0/16, separated by commas", _networks),
    ("WEBHOOK_ALLOWED_PORTS", "hold ports separated by commas, or *", _ports),
    ("APNS_LEASE", "be longer than APNS_TIMEOUT", lambda told: told["APNS_LEASE"] > told["APNS_TIMEOUT"]),
    ("APNS_CONCURRENCY", "be at least 1", lambda told: told["APNS_CONCURRENCY"] >= 1),
    ("LOG_LEVEL", f"be one of {', '.join(LEVELS)}", lambda told: told["LOG_LEVEL"] in LEVELS),
]


def refuse(settings: Settings) -> None:
    """Raise ImproperlyConfigured for the first variable that cannot work."""
    for name, duty, holds in RULES:
        try:
            fine = holds(settings)
        except ValueError:
            fine = False
        if not fine:
            raise ImproperlyConfigured(f"{name} must {duty}.")
