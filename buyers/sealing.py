"""Card data encrypted to a partner's public key, as Shop Pay does it (buyer-wallet.md §A.12): ECIES on P-256.

ECDH with a fresh key; HKDF-SHA256 without salt and info to 48 bytes: 32 for AES-256-CTR, whose counter begins at zero
as no key is used twice, and 16 for an HMAC-SHA256 over the ciphertext, of which the first 16 bytes are the tag.
"""

import base64
import hashlib
import hmac
from typing import TypedDict

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

CURVE = ec.SECP256R1
HALF = 16  # bytes: of the cipher's key; the whole of the key for tags, and of a tag


class Envelope(TypedDict):
    """The `encryptedPayload` of the API."""

    encryptedMessage: str  # base64
    ephemeralPublicKey: str  # PEM
    tag: str  # base64


class NotSealed(ValueError):
    """An envelope that is not for this key, or was changed on its way."""


def seal(
    message: bytes, recipient: ec.EllipticCurvePublicKey, ephemeral: ec.EllipticCurvePrivateKey | None = None
) -> Envelope:
    """Encrypt to a key on P-256. `ephemeral` is for test vectors: one that is used twice gives the message away."""
    ephemeral = ephemeral or ec.generate_private_key(CURVE())
    cipher_key, tag_key = _keys(ephemeral, recipient)
    encrypted = _crypt(cipher_key, message)
    public = ephemeral.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {
        "encryptedMessage": base64.b64encode(encrypted).decode(),
        "ephemeralPublicKey": public.decode(),
        "tag": base64.b64encode(_tag(tag_key, encrypted)).decode(),
    }


def unseal(envelope: Envelope, recipient: ec.EllipticCurvePrivateKey) -> bytes:
    """Decrypt, as a partner does: the tag is checked first. Raises NotSealed."""
    try:
        public = load_pem_public_key(envelope["ephemeralPublicKey"].encode())
        encrypted = base64.b64decode(envelope["encryptedMessage"], validate=True)
        tag = base64.b64decode(envelope["tag"], validate=True)
    except ValueError as error:
        raise NotSealed("The envelope cannot be read.") from error
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, CURVE):
        raise NotSealed("The ephemeral key is not on P-256.")
    cipher_key, tag_key = _keys(recipient, public)
    if not hmac.compare_digest(tag, _tag(tag_key, encrypted)):
        raise NotSealed("The tag is wrong.")
    return _crypt(cipher_key, encrypted)


def card_message(*, name: str, number: str, month: int, year: int, network: str) -> bytes:
    """What a partner finds in the envelope. Never a verification value: it may not even be stored (§C)."""
    data = {"full_name": name, "pan": number, "month": month, "year": year, "brand": network}
    return orjson.dumps({"type": "card", "data": data})


def _keys(own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey) -> tuple[bytes, bytes]:
    shared = own.exchange(ec.ECDH(), other)
    made = HKDF(algorithm=hashes.SHA256(), length=3 * HALF, salt=None, info=b"").derive(shared)
    return made[: 2 * HALF], made[2 * HALF :]


def _crypt(key: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt: in counter mode both are one."""
    worker = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    return worker.update(data) + worker.finalize()


def _tag(key: bytes, encrypted: bytes) -> bytes:
    return hmac.new(key, encrypted, hashlib.sha256).digest()[:HALF]
