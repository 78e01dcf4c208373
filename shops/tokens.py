"""The text of an API token: `id|secret`, as Laravel Sanctum 3.3 writes it (shop-orders.md §B.3)."""

import hashlib
import secrets
import string
import zlib

ALPHABET = string.ascii_letters + string.digits


def new_secret() -> str:
    """40 random letters and digits, then their CRC-32 in 8 hex digits, so that scanners recognise a leaked one."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(40))
    return f"{random}{zlib.crc32(random.encode()):08x}"


def digest(secret: str) -> str:
    """What is stored of a secret: SHA-256 in hex. It needs no salt: 40 random characters cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read_bearer(header: str) -> str:
    """The token in an Authorization header, or "".

    As Laravel reads it: the scheme in any case, the text after its last occurrence, cut at the first comma.
    """
    start = header.lower().rfind("bearer ")
    return "" if start < 0 else header[start + 7 :].split(",", 1)[0].strip()
