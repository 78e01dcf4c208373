"""Certificates that card data is encrypted to: what is taken, what is issued here, what is refused and why (§A.12)."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from buyers.authority import LEAF_LIFE, newest
from buyers.certificates import certificate_in, fingerprint, receive, revoke
from buyers.errors import Refused
from buyers.models import Authority, ClientCertificate, Environment
from shops.errors import InvalidInput
from tests.buyers.keeping import ECIES, certified, der, header, new_key, pem, requested
from tests.buyers.making import make_client

KEY = new_key()


@pytest.fixture
def sandbox(db):
    return make_client()[0]


@pytest.fixture
def live(db):
    return make_client(environment=Environment.LIVE)[0]


def fault(client, content):
    with pytest.raises(InvalidInput) as refusal:
        receive(client, content)
    assert ClientCertificate.objects.count() == 0
    assert list(refusal.value.errors) == ["file"]
    return refusal.value.errors["file"][0]


def private(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_the_vectors_certificate_has_the_vectors_fingerprint(sandbox):
    row = receive(sandbox, ECIES["certificate_pem"].encode())
    assert row.fingerprint == ECIES["certificate_sha256_fingerprint_hex"]
    assert (row.valid_from, row.valid_until) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC))
    assert (row.is_issued_here, row.revoked_at) == (False, None)
    key = certificate_in(ECIES["certificate_header_b64_of_pem"], sandbox)
    assert (
        key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
        == (ECIES["recipient_public_uncompressed_hex"])
    )


def test_the_same_certificate_again_in_another_form_is_the_same_row(sandbox):
    certificate = certified(KEY)
    assert receive(sandbox, pem(certificate)) == receive(sandbox, der(certificate))
    assert sandbox.certificates.count() == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"  \n", "This file is empty."),
        (b"x" * 30_000, "This file is too large to be a certificate."),
        (b"hello", "This file holds neither a certificate nor a certificate signing request."),
        (private(KEY), "This file holds a private key, which only you should have. It was not kept; replace it."),
        (pem(certified(KEY)) + private(KEY), "This file holds a private key, which only you should have."),
        (requested(KEY) + private(KEY), "This file holds a private key, which only you should have."),
        (pem(certified(KEY)) * 2, "This file holds several certificates. Upload your own alone."),
        (pem(certified(KEY))[:300], "This file holds neither a certificate nor a certificate signing request."),
        (requested(KEY)[:150], "The certificate signing request cannot be read."),
        (pem(certified(new_key(ec.SECP384R1))), "The certificate's key must be an elliptic-curve key on P-256"),
        (pem(certified(new_key(ec.SECP256K1))), "The certificate's key must be an elliptic-curve key on P-256"),
        (requested(new_key(ec.SECP384R1)), "The request's key must be an elliptic-curve key on P-256"),
        (pem(certified(KEY, days=1, starts=datetime(2024, 1, 1, tzinfo=UTC))), "The certificate has expired."),
        (pem(certified(KEY, starts=datetime.now(UTC) + timedelta(days=1))), "The certificate is not valid yet."),
    ],
)
def test_an_upload_that_does_not_do_is_told_why(sandbox, content, reason):
    assert fault(sandbox, content).startswith(reason)


def test_an_rsa_key_is_refused(sandbox):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    expected = "The certificate's key must be an elliptic-curve key on P-256 (prime256v1)."
    assert fault(sandbox, pem(certified(key))) == expected


def test_a_request_that_was_changed_is_refused(sandbox):
    request = x509.load_pem_x509_csr(requested(KEY)).public_bytes(Encoding.DER)
    changed = request.replace(b"whatever", b"somebody")
    assert changed != request
    assert fault(sandbox, changed) == "The request is not signed with its own key."
    assert Authority.objects.count() == 0


def test_a_live_client_may_not_bring_a_certificate_along(live):
    expected = "A live client's certificate is issued here. Upload a certificate signing request instead."
    assert fault(live, pem(certified(KEY))) == expected


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_request_is_answered_with_a_certificate_of_the_clients_own_name(live, encoding):
    request = x509.load_pem_x509_csr(requested(KEY, name="Somebody Else")).public_bytes(encoding)
    row = receive(live, request)
    made = x509.load_pem_x509_certificate(row.certificate.encode())
    issuer = x509.load_pem_x509_certificate(Authority.objects.get().certificate.encode())
    made.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(issuer)
    assert made.public_key() == KEY.public_key()
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == live.client_id
    assert made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Shop Partner"
    assert made.not_valid_after_utc - made.not_valid_before_utc == LEAF_LIFE
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (row.is_issued_here, row.fingerprint) == (True, fingerprint(made))
    assert certificate_in(header(pem(made)), live) == KEY.public_key()


def test_the_authority_is_made_once_its_key_encrypted_and_renewed_in_time(live):
    receive(live, requested(KEY))
    receive(live, requested(new_key()))
    first = Authority.objects.get()
    assert bytes(first.encrypted_key).startswith(b"gAAAA")
    assert newest() == first
    old = x509.load_pem_x509_certificate(first.certificate.encode())
    ending = certified(KEY, days=LEAF_LIFE.days - 1, name="old")
    Authority.objects.update(certificate=pem(ending).decode())
    assert newest() != first
    assert Authority.objects.count() == 2
    assert old.signature_hash_algorithm.name == hashes.SHA256.name


def test_a_revoked_certificate_stays_revoked(sandbox):
    certificate = certified(KEY)
    row = receive(sandbox, pem(certificate))
    revoke(row)
    at = row.revoked_at
    revoke(row)
    assert row.revoked_at == at is not None
    with pytest.raises(InvalidInput, match="This certificate was revoked"):
        receive(sandbox, pem(certificate))
    with pytest.raises(Refused, match=r"The certificate was revoked\."):
        certificate_in(header(pem(certificate)), sandbox)


def test_what_a_sandbox_brought_along_does_not_do_once_it_is_live(sandbox):
    certificate = certified(KEY)
    receive(sandbox, pem(certificate))
    sandbox.environment = Environment.LIVE
    with pytest.raises(Refused, match="was not issued by this service"):
        certificate_in(header(pem(certificate)), sandbox)
