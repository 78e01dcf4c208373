"""Verbs on packages and devices.

A package is made when somebody first asks for it. From then on `refresh` gives it a new version whenever its source has
changed; the database adds the tag and the pushes to the same commit (migrations/0002).
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.encryption import decrypt, encrypt
from applewallet import checks, device_log, tasks
from applewallet.images import files_of
from applewallet.kinds import ORDER, PASS
from applewallet.looks import design_of
from applewallet.models import Credential, DeviceLog, Package, PackageType, Push, Subject
from applewallet.package import File, build, file_of
from applewallet.signing import signer_of
from shops.errors import InvalidInput, ShopError, TooSoon
from shops.models import Brand
from shops.numbers import whole_number

ABOUT_ORDERS = {Subject.ORDER}
PAUSE = 60  # seconds between two pushes of the same that somebody asks for
logger = structlog.get_logger(__name__)


class NotSignable(ShopError):
    """The brand has no certificate that could sign this today."""

    status = 503


class NobodyHolds(ShopError):
    """A package that is on no phone that could be told."""

    def __init__(self) -> None:
        super().__init__(_("No phone holds it in Apple Wallet."))


class Faulty(NotSignable, InvalidInput):
    """Wallet would refuse it: what the brand has to mend, by field."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a package shows: pass.json or order.json without the keys that say whose it is, texts, and images.

    `strings` holds texts by language and key; `images` the primary key of an Image by file name; `extras` what stands
    in further JSON files by name.
    """

    content: Mapping[str, Any]
    strings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: Mapping[str, int] = field(default_factory=dict)
    extras: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256, in hex, of everything in it."""
        parts = [self.content, self.strings, self.images, self.extras]
        whole = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(whole).hexdigest()


def package_type_for(brand: Brand, subject: str) -> PackageType | None:
    """The type that the brand's packages about `subject` carry, None if it has none yet."""
    kind = ORDER if subject in ABOUT_ORDERS else PASS
    return brand.packagetypes.filter(kind_name=kind.name).first()


def has_wallet(brand: Brand, subject: str) -> bool:
    """Whether the brand is set up for packages about this."""
    package_type = package_type_for(brand, subject)
    if package_type is None or (subject in ABOUT_ORDERS and not design_of(brand).merchant_identifier):
        return False
    return package_type.credentials.filter(is_active=True).exists()


def find_package(brand: Brand, subject: str, subject_uuid: UUID) -> Package | None:
    """The package about this, if somebody ever asked for it."""
    return brand.packages.select_related("type").filter(subject=subject, subject_uuid=subject_uuid).first()


def package_about(brand: Brand, subject: str, subject_uuid: UUID, source_of: Callable[[], Source]) -> Package:
    """The package about this, made now if there is none. Two at once make one.

    Raises NotSignable without a type, and Faulty for a source that Wallet would refuse.
    """
    found = find_package(brand, subject, subject_uuid)
    if found:
        return found
    package_type = package_type_for(brand, subject)
    if package_type is None:
        raise NotSignable(_("This shop has no certificate for Apple Wallet."))
    package = Package(
        brand=brand,
        type=package_type,
        subject=subject,
        subject_uuid=subject_uuid,
        encrypted_token=encrypt(secrets.token_urlsafe(32)),
        last_modified=timezone.now().replace(microsecond=0),
        **_columns(source_of()),
    )
    _check(package)
    try:
        with transaction.atomic():
            package.save()
            return package
    except IntegrityError:
        return brand.packages.select_related("type").get(subject=subject, subject_uuid=subject_uuid)


def _columns(source: Source) -> dict[str, Any]:
    return {
        "content": source.content,
        "strings": source.strings,
        "images": source.images,
        "extras": source.extras,
        "digest": source.digest(),
    }


# Whole seconds, each later than the last, so that a Last-Modified never hides a second change within one.
CHANGE = """
UPDATE applewallet_package
SET content = %s, strings = %s, images = %s, extras = %s, digest = %s, version = version + 1,
    last_modified = greatest(date_trunc('second', clock_timestamp()), last_modified + interval '1 second')
WHERE id = %s AND digest <> %s
"""


def refresh(package: Package, source: Source) -> bool:
    """Give `package` a new version if `source` says something new; returns whether it did.

    Call it in the transaction of the change that it tells of. At commit the database draws its tag and writes pushes.
    A source that Wallet would refuse is no reason to stop that change: the phone keeps what it has, and the log says
    what is wrong.
    """
    digest = source.digest()
    if digest != package.digest and not _fits(package, source):
        return False
    texts = [orjson.dumps(part).decode() for part in (source.content, source.strings, source.images, source.extras)]
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, [*texts, digest, package.pk, digest])
        changed = bool(cursor.rowcount)
    if changed:
        tasks.hint()
    return changed


# The same, as something new: devices fetch it again.
AGAIN = """
UPDATE applewallet_package
SET version = version + 1,
    last_modified = greatest(date_trunc('second', clock_timestamp()), last_modified + interval '1 second')
WHERE id = %s AND last_modified <= clock_timestamp() - make_interval(secs => %s)
"""


@transaction.atomic
def push_again(package: Package) -> int:
    """Have the devices that hold `package` fetch it anew, as it is; returns how many these are.

    Raises NobodyHolds, and TooSoon within PAUSE of its last change, of which the devices hear anyway.
    """
    held = package.registrations.count()
    if not held:
        raise NobodyHolds
    with connection.cursor() as cursor:
        cursor.execute(AGAIN, [package.pk, PAUSE])
        if not cursor.rowcount:
            raise TooSoon(_("The phones were told less than a minute ago. Give them time."), PAUSE)
    tasks.hint()
    return held


def _fits(package: Package, source: Source) -> bool:
    changed = copy(package)
    for name, value in _columns(source).items():
        setattr(changed, name, value)
    try:
        _check(changed)
    except Faulty as error:
        logger.exception("a package stays as it was", package=str(package.serial), faults=error.errors)
        return False
    return True


def _check(package: Package) -> None:
    """Raise Faulty with every fault that would have Wallet refuse `package`."""
    try:
        checks.ensure(package.type.kind, whole_content(package), package.strings, _files(package))
    except InvalidInput as error:
        raise Faulty(error.errors) from error


def _files(package: Package) -> dict[str, File]:
    kind = package.type.kind
    extras = {name: file_of(kind, orjson.dumps(content)) for name, content in package.extras.items()}
    return files_of(kind, package.images) | extras


def token_of(package: Package) -> str:
    """The authenticationToken in the package. Whoever has it may read the package."""
    return decrypt(bytes(package.encrypted_token))


def web_service_url(package_type: PackageType) -> str:
    """The webServiceURL in packages of this type. Devices put `/v1/…` behind it, and use no other scheme than https."""
    return f"https://{urlsplit(settings.PUBLIC_URL).netloc}/w/{package_type.slug}"


def credential_of(package_type: PackageType) -> Credential:
    """The certificate in use. Raises NotSignable if there is none, or its time is over or has not come."""
    found = package_type.credentials.filter(is_active=True).first()
    if found is None:
        raise NotSignable(_("This shop has no certificate for Apple Wallet."))
    if not found.valid_from <= timezone.now() < found.valid_until:
        raise NotSignable(_("This shop's certificate for Apple Wallet has expired."))
    return found


def whole_content(package: Package) -> dict[str, Any]:
    """pass.json or order.json, complete: the source, and whose package it is."""
    package_type = package.type
    kind = package_type.kind
    keys: dict[str, Any] = {
        kind.type_key: package_type.identifier,
        kind.serial_key: str(package.serial),
        "webServiceURL": web_service_url(package_type),
        "authenticationToken": token_of(package),
    }
    if kind is PASS:
        keys |= {"formatVersion": 1, "teamIdentifier": package_type.team_id}
    else:
        keys |= {"schemaVersion": 1, "updatedAt": rfc3339(package.last_modified)}
    return {**keys, **package.content}


def rfc3339(moment: datetime) -> str:
    """A moment as both formats write it: RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def built(package: Package) -> bytes:
    """The package, signed now. Raises NotSignable."""
    signer = signer_of(credential_of(package.type))
    return build(package.type.kind, whole_content(package), package.strings, _files(package), signer)


@contextmanager
def registering(package_type: PackageType) -> Iterator[None]:
    """A transaction in which devices of this type come and go one at a time.

    Otherwise a device's row could be dropped as an orphan while its next registration arrives.
    """
    with transaction.atomic():
        # All of the brand's, in one order, as the database does at commit: no two can wait for each other.
        list(package_type.brand.packagetypes.select_for_update(no_key=True).order_by("pk"))
        yield


def register(package: Package, library_identifier: str, push_token: str) -> bool:
    """Note that a device holds `package`; returns whether that is news. A new push token replaces the old one."""
    with registering(package.type):
        devices = package.type.devices
        device, is_new = devices.get_or_create(
            library_identifier=library_identifier, defaults={"brand_id": package.brand_id, "push_token": push_token}
        )
        if not is_new:
            moved = device.push_token != push_token
            device.push_token, device.updated_at = push_token, Now()
            device.save(update_fields=["push_token", "updated_at"])
            if moved:  # what waited for the old token would be lost with it
                push_to(package.type, push_token)
        _registration, is_news = device.registrations.get_or_create(
            package=package, defaults={"brand_id": package.brand_id}
        )
        return bool(is_news)


def push_to(package_type: PackageType, push_token: str) -> None:
    """Queue one push, unless one waits already."""
    push = Push(brand_id=package_type.brand_id, type=package_type, push_token=push_token)
    package_type.pushes.bulk_create([push], ignore_conflicts=True)
    tasks.hint()


def unregister(package: Package, library_identifier: str) -> None:
    """Forget that a device holds `package`, and the device with its last package. Repeating it changes nothing."""
    with registering(package.type):
        device = package.type.devices.filter(library_identifier=library_identifier).first()
        if device is None:
            return
        device.registrations.filter(package=package).delete()
        if not device.registrations.exists():
            device.delete()


# One statement, so one snapshot: rows and the tag belong together.
UPDATED = """
SELECT p.serial, greatest(p.update_seq, r.seq) AS tag
FROM applewallet_device d JOIN applewallet_registration r ON r.device_id = d.id
JOIN applewallet_package p ON p.id = r.package_id
WHERE d.type_id = %s AND d.library_identifier = %s AND greatest(p.update_seq, r.seq) > %s
ORDER BY tag, p.serial
"""


def updated_since(package_type: PackageType, library_identifier: str, tag: str) -> tuple[list[str], str]:
    """The serial numbers of a device's packages that changed after `tag`, and the tag to ask with next time.

    A tag that is absent, malformed or from before a restore of the database means: everything.
    """
    with connection.cursor() as cursor:
        cursor.execute(UPDATED, [package_type.pk, library_identifier, _seq_in(tag, package_type)])
        rows = cursor.fetchall()
    latest = rows[-1][1] if rows else 0
    return [str(serial) for serial, _tag in rows], f"{package_type.generation}.{latest}"


def keep_log(package_type: PackageType, lines: Iterable[str]) -> None:
    """Keep what a device wrote about trouble, with what can be read from it."""
    kept = []
    for line in lines:
        text = line.replace("\0", "")[:1000]
        read = device_log.parse(text)
        kept.append(
            DeviceLog(brand_id=package_type.brand_id, type=package_type, line=text, task=read.task, serial=read.serial)
        )
    package_type.device_logs.bulk_create(kept)


def _seq_in(tag: str, package_type: PackageType) -> int:
    generation, _dot, seq = tag.partition(".")
    number = whole_number(seq)
    if generation != str(package_type.generation) or number is None or number > package_type.seq:
        return -1
    return number
