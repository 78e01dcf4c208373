"""What a brand signs and pushes with: put into use, renewed, replaced. diagnosis.py reads what was uploaded."""

import hashlib
import re
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.encryption import encrypt
from applewallet.authority import Authority, key_pem, pem
from applewallet.diagnosis import OTHER_TYPE, Reading, Upload, read
from applewallet.kinds import Kind
from applewallet.models import Credential, PackageType
from applewallet.push_queue import resume
from applewallet.uploads import Unreadable, opened
from shops.errors import InvalidInput
from shops.models import Brand

__all__ = ["Reading", "Upload", "install", "install_push_key", "install_test", "read", "remove_push_key"]

SOON = 30  # days before the end at which people begin to worry
KEY_ID = re.compile(r"[A-Z0-9]{10}")  # as Apple names its keys for pushes
TEST_TEAM = "TESTTEAM00"  # in certificates of our own authority


def _refused(field: str, reason: str) -> InvalidInput:
    return InvalidInput({field: [reason]})


@transaction.atomic
def install(brand: Brand, reading: Reading, *, replace_test: bool = False) -> Credential:
    """Sign with this certificate from now on; the one before it retires.

    Raises InvalidInput if the brand's packages carry another type identifier, or another brand has this one. With
    `replace_test` packages that were made for tests only give way: they are forgotten, and made anew when asked for.
    """
    package_type = _type_for(brand, reading, replace_test=replace_test)
    fingerprint = hashlib.sha256(reading.certificate.public_bytes(Encoding.DER)).hexdigest()
    present = package_type.credentials.filter(is_active=True).first()
    resume(package_type)
    if present is not None and present.fingerprint == fingerprint:
        return present
    package_type.credentials.filter(is_active=True).update(is_active=False)
    return package_type.credentials.create(
        brand=brand,
        certificate=pem(reading.certificate),
        intermediate=pem(reading.intermediate),
        encrypted_key=encrypt(key_pem(reading.key)),
        fingerprint=fingerprint,
        valid_from=reading.certificate.not_valid_before_utc,
        valid_until=reading.certificate.not_valid_after_utc,
        is_test=reading.is_test,
    )


def _type_for(brand: Brand, reading: Reading, *, replace_test: bool) -> PackageType:
    found = _locked_type(brand, reading.kind) or _new_type(brand, reading)
    if (found.identifier, found.team_id) == (reading.identifier, reading.team_id):
        return found
    if not replace_test or not is_for_tests(found):
        new, old = f"{reading.identifier} ({reading.team_id})", f"{found.identifier} ({found.team_id})"
        raise _refused("certificate", str(OTHER_TYPE % {"new": new, "old": old}))
    _forget(found)
    return _new_type(brand, reading)


def _locked_type(brand: Brand, kind: Kind) -> PackageType | None:
    return brand.packagetypes.select_for_update().filter(kind_name=kind.name).first()


def _new_type(brand: Brand, reading: Reading) -> PackageType:
    """The brand's type with the identifier of its first certificate; somebody may be making it at this moment."""
    slug = f"{slugify(brand.slug)[:40]}-{get_random_string(8, 'abcdefghjkmnpqrstuvwxyz23456789')}"
    try:
        with transaction.atomic():
            return brand.packagetypes.create(
                kind_name=reading.kind.name, identifier=reading.identifier, team_id=reading.team_id, slug=slug
            )
    except IntegrityError as error:  # once per kind, and identifiers are unique
        found = _locked_type(brand, reading.kind)
        if found is None:
            raise _refused("certificate", _("Another shop uses this type identifier.")) from error
        return found


def is_for_tests(package_type: PackageType) -> bool:
    """Whether no phone ever accepted a package of this type: Apple never certified it."""
    return not package_type.credentials.filter(is_test=False).exists()


def _forget(package_type: PackageType) -> None:
    """Drop a type with all that hangs on it. For tests only: no phone holds any of it."""
    brand = package_type.brand
    brand.personalizations.filter(package__type=package_type).delete()
    brand.registrations.filter(package__type=package_type).delete()
    for rows in (package_type.pushes, package_type.device_logs, package_type.devices, package_type.packages):
        rows.all().delete()
    package_type.credentials.all().delete()
    package_type.delete()


def install_test(brand: Brand, kind: Kind) -> Credential:
    """Have an authority of our own certify the brand, so that all can be tried without Apple. No phone accepts it.

    Raises InvalidInput if Apple certified the brand: its packages on phones would be signed by nobody they trust.
    """
    found = brand.packagetypes.filter(kind_name=kind.name).first()
    if found is not None and not is_for_tests(found):
        raise _refused("kind", _("Apple has certified these. A test certificate would spoil them on members' phones."))
    identifier = found.identifier if found else f"{kind.name}.test.{slugify(brand.slug)[:60]}"
    authority = Authority.make()
    certificate, key = authority.issue(kind, identifier, team=found.team_id if found else TEST_TEAM)
    upload = Upload(certificate.encode(), key.encode(), intermediate=pem(authority.intermediate).encode())
    return install(brand, read(upload, kind))


def days_left(credential: Credential, now: datetime) -> int:
    """Whole days until a certificate expires; negative when it has."""
    return (credential.valid_until - now).days


def state_of(credential: Credential, now: datetime) -> str:
    """How a certificate is doing: replaced, expired, soon (it expires within 30 days) or active."""
    if not credential.is_active:
        return "replaced"
    if credential.valid_until <= now:
        return "expired"
    return "soon" if days_left(credential, now) <= SOON else "active"


def install_push_key(package_type: PackageType, key_id: str, content: bytes) -> None:
    """Push with Apple's token authentication from now on, instead of the certificate (apple-wallet.md §D.2).

    Raises InvalidInput that names what is wrong with the identifier or the key.
    """
    faults: dict[str, list[str]] = {}
    if not KEY_ID.fullmatch(key_id):
        faults["key_id"] = [_("Apple's key identifiers are ten capital letters and digits, as in the file's name.")]
    key = _push_key(content, faults)
    if faults:
        raise InvalidInput(faults)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    _change(package_type, apns_key_id=key_id, encrypted_apns_key=encrypt(text))
    resume(package_type)


def _push_key(content: bytes, faults: dict[str, list[str]]) -> Any:
    try:
        keys = opened(content).keys
    except Unreadable as error:
        faults["key"] = [str(error)]
        return None
    key = keys[0] if keys else None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        faults["key"] = [_("This is not a key for pushes: Apple gives one as AuthKey_….p8, to be downloaded once.")]
    return key


def remove_push_key(package_type: PackageType) -> None:
    """Push with the certificate again."""
    _change(package_type, apns_key_id="", encrypted_apns_key=None)
    resume(package_type)


def _change(package_type: PackageType, **columns: object) -> None:
    for name, value in columns.items():
        setattr(package_type, name, value)
    package_type.save(update_fields=list(columns))
