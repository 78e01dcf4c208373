"""Certificates that card data may be encrypted to: registered, issued, revoked, found in a call (§A.12)."""

import base64
import binascii
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from buyers import authority
from buyers.errors import Refused
from buyers.models import Client, ClientCertificate
from shops.errors import InvalidInput

MOST_BYTES = 20_000  # of a file that somebody uploads
BEGIN = b"-----BEGIN "
BAD = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


class Unfit(Exception):
    """A certificate that card data is not encrypted to. Says why."""


def receive(client: Client, content: bytes) -> ClientCertificate:
    """Take what somebody uploaded for a client: a signing request, or, for a sandbox, a certificate of any issuer.

    The same certificate again is the same row. Raises InvalidInput that says what the file is and what to do.
    """
    try:
        if _holds_request(content):
            return _keep(client, authority.issue(client, _request(content)), is_issued_here=True)
        return _keep(client, _own_certificate(client, content), is_issued_here=False)
    except Unfit as fault:
        raise InvalidInput({"file": [str(fault)]}) from fault


def revoke(certificate: ClientCertificate) -> None:
    """From now on nothing is encrypted to it. That cannot be undone."""
    certificate.client.certificates.filter(pk=certificate.pk, revoked_at=None).update(revoked_at=Now())
    certificate.refresh_from_db()


def certificate_in(header: str, client: Client) -> ec.EllipticCurvePublicKey:
    """The key of the `Certificate` header: base64 of PEM or DER, registered for this client. Raises Refused (400)."""
    try:
        certificate = _decoded(header)
        key = fit_key(certificate)
        _ensure_registered(certificate, client)
    except Unfit as fault:
        raise Refused(400, "invalid_request", str(fault)) from None
    return key


def fit_key(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """The key of a certificate that is valid now. Raises Unfit."""
    try:
        key = certificate.public_key()
    except BAD as error:
        raise Unfit(_("The key in the certificate cannot be read.")) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Unfit(_("The certificate's key must be an elliptic-curve key on P-256 (prime256v1)."))
    now = timezone.now()
    if now < certificate.not_valid_before_utc:
        raise Unfit(_("The certificate is not valid yet."))
    if now > certificate.not_valid_after_utc:
        raise Unfit(_("The certificate has expired."))
    return key


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER form, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _ensure_registered(certificate: x509.Certificate, client: Client) -> None:
    found = client.certificates.filter(fingerprint=fingerprint(certificate)).first()
    if found is None:
        raise Unfit(_("The certificate is not registered for this client."))
    if found.revoked_at is not None:
        raise Unfit(_("The certificate was revoked."))
    if client.is_live and not found.is_issued_here:
        raise Unfit(_("The certificate was not issued by this service, as a live client's must be."))


def _decoded(header: str) -> x509.Certificate:
    """The certificate of the header. Raises Unfit."""
    if not header.strip():
        raise Unfit(_("The header Certificate is missing."))
    try:
        content = base64.b64decode(header.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit(_("The header Certificate must be base64 of the certificate, without line breaks.")) from None
    certificate = _loaded(content)
    if certificate is None:
        raise Unfit(_("The header Certificate holds no X.509 certificate, neither as PEM nor as DER."))
    return certificate


def _loaded(content: bytes) -> x509.Certificate | None:
    load: Callable[[bytes], x509.Certificate] = x509.load_der_x509_certificate
    if content.lstrip().startswith(BEGIN):
        load = x509.load_pem_x509_certificate
    try:
        return load(content)
    except BAD:
        return None


def _own_certificate(client: Client, content: bytes) -> x509.Certificate:
    """A certificate that this client may bring along. Raises Unfit."""
    certificate = _only_certificate(content)
    fit_key(certificate)
    if client.is_live:
        raise Unfit(_("A live client's certificate is issued here. Upload a certificate signing request instead."))
    return certificate


def _only_certificate(content: bytes) -> x509.Certificate:
    """The certificate in a file. Raises Unfit that says what is there instead."""
    if not content.strip():
        raise Unfit(_("This file is empty."))
    if len(content) > MOST_BYTES:
        raise Unfit(_("This file is too large to be a certificate."))
    if b"PRIVATE KEY-----" in content:
        raise Unfit(_("This file holds a private key, which only you should have. It was not kept; replace it."))
    if content.count(b"BEGIN CERTIFICATE-----") > 1:
        raise Unfit(_("This file holds several certificates. Upload your own alone."))
    certificate = _loaded(content)
    if certificate is None:
        raise Unfit(_("This file holds neither a certificate nor a certificate signing request."))
    return certificate


def _holds_request(content: bytes) -> bool:
    if b"CERTIFICATE REQUEST-----" in content:
        return True
    try:
        x509.load_der_x509_csr(content)
    except BAD:
        return False
    return True


def _request(content: bytes) -> x509.CertificateSigningRequest:
    """The signing request in a file, whose maker has the key that it names. Raises Unfit."""
    if b"PRIVATE KEY-----" in content:
        raise Unfit(_("This file holds a private key, which only you should have. It was not kept; replace it."))
    try:
        request = (x509.load_pem_x509_csr if BEGIN in content else x509.load_der_x509_csr)(content)
        key, is_signed = request.public_key(), request.is_signature_valid
    except BAD as error:
        raise Unfit(_("The certificate signing request cannot be read.")) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Unfit(_("The request's key must be an elliptic-curve key on P-256 (prime256v1)."))
    if not is_signed:
        raise Unfit(_("The request is not signed with its own key."))
    return request


def _keep(client: Client, certificate: x509.Certificate, *, is_issued_here: bool) -> ClientCertificate:
    row, _made = client.certificates.get_or_create(
        fingerprint=fingerprint(certificate),
        defaults={
            "certificate": certificate.public_bytes(Encoding.PEM).decode(),
            "valid_from": certificate.not_valid_before_utc,
            "valid_until": certificate.not_valid_after_utc,
            "is_issued_here": is_issued_here,
        },
    )
    if row.revoked_at is not None:
        raise Unfit(_("This certificate was revoked. Make a new key and certificate."))
    return row
