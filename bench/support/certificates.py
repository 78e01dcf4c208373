"""Certificates of a certification authority that exists for one run: root, intermediate and one for each address."""

import datetime as dt
import ipaddress
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LASTS = dt.timedelta(days=1)


class Holder(NamedTuple):
    """A certificate and the key that belongs to it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def made(cls, name: str, issuer: Self | None, *, address: str | None = None) -> "Holder":
        """One that `issuer` signed, or itself; for a server at `address`, or for an authority (RFC 5280 §4.2)."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signs = issuer.key if issuer else key
        now = dt.datetime.now(dt.UTC)
        is_ca = address is None
        draft = (
            x509.CertificateBuilder(issuer.certificate.subject if issuer else subject, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LASTS)
            .not_valid_after(now + LASTS)
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(_usage(is_ca=is_ca), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.public_key()), critical=False)
        )
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            draft = draft.add_extension(names, critical=False)
        return cls(draft.sign(signs, hashes.SHA256()), key)

    def pem(self) -> bytes:
        """The certificate as text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """The key as text, not encrypted: it lives in a folder that is thrown away."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def make_certificates(folder: Path, addresses: list[str], *, stranger: str) -> Path:
    """Write `<address>.pem` (key and chain) for each address; the file to trust is returned.

    `stranger` gets one too, but of an authority that nobody trusts.
    """
    root, other = Holder.made("Bench root", None), Holder.made("Nobody's root", None)
    intermediate = Holder.made("Bench intermediate", root)
    for address in addresses:
        leaf = Holder.made(address, intermediate, address=address)
        (folder / f"{address}.pem").write_bytes(leaf.key_pem() + leaf.pem() + intermediate.pem())
    leaf = Holder.made(stranger, other, address=stranger)
    (folder / f"{stranger}.pem").write_bytes(leaf.key_pem() + leaf.pem())
    trusted = folder / "trusted.pem"
    trusted.write_bytes(root.pem())
    return trusted
