"""Certificates that a brand uploads, diagnosed: all that is wrong at once, in words that name the cure (§B.8)."""

import re
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applewallet.kinds import Kind
from applewallet.models import PackageType
from applewallet.uploads import Contents, Unreadable, opened
from shops.errors import InvalidInput

SMALLEST_KEY = 2048  # bits
APPLE = "Apple Worldwide Developer Relations"  # in the name of Apple's intermediate certificates, whichever generation
TITLES = {"pass": "Pass Type ID", "order": "Order Type ID"}  # how Apple's certificates begin their names
UID, OU = NameOID.USER_ID, NameOID.ORGANIZATIONAL_UNIT_NAME
IDENTIFIER = re.compile(r"[A-Za-z0-9.-]{1,120}")
TEAM = re.compile(r"[A-Za-z0-9]{1,20}")
GENERATION = re.compile(r"G\d{1,2}")  # of Apple's intermediate certificates
OTHER_KIND = {
    "pass": gettext_lazy("This certificate is for passes (“%(name)s”), and you chose orders."),
    "order": gettext_lazy("This certificate is for orders (“%(name)s”), and you chose passes."),
}
OTHER_TYPE = gettext_lazy(
    "This certificate is for %(new)s; the packages on members' phones carry %(old)s. Renew the certificate of that one."
)
OTHER_GENERATION = gettext_lazy(
    "The issuer is called %(issuer)s, and so is this certificate, but another key signed: it is another edition of it."
    " Apple publishes several; take the one of the same generation that is valid today."
)
OTHER_ISSUER = gettext_lazy("This is the certificate of %(given)s, but the certificate above was issued by %(issuer)s.")
NO_ISSUER = gettext_lazy(
    "The issuer's certificate is missing: %(issuer)s. Apple publishes it on its page of certificate authorities, under"
    " “Worldwide Developer Relations”."
)
CURVE = gettext_lazy(
    "This is an elliptic-curve key, as Apple's keys for pushes (.p8) are. A certificate needs the RSA key that its"
    " request was made with."
)
EXPIRED = {
    "certificate": gettext_lazy("It expired on %(day)s. Renew it at Apple; passes on phones go on with the new one."),
    "intermediate": gettext_lazy(
        "It expired on %(day)s. Renew your own at Apple, and a newer one will have issued it."
    ),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody uploaded: a certificate with its key, or one file that holds both, and who issued it."""

    certificate: bytes
    key: bytes = b""
    password: str = ""
    intermediate: bytes = b""  # may be left out when one of the other files holds it


@dataclass(frozen=True, slots=True)
class Reading:
    """A certificate that fits its key, its issuer and its purpose."""

    kind: Kind
    identifier: str
    team_id: str
    certificate: x509.Certificate
    intermediate: x509.Certificate
    key: RSAPrivateKey

    @property
    def is_test(self) -> bool:
        """Whether somebody else than Apple issued it, so that no phone accepts it."""
        return APPLE not in _in(self.intermediate.subject, NameOID.COMMON_NAME)


def read(upload: Upload, kind: Kind, package_type: PackageType | None = None) -> Reading:
    """Read an upload; `package_type` is what the brand's packages carry, if it has any.

    Raises InvalidInput that names, for each file, what is wrong with it and what to do about it: all that can be told.
    """
    examination = Examination(kind)
    certificate, key, others = examination.find(upload)
    issuer = None
    if certificate is not None:
        examination.check_name(certificate, package_type)
        examination.check_time(certificate, "certificate")
        issuer = examination.issuer_of(certificate, others)
    if examination.faults:
        raise InvalidInput(examination.faults)
    assert certificate and issuer and isinstance(key, RSAPrivateKey), "or there were faults"  # noqa: S101, PT018 -- for types
    identifier, team_id = (_in(certificate.subject, oid) for oid in (UID, OU))
    return Reading(kind, identifier, team_id, certificate, issuer, key)


class Examination:
    """Looks at an upload and notes what is wrong, by the field that it is about."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.faults: dict[str, list[str]] = {}

    def blame(self, field: str, reason: str | Promise, **facts: object) -> None:
        """Note a fault, once."""
        reasons = self.faults.setdefault(field, [])
        text = str(reason) % facts
        if text not in reasons:
            reasons.append(text)

    def find(self, upload: Upload) -> tuple[x509.Certificate | None, Any, list[x509.Certificate]]:
        """The certificate and the key that belong together, and the other certificates."""
        first = self._opened("certificate", upload.certificate, upload.password)
        second = self._opened("key", upload.key, upload.password)
        third = self._opened("intermediate", upload.intermediate, upload.password)
        if not upload.certificate:
            self.blame("certificate", _("Choose the certificate that Apple made for you."))
        elif first and not first.certificates:
            self.blame("certificate", _("This file holds a private key and no certificate."))
        if second and upload.key and not second.keys:
            self.blame("key", _("This file holds a certificate and no private key."))
        elif first and not upload.key and not first.keys:
            self.blame("key", _("The private key is missing. Upload it too, or both together in one file (.p12)."))
        if third and upload.intermediate and not third.certificates:
            self.blame("intermediate", _("This file holds a private key and no certificate."))
        files = [one or Contents() for one in (first, second, third)]
        certificates = [certificate for file in files for certificate in file.certificates]
        keys = [*files[1].keys, *files[0].keys]
        leaf, key = self._pair(certificates, keys)
        if leaf is None:
            leaf = next(iter(files[0].certificates), None)
        return leaf, key, [one for one in certificates if one is not leaf]

    def _opened(self, field: str, content: bytes, password: str) -> Contents | None:
        """What a file holds; None if it cannot be read."""
        try:
            return opened(content, password) if content else Contents()
        except Unreadable as error:
            self.blame(error.field or field, str(error))
            return None

    def _pair(self, certificates: list[x509.Certificate], keys: list[Any]) -> tuple[x509.Certificate | None, Any]:
        """The certificate that a key belongs to, wherever it stands; else what looks most like them."""
        for certificate in certificates:
            for key in keys:
                if certificate.public_key() == key.public_key():
                    self._check_key(key)
                    return certificate, key
        leaf = next((one for one in certificates if not _is_authority(one)), None)
        if keys and self._check_key(keys[0]) and leaf:
            self.blame("key", _("This key does not belong to this certificate. Export both from the same entry."))
        return leaf, next(iter(keys), None)

    def _check_key(self, key: Any) -> bool:
        if isinstance(key, EllipticCurvePrivateKey):
            self.blame("key", CURVE)
        elif not isinstance(key, RSAPrivateKey) or key.key_size < SMALLEST_KEY:
            self.blame("key", _("Apple signs RSA keys of 2048 bits or more; this is another kind of key."))
        else:
            return True
        return False

    def check_name(self, certificate: x509.Certificate, package_type: PackageType | None) -> None:
        """Whether Apple made it for this purpose, and for the type identifier that the packages carry."""
        name, title = _called(certificate.subject), TITLES[self.kind.name]
        other = next((kind for kind, other in TITLES.items() if name.startswith(other)), None)
        if _is_authority(certificate):
            self.blame("certificate", _("This is the certificate of an issuer, %(name)s. It belongs below."), name=name)
        elif other and other != self.kind.name:
            self.blame("certificate", OTHER_KIND[other], name=name)
        elif other is None:
            reason = _("This certificate is called “%(name)s”; one for this purpose begins with “%(title)s”.")
            self.blame("certificate", reason, name=name, title=title)
        else:
            self._check_subject(certificate.subject, package_type)

    def _check_subject(self, subject: x509.Name, package_type: PackageType | None) -> None:
        identifier, team_id = _in(subject, UID), _in(subject, OU)
        if not identifier:
            self.blame("certificate", _("The certificate names no type identifier (UID). Apple's certificates do."))
        elif not IDENTIFIER.fullmatch(identifier):
            self.blame("certificate", _("The certificate's type identifier (UID) is not one that Apple gives."))
        if not team_id:
            self.blame("certificate", _("The certificate names no team (OU). Apple's certificates do."))
        elif not TEAM.fullmatch(team_id):
            self.blame("certificate", _("The certificate's team (OU) is not one that Apple gives."))
        if identifier and package_type and (identifier, team_id) != (package_type.identifier, package_type.team_id):
            new, old = f"{identifier} ({team_id})", f"{package_type.identifier} ({package_type.team_id})"
            self.blame("certificate", OTHER_TYPE, new=new, old=old)

    def check_time(self, certificate: x509.Certificate, field: str) -> None:
        """Whether it is valid now."""
        now = timezone.now()
        if certificate.not_valid_after_utc <= now:
            self.blame(field, EXPIRED[field], day=f"{certificate.not_valid_after_utc:%Y-%m-%d}")
        if certificate.not_valid_before_utc > now:
            self.blame(field, _("It is not valid before %(day)s."), day=f"{certificate.not_valid_before_utc:%Y-%m-%d}")

    def issuer_of(self, certificate: x509.Certificate, others: list[x509.Certificate]) -> x509.Certificate | None:
        """The certificate that signed this one: not just any of that name, the most common mistake of all."""
        if _issued(certificate, certificate):
            self.blame("certificate", _("This certificate is signed by itself. Choose the one that Apple made of it."))
            return None
        found = next((other for other in others if _issued(other, certificate)), None)
        if found is not None:
            self.check_time(found, "intermediate")
            return found
        if "intermediate" in self.faults:
            return None
        issuer = _called(certificate.issuer)
        named = [other for other in others if other.subject == certificate.issuer]
        if named:
            self.blame("intermediate", OTHER_GENERATION, issuer=issuer)
        elif others:
            self.blame("intermediate", OTHER_ISSUER, given=_called(others[0].subject), issuer=issuer)
        else:
            self.blame("intermediate", NO_ISSUER, issuer=issuer)
        return None


def _called(name: x509.Name) -> str:
    """What people call a subject: its common name, with the generation that Apple puts beside it."""
    common, unit = _in(name, NameOID.COMMON_NAME), _in(name, OU)
    return f"{common} ({unit})" if GENERATION.fullmatch(unit) else common or name.rfc4514_string()[:200]


def _in(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    value = found[0].value if found else ""
    return value if isinstance(value, str) else ""


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
