"""What buyers keep, and partners' certificates, for tests."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from buyers.addresses import add_address
from buyers.cards import add_card

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "buyer_wallet_vectors.json").read_text())
ECIES = VECTORS["ecies"]
HIGH_STREET = {
    "country": "CA",
    "addressLine": ["123 High Street"],
    "region": "QC",
    "city": "Mont Royal",
    "dependentLocality": "",
    "postalCode": "H3B2Y5",
    "sortingCode": "",
    "organization": "",
    "recipient": "Jane Doe",
    "phone": "+15145551212",
}
NUMBER = "4111 1111 1111 1111"
YEAR = datetime.now(UTC).year + 4


def make_card(buyer, number=NUMBER, **changes):
    details = {"month": 12, "year": YEAR, "name": "Jane Doe", "billing_address": HIGH_STREET} | changes
    return add_card(buyer, number=number, **details)


def make_address(buyer, **changes):
    return add_address(buyer, HIGH_STREET | changes)


def vector_key():
    """The partner's key of the shared vectors."""
    return load_pem_private_key(ECIES["recipient_private_pem"].encode(), None)


def certified(key, *, days=365, starts=None, name="ch4rl1nh0"):
    """A self-signed certificate of a key."""
    starts = starts or datetime.now(UTC) - timedelta(hours=1)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(starts).not_valid_after(starts + timedelta(days=days))
    return builder.sign(key, hashes.SHA256())


def requested(key, name="whatever"):
    """A certificate signing request, as PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM)


def new_key(curve=ec.SECP256R1):
    return ec.generate_private_key(curve())


def pem(certificate):
    return certificate.public_bytes(Encoding.PEM)


def der(certificate):
    return certificate.public_bytes(Encoding.DER)


def header(content):
    """The value of the header Certificate."""
    return base64.b64encode(content).decode()
