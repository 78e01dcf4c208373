"""A program of its own that opens what a password protects, so that nothing of ours waits for it.

Whoever makes such a file chooses how long its password takes to try: minutes, if they mean harm. So the parent
(uploads.py) runs this file as a script and gives it a few seconds. It needs nothing of Django.
"""

import base64
import json
import resource
import sys
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

SECONDS = 5  # of one processor
MEGABYTES = 1024  # of address space
WRONG = 3  # how the program ends when the password is wrong or the file is damaged


def unlocked(content: bytes, password: bytes | None) -> Iterator[bytes]:
    """PEM of everything in a PKCS #12 file or an encrypted key. Raises ValueError or TypeError for a wrong password."""
    if content.startswith(b"-----BEGIN"):
        yield _pem(load_pem_private_key(content, password))
        return
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    except ValueError:
        yield _pem(load_der_private_key(content, password))
        return
    if key is not None:
        yield _pem(key)
    for found in filter(None, [certificate, *others]):
        yield found.public_bytes(Encoding.PEM)


def _pem(key: object) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]


def main() -> int:
    """Read the file and its password from standard input, write PEM to standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 2**20, MEGABYTES * 2**20))
    asked = json.load(sys.stdin)
    try:
        parts = list(unlocked(base64.b64decode(asked["content"]), asked["password"].encode() or None))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return WRONG
    sys.stdout.buffer.write(b"".join(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
