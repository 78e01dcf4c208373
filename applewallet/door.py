"""The one door for phones: to a package by its authentication token, to a device's list by the device's identifier."""

from collections.abc import Mapping
from hmac import compare_digest
from uuid import UUID

from applewallet.kinds import KINDS
from applewallet.models import Package, PackageType
from applewallet.services import token_of


def type_at(slug: str, identifier: str | None = None) -> PackageType | None:
    """The package type behind a webServiceURL, if it is the one that the device names."""
    found = PackageType.objects.select_related("brand").filter(slug=slug).first()
    return found if found and identifier in {None, found.identifier} else None


def package_at(slug: str, identifier: str, serial: str) -> Package | None:
    """The package with this serial number behind a webServiceURL."""
    try:
        number = UUID(serial)
    except ValueError:
        return None
    packages = Package.objects.select_related("type__brand")
    return packages.filter(serial=number, type__slug=slug, type__identifier=identifier).first()


def opened_by(headers: Mapping[str, str], slug: str, identifier: str, serial: str) -> Package | None:
    """The package, if the Authorization header carries its token; None also when there is no such package."""
    package = package_at(slug, identifier, serial)
    if package is None:
        return None
    scheme, _space, token = headers.get("Authorization", "").partition(" ")
    fits = compare_digest(token.strip().encode(), token_of(package).encode())
    return package if fits and scheme == KINDS[package.type.kind_name].scheme else None
