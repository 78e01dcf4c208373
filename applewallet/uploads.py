"""What an uploaded file holds: certificates and private keys, in whatever format it came; or what it is instead."""

import base64
import binascii
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    pkcs7,
)
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applewallet import unlocking

MOST_BYTES = 100_000  # of a file
LARGEST_KEY = 8_000  # bytes; an RSA key of 8192 bits has 6,400 as text. Checking a larger one takes minutes
BEGIN, END = b"-----BEGIN ", b"-----END "
BAD = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
logger = structlog.get_logger(__name__)


class Unreadable(Exception):
    """A file that cannot be read. Says what it seems to be, or what to do; `field` if another field is to blame."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds, in its order."""

    certificates: list[x509.Certificate] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)


INSTEAD: dict[str, str | Promise] = {
    "request": gettext_lazy(
        "This is a certificate signing request. Upload it at Apple, and here the certificate that Apple makes of it."
    ),
    "public key": gettext_lazy("This is a public key. It can neither sign nor say who it belongs to."),
    "ssh": gettext_lazy("This is an SSH key. Apple's certificates have nothing to do with it."),
    "profile": gettext_lazy(
        "This is a provisioning profile, which is for apps. Wallet needs the certificate of a Pass or Order Type ID."
    ),
    "zip": gettext_lazy("This is an archive, perhaps a pass. Upload the certificate that signs passes."),
    "nothing": gettext_lazy("This file holds neither a certificate nor a private key."),
}


def opened(content: bytes, password: str = "") -> Contents:
    """Read a file. Raises Unreadable."""
    if not content.strip():
        raise Unreadable(_("This file is empty."))
    if len(content) > MOST_BYTES:
        raise Unreadable(_("This file is too large to be a certificate or a key."))
    found, instead = Contents(), ""
    for what, part in _parts(content):
        if what == "locked":
            inner = opened(_unlocked(part, password))
            found.certificates.extend(inner.certificates)
            found.keys.extend(inner.keys)
        elif what == "certificate":
            found.certificates.append(part)
        elif what == "key":
            found.keys.append(part)
        else:
            instead = instead or what
    if not found.certificates and not found.keys:
        raise Unreadable(str(INSTEAD[instead or "nothing"]))
    return found


def _parts(content: bytes) -> Iterator[tuple[str, Any]]:
    """Whatever is in a file, with what it is."""
    if BEGIN not in content:
        yield from _der_parts(content)
        return
    for label, block in _blocks(content):
        yield from _pem_parts(label, block)


def _blocks(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The blocks of a PEM file with their labels (RFC 7468). Raises Unreadable if one does not end."""
    start = content.find(BEGIN)
    while start >= 0:
        label, dashes, _rest = content[start + len(BEGIN) : start + 80].partition(b"-----")
        end = content.find(END + label + b"-----", start)
        if not dashes or end < 0:
            raise Unreadable(_("This file is cut off or damaged: its last part has no end."))
        stop = end + len(END + label + b"-----")
        yield label.decode("latin-1"), content[start:stop] + b"\n"
        start = content.find(BEGIN, stop)


def _pem_parts(label: str, block: bytes) -> Iterator[tuple[str, Any]]:
    if label in {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}:
        yield "certificate", _certificate(block)
    elif label.endswith("CERTIFICATE REQUEST"):
        yield "request", block
    elif label.endswith("PUBLIC KEY"):
        yield "public key", block
    elif label == "OPENSSH PRIVATE KEY":
        yield "ssh", block
    elif label == "ENCRYPTED PRIVATE KEY" or b"Proc-Type: 4,ENCRYPTED" in block:
        yield "locked", block
    elif label.endswith("PRIVATE KEY"):
        yield "key", _key(block, load_pem_private_key)
    elif label in {"PKCS7", "CMS"}:
        yield from _der_parts(_decoded(block))


def _decoded(block: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(block.strip().splitlines()[1:-1]), validate=True)
    except binascii.Error:
        return b""


def _der_parts(content: bytes) -> Iterator[tuple[str, Any]]:
    if content.startswith(b"PK\x03\x04"):
        yield "zip", content
    elif _is_pkcs12(content) or _is_encrypted_key(content):
        yield "locked", content
    elif b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" in content[:40]:  # CMS SignedData
        yield from _signed_parts(content)
    elif _loads(x509.load_der_x509_certificate, content):
        yield "certificate", _certificate(content)
    elif _loads(x509.load_der_x509_csr, content):
        yield "request", content
    elif _loads(load_der_public_key, content):
        yield "public key", content
    elif content[:1] == b"\x30" and len(content) <= LARGEST_KEY and _loads(load_der_private_key, content, None):
        yield "key", load_der_private_key(content, None)


def _loads(load: Callable[..., object], *arguments: object) -> bool:
    try:
        load(*arguments)
    except BAD:
        return False
    return True


def _is_pkcs12(content: bytes) -> bool:
    """Whether it begins like a PFX: a sequence whose first element is the number 3 (RFC 7292 §4)."""
    return content[:1] == b"\x30" and b"\x02\x01\x03\x30" in content[:10]


def _is_encrypted_key(content: bytes) -> bool:
    """Whether it is a key whose encryption is named: PBES1, PBES2 or PKCS #12's own (RFC 5958 §3)."""
    is_named = any(
        oid in content[:40] for oid in (b"\x2a\x86\x48\x86\xf7\x0d\x01\x05", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c")
    )
    return content[:1] == b"\x30" and is_named


def _signed_parts(content: bytes) -> Iterator[tuple[str, Any]]:
    if b"<plist" in content:
        yield "profile", content
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # it is said to be BER where it is
            found = pkcs7.load_der_pkcs7_certificates(content)
    except BAD:
        return
    yield from (("certificate", certificate) for certificate in found)


def _certificate(content: bytes) -> x509.Certificate:
    """A certificate, with every part that is read later read once. Raises Unreadable."""
    load = x509.load_pem_x509_certificate if content.startswith(BEGIN) else x509.load_der_x509_certificate
    try:
        certificate = load(content)
        _read = (certificate.subject, certificate.issuer, certificate.extensions, certificate.public_key())
    except BAD as error:
        raise Unreadable(_("The certificate in this file is damaged. Download it again.")) from error
    return certificate


def _key(content: bytes, load: Callable[..., Any]) -> Any:
    if len(content) > LARGEST_KEY:
        raise Unreadable(_("The private key in this file is larger than any that Apple knows."))
    try:
        return load(content, None)
    except BAD as error:
        raise Unreadable(_("The private key in this file is damaged. Export it again.")) from error


def _unlocked(content: bytes, password: str) -> bytes:
    """PEM of what a password protects, opened by a program of its own (unlocking.py)."""
    asked = {"content": base64.b64encode(content).decode(), "password": password}
    program = [sys.executable, "-P", str(Path(unlocking.__file__))]
    try:
        done = subprocess.run(  # noqa: S603 -- our own program
            program, input=json.dumps(asked).encode(), capture_output=True, timeout=4 * unlocking.SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable(_("This file takes too long to open.")) from error
    if done.returncode == 0:
        return done.stdout
    if done.returncode < 0:  # by a signal: it used up its time
        raise Unreadable(_("This file takes too long to open."))
    if done.returncode != unlocking.WRONG:
        logger.error(
            "an upload was not opened", code=done.returncode, error=done.stderr[-500:].decode(errors="replace")
        )
        raise Unreadable(_("This file cannot be opened."))
    if not password:
        raise Unreadable(_("This file is protected: give the password that it was exported with."), "password")
    raise Unreadable(_("This is not the password of the file, or the file is damaged."), "password")
