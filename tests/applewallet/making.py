"""Credentials and packages for tests, made by the services that make them in life."""

import itertools
import uuid

from applewallet import authority
from applewallet.credentials import Upload, install, read
from applewallet.images import image_with
from applewallet.kinds import KINDS
from applewallet.services import Source, package_about

PNG = bytes.fromhex(  # one pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
_numbers = itertools.count(1)


def make_credential(brand, kind="pass", **options):
    """A certificate of our own authority for the brand, in use."""
    identifier = options.pop("identifier", f"{kind}.test.walletapp.n{next(_numbers)}")
    maker = authority.of_this_process()
    certificate, key = maker.issue(KINDS[kind], identifier, **options)
    upload = Upload(certificate.encode(), key.encode(), intermediate=authority.pem(maker.intermediate).encode())
    return install(brand, read(upload, KINDS[kind]))


def card(brand, points=75, **content):
    """What a small store card shows."""
    return Source(
        content={
            "organizationName": brand.name,
            "description": f"{brand.name} card",
            "storeCard": {"headerFields": [{"key": "points", "label": "points", "value": points}]},
            **content,
        },
        strings={"en": {"points": "Points"}, "nl": {"points": "Punten — “spaar”"}},
        images={"icon.png": image_with(brand, "icon", lambda: PNG)},
    )


def make_package(brand, source=None, subject="store_card"):
    """A package of the brand, which gets a certificate if it has none."""
    if not brand.packagetypes.filter(kind_name="pass").exists():
        make_credential(brand)
    return package_about(brand, subject, uuid.uuid4(), lambda: source or card(brand))
