"""Files as brands upload them, real ones: made by our own authority, by cryptography and by openssl."""

import subprocess
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import NameOID

from applewallet import authority
from applewallet.authority import Authority, pem
from applewallet.credentials import Upload
from applewallet.kinds import KINDS

PASSWORD = "pässwörd"
ATTRIBUTES = {"uid": NameOID.USER_ID, "cn": NameOID.COMMON_NAME, "ou": NameOID.ORGANIZATIONAL_UNIT_NAME}


def openssl(*arguments, content=b""):
    """What openssl makes of `content`."""
    return subprocess.run(["openssl", *arguments], input=content, capture_output=True, check=True).stdout


@cache
def apple():
    """An authority whose name says Apple, as real certificates' does."""
    return Authority.make("Apple Worldwide Developer Relations Certification Authority")


@cache
def issued(kind="pass", identifier="pass.com.example.card", by=authority.of_this_process, **options):
    """A certificate and its key, as bytes of PEM."""
    return tuple(part.encode() for part in by().issue(KINDS[kind], identifier, **options))


def intermediate(by=authority.of_this_process):
    return pem(by().intermediate).encode()


def whole(kind="pass", identifier="pass.com.example.card", by=authority.of_this_process, **options):
    """An upload that nothing is wrong with."""
    certificate, key = issued(kind, identifier, by, **options)
    return Upload(certificate, key, intermediate=intermediate(by))


def key_bytes(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def rsa_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def curve_key(curve=ec.SECP256R1):
    return ec.generate_private_key(curve())


def named(key=None, by=authority.of_this_process, **names):
    """A certificate with any subject, and its key."""
    key = key or rsa_key()
    maker, now = by(), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(ATTRIBUTES[name], text) for name, text in names.items()]))
        .issuer_name(maker.intermediate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=9))
        .sign(maker.key, hashes.SHA256())
    )
    return pem(made).encode(), key_bytes(key)


def p12(*options, certificate=None, key=None, others=b"", password=PASSWORD):
    """A PKCS #12 file by openssl, which needs its input on disk or in one piece on standard input."""
    made, its_key = issued()
    content = (its_key if key is None else key) + (made if certificate is None else certificate) + others
    return openssl("pkcs12", "-export", "-passout", f"pass:{password}", *options, content=content)


def slow_p12():
    """A PKCS #12 file that wants its password hashed 2,147,483,647 times. Its last element tells how often."""
    content = bytearray(p12("-iter", "70000"))
    assert content.endswith(b"\x02\x03" + (70_000).to_bytes(3, "big"))
    start = next(at for at in range(len(content)) if content[at] == 0x30 and content[at + 1] == len(content) - at - 2)
    content[start + 1] += 1  # two lengths grow with the number
    content[2:4] = (int.from_bytes(content[2:4], "big") + 1).to_bytes(2, "big")
    return bytes(content[:-5] + b"\x02\x04\x7f\xff\xff\xff")


def der(certificate):
    return openssl("x509", "-outform", "DER", content=certificate)


def request(*options):
    """A certificate signing request."""
    return openssl("req", "-new", "-key", "/dev/stdin", "-subj", "/CN=x", *options, content=issued()[1])


def chain(*options):
    """The intermediate as PKCS #7 (.p7b)."""
    return openssl("crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin", *options, content=intermediate())


def provisioning_profile():
    """A property list, signed, as Apple makes them for apps."""
    certificate, key = issued()
    builder = PKCS7SignatureBuilder().set_data(b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>')
    signer = (x509.load_pem_x509_certificate(certificate), load_pem_private_key(key, None), hashes.SHA256())
    return builder.add_signer(*signer).sign(Encoding.DER, [PKCS7Options.Binary])
