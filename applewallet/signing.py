"""Detached signatures as Apple wants them: CMS SignedData in DER (RFC 5652; apple-wallet.md §A.4, §C.3)."""

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from accounts.encryption import decrypt
from applewallet.models import Credential

# Binary: without it line ends are rewritten, and a signature over bytes that hold one does not verify. The signing
# time, which Apple asks for, is among the attributes that the builder adds.
OPTIONS = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]


class Signer:
    """A certificate with its key, parsed once: parsing a key costs a hundred times what a signature does."""

    def __init__(self, certificate: str, intermediate: str, key: str) -> None:
        self.certificate = x509.load_pem_x509_certificate(certificate.encode())
        self.intermediate = x509.load_pem_x509_certificate(intermediate.encode())
        loaded = load_pem_private_key(key.encode(), None)
        assert isinstance(loaded, RSAPrivateKey), "credentials.read lets no other key in"  # noqa: S101 -- for types
        self.key = loaded

    def sign(self, content: bytes) -> bytes:
        """The signature of `content`, now, with both certificates in it."""
        builder = PKCS7SignatureBuilder().set_data(content).add_signer(self.certificate, self.key, hashes.SHA256())
        return builder.add_certificate(self.intermediate).sign(Encoding.DER, OPTIONS)


@lru_cache(maxsize=256)
def _signer(encrypted_key: bytes, certificate: str, intermediate: str) -> Signer:
    return Signer(certificate, intermediate, decrypt(encrypted_key))


def signer_of(credential: Credential) -> Signer:
    """The signer of a credential; kept, as neither its certificate nor its key ever changes."""
    return _signer(bytes(credential.encrypted_key), credential.certificate, credential.intermediate)
