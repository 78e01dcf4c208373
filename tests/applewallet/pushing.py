"""What tests of pushes need: Apple's stand-in, phones by the hundred, and our programs as processes of their own."""

import contextlib
import ipaddress
import os
import ssl
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import connection
from django.utils import timezone

from applewallet import authority
from applewallet.models import Device, Push, Registration
from applewallet.push_queue import Result
from applewallet.services import refresh
from tests.applewallet.making import card

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PUMP = """
import django
django.setup()
from django.core.management import call_command
call_command("pump", pause=0.1)
"""


class Apns:
    """Apple's stand-in, running."""

    def __init__(self, url, ca_file):
        self.url = url
        self.ca_file = ca_file

    def log(self, *topics):
        """What it was sent for these topics, or for all, the oldest first."""
        with httpx.Client(http1=False, http2=True, verify=ssl.create_default_context(cafile=self.ca_file)) as client:
            lines = client.get(f"{self.url}/_log", timeout=20).json()
        return [line for line in lines if not topics or line["headers"]["apns-topic"] in topics]

    def accepted(self, *topics):
        """How often each push token was answered with 200."""
        return Counter(line["token"] for line in self.log(*topics) if line["status"] == 200)


@contextlib.contextmanager
def running_apns(folder, *options, root=None):
    """Apple's stand-in, until the block ends; it accepts whom `root` (PEM) vouches for, or this process's authority."""
    certificate, key, client_ca = folder / "apns.pem", folder / "apns-key.pem", folder / "client-ca.pem"
    make_server_certificate(certificate, key)
    client_ca.write_text(root or authority.pem(authority.of_this_process().root))
    files = ["--certificate", certificate, "--key", key, "--client-ca", client_ca]
    command = [sys.executable, HERE / "apns.py", *files, *options]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    try:
        yield Apns(process.stdout.readline().split()[-1], str(certificate))
    finally:
        process.kill()
        process.communicate()


def make_server_certificate(certificate, key):
    """A certificate for 127.0.0.1 that signs itself."""
    made = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Apple's stand-in")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, made.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = builder.add_extension(address, critical=False)
    certificate.write_bytes(builder.sign(made, hashes.SHA256()).public_bytes(Encoding.PEM))
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def hold(package, *push_tokens):
    """Phones with these push tokens hold `package`, and are registered for it."""
    devices = Device.objects.bulk_create(
        Device(brand=package.brand, type=package.type, library_identifier=f"phone-{token}", push_token=token)
        for token in push_tokens
    )
    Registration.objects.bulk_create(
        Registration(brand=package.brand, package=package, device=device) for device in devices
    )


def change(package):
    """Something new on the package: the database writes a push to each phone that holds it."""
    package.refresh_from_db()
    assert refresh(package, card(package.brand, points=package.version))


def environment(**variables):
    """Of a process that works on this test's database and stand-in."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    ours = {"DATABASE_URL": database, "REDIS_URL": "unix:///tmp/nobody-listens-here.sock", "PYTHONPATH": str(ROOT)}
    ours |= {"APNS_URL": settings.APNS_URL, "APNS_CA_FILE": settings.APNS_CA_FILE, "APNS_PUSHES_PER_SECOND": "0"}
    ours["ENCRYPTION_KEYS"] = ",".join(settings.ENCRYPTION_KEYS)
    return os.environ | ours | {name: str(value) for name, value in variables.items()}


@contextlib.contextmanager
def running_pump(**variables):
    """manage.py pump in a process of its own, until the block ends."""
    process = subprocess.Popen([sys.executable, "-c", PUMP], env=environment(**variables))
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def rows(*fields, **which):
    return list(Push.objects.filter(**which).order_by("pk").values_list(*fields, flat=len(fields) == 1))


def ago(seconds):
    return timezone.now() - timedelta(seconds=seconds)


def result_of(claimed, outcome, **more):
    facts = {"status": 503, "reason": "ServiceUnavailable", "wait": 0.0, **more}
    return Result(claimed.id, claimed.type_id, claimed.token, claimed.version, outcome, **facts)
