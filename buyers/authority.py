"""The certificate authority of this installation: it certifies the keys of live clients (buyer-wallet.md §A.12)."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID
from django.conf import settings

from accounts.encryption import decrypt, encrypt
from buyers.models import Authority, Client

LIFE = timedelta(days=20 * 365)
LEAF_LIFE = timedelta(days=2 * 365)
EARLIER = timedelta(hours=1)  # for clocks that are behind
LONGEST_NAME = 64  # characters of a common name or an organisation (RFC 5280, appendix A)


def issue(client: Client, request: x509.CertificateSigningRequest) -> x509.Certificate:
    """Certify the key of a request whose signature was checked. Of the names in it none is believed: ours go in."""
    authority = newest()
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, client.name[:LONGEST_NAME] or client.client_id),
            x509.NameAttribute(NameOID.COMMON_NAME, client.client_id[:LONGEST_NAME]),
        ]
    )
    builder = _builder(subject, issuer.subject, request.public_key(), LEAF_LIFE).add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(key_agreement=True), critical=True)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
    return builder.add_extension(by, critical=False).sign(_key(authority), hashes.SHA256())


def newest() -> Authority:
    """The authority that signs; made when there is none, or when it ends before what it would sign."""
    found = Authority.objects.order_by("-pk").first()
    if found is not None:
        until = x509.load_pem_x509_certificate(found.certificate.encode()).not_valid_after_utc
        if until > datetime.now(UTC) + LEAF_LIFE:
            return found
    return _make()  # two made at once do no harm: what either signed is known by its row


def _make() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{_host()} wallet clients"[:LONGEST_NAME])])
    builder = _builder(name, name, key.public_key(), LIFE).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    made = builder.add_extension(_usage(key_cert_sign=True), critical=True).sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Authority.objects.create(certificate=made.public_bytes(Encoding.PEM).decode(), encrypted_key=encrypt(pem))


def _host() -> str:
    return settings.PUBLIC_URL.partition("://")[2][:40]


def _key(authority: Authority) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(decrypt(authority.encrypted_key).encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "we made it"  # noqa: S101 -- for types
    return key


def _builder(subject: x509.Name, issuer: x509.Name, key: object, life: timedelta) -> x509.CertificateBuilder:
    starts = datetime.now(UTC) - EARLIER
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)  # type: ignore[arg-type]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(starts + life)
        .add_extension(identifier, critical=False)
    )


def _usage(*, key_agreement: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=key_agreement,
        key_cert_sign=key_cert_sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
