"""A certificate authority of our own for tests and the demo: everything works but the last step, as no phone trusts it.

It has Apple's shape: a root, an intermediate under it, and certificates for type identifiers (apple-wallet.md §B.8).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from applewallet.kinds import ORDER, Kind

MARK = "WalletApp test authority"  # in the issuer's name, for people to see
TYPE_IDENTIFIER = x509.ObjectIdentifier("1.2.840.113635.100.6.1.16")
YEAR = timedelta(days=365)
LONGEST_NAME = 64  # characters of a common name (RFC 5280, appendix A)


def new_key() -> rsa.RSAPrivateKey:
    """An RSA key as Apple asks for."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_pem(key: rsa.RSAPrivateKey) -> str:
    """A key as text."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def pem(certificate: x509.Certificate) -> str:
    """A certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def _name(common_name: str, **more: str) -> x509.Name:
    attributes = [(NameOID.USER_ID, "uid"), (NameOID.COMMON_NAME, "cn"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "ou")]
    values = {"cn": common_name[:LONGEST_NAME], **more}
    return x509.Name([x509.NameAttribute(oid, values[key]) for oid, key in attributes if key in values])


@dataclass(frozen=True, slots=True)
class Authority:
    """A root and an intermediate that issues certificates."""

    root: x509.Certificate
    intermediate: x509.Certificate
    key: rsa.RSAPrivateKey  # the intermediate's

    @classmethod
    def make(cls, name: str = MARK) -> "Authority":
        """A new one, which nobody trusts."""
        root_key, key = new_key(), new_key()
        root_name = _name(f"{name}: root")
        root = _certificate(root_name, root_name, root_key, root_key, 20 * YEAR, is_authority=True)
        own_name = _name(f"{name}: intermediate")
        return cls(root, _certificate(own_name, root_name, key, root_key, 10 * YEAR, is_authority=True), key)

    def issue(
        self, kind: Kind, identifier: str, *, team: str = "A1B2C3D4E5", days: int = 365, starts: datetime | None = None
    ) -> tuple[str, str]:
        """A certificate for a type identifier, and its key, as PEM; valid for `days` from `starts` or an hour ago."""
        key = new_key()
        title = "Order Type ID" if kind is ORDER else "Pass Type ID"
        name = _name(f"{title}: {identifier}", uid=identifier, ou=team)
        made = _certificate(
            name,
            self.intermediate.subject,
            key,
            self.key,
            timedelta(days=days),
            starts=starts,
            identifier=identifier,
        )
        return pem(made), key_pem(key)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
    life: timedelta,
    *,
    starts: datetime | None = None,
    identifier: str = "",
    is_authority: bool = False,
) -> x509.Certificate:
    starts = starts or datetime.now(UTC) - timedelta(hours=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(starts + life)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        text = x509.UnrecognizedExtension(TYPE_IDENTIFIER, b"\x16" + bytes([len(identifier)]) + identifier.encode())
        builder = builder.add_extension(usage, critical=False).add_extension(text, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


@cache
def of_this_process() -> Authority:
    """One for as long as this process runs."""
    return Authority.make()
