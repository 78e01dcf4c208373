"""python unseal.py key.pem < answer.json prints the card of a confirmation. Needs the package cryptography."""

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def unseal(payload, private_key_pem):
    private_key = serialization.load_pem_private_key(private_key_pem, None)
    public_key = serialization.load_pem_public_key(payload["ephemeralPublicKey"].encode())
    shared = private_key.exchange(ec.ECDH(), public_key)
    keys = HKDF(algorithm=hashes.SHA256(), length=48, salt=None, info=b"").derive(shared)
    encrypted = base64.b64decode(payload["encryptedMessage"])
    expected = hmac.new(keys[32:], encrypted, hashlib.sha256).digest()[:16]
    if not hmac.compare_digest(base64.b64decode(payload["tag"]), expected):
        raise ValueError("the tag is wrong")
    cipher = Cipher(algorithms.AES(keys[:32]), modes.CTR(bytes(16))).decryptor()
    return (cipher.update(encrypted) + cipher.finalize()).decode()


if __name__ == "__main__":
    answer = json.load(sys.stdin)
    print(unseal(answer["card"]["encryptedPayload"], Path(sys.argv[1]).read_bytes()))
