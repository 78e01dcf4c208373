"""The scheme of encrypted cards, against vectors that another program checked, and against Node (§A.12)."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from buyers.sealing import NotSealed, card_message, seal, unseal
from tests.buyers.keeping import ECIES, new_key, vector_key
from tests.node import running

MESSAGE = ECIES["plaintext_utf8"].encode()
ENVELOPE = {name: ECIES[name] for name in ("encryptedMessage", "ephemeralPublicKey", "tag")}


def flipped(text, place):
    """base64 with one bit changed."""
    data = bytearray(base64.b64decode(text))
    data[place] ^= 1
    return base64.b64encode(data).decode()


def test_the_vector_is_made():
    ephemeral = ec.derive_private_key(int(ECIES["ephemeral_private_scalar_hex"], 16), ec.SECP256R1())
    assert seal(MESSAGE, vector_key().public_key(), ephemeral) == ENVELOPE


def test_the_vector_is_read():
    assert unseal(ENVELOPE, vector_key()) == MESSAGE


def test_the_message_is_the_vectors():
    made = card_message(name="Jane Doe", number="4111111111111111", month=12, year=2030, network="VISA")
    assert made == MESSAGE


@pytest.mark.parametrize("field", ["tag", "encryptedMessage"])
@pytest.mark.parametrize("place", [0, -1])
def test_one_bit_changed_is_noticed(field, place):
    with pytest.raises(NotSealed, match=r"The tag is wrong\."):
        unseal(ENVELOPE | {field: flipped(ENVELOPE[field], place)}, vector_key())


def test_another_key_opens_nothing():
    with pytest.raises(NotSealed, match=r"The tag is wrong\."):
        unseal(ENVELOPE, new_key())


@pytest.mark.parametrize(
    "change",
    [
        {"tag": "not base64"},
        {"encryptedMessage": "%"},
        {"ephemeralPublicKey": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
        {"ephemeralPublicKey": ""},
    ],
)
def test_what_cannot_be_read_is_refused(change):
    with pytest.raises(NotSealed, match=r"The envelope cannot be read\."):
        unseal(ENVELOPE | change, vector_key())


def test_an_ephemeral_key_on_another_curve_is_refused():
    public = new_key(ec.SECP384R1).public_key()
    other = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(NotSealed, match="P-256"):
        unseal(ENVELOPE | {"ephemeralPublicKey": other}, vector_key())


def test_no_two_envelopes_are_alike():
    one, other = (seal(MESSAGE, vector_key().public_key()) for _ in range(2))
    assert {one[name] == other[name] for name in one} == {False}
    assert len(base64.b64decode(one["tag"])) == 16
    assert unseal(one, vector_key()) == unseal(other, vector_key()) == MESSAGE


def test_node_opens_what_is_sealed_here_and_refuses_what_was_changed():
    key = new_key()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    envelope = seal("naïve — 你好".encode(), key.public_key())
    changed = envelope | {"tag": flipped(envelope["tag"], 3)}
    asked = "".join(json.dumps({"envelope": one, "key": private}) + "\n" for one in (envelope, changed, ENVELOPE))
    process = running.start("unseal.js")
    answer, _errors = process.communicate(asked, timeout=30)
    assert answer.splitlines() == ["naïve — 你好", "the tag is wrong", "the tag is wrong"]
    assert process.returncode == 0
