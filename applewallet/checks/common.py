"""Rules of both kinds: the web service, barcodes, the certificate (apple-wallet.md §A.3, §B.2, §B.10)."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID
from django.utils import timezone
from django.utils.translation import gettext as _

from applewallet.checks.faults import Fault, shown, warning
from applewallet.kinds import PASS, Kind

PREFIXES = {"pass": "pass.", "order": "order."}  # of the type identifiers that Apple gives out
Content = Mapping[str, Any]


def web_service(kind: Kind, content: Content) -> Iterator[Fault]:
    """The address that devices register at. What is wrong with it nobody ever hears of: they just do not come."""
    url = content.get("webServiceURL")
    if url is None:
        return
    parts = urlsplit(url)
    if not parts.hostname:
        yield Fault("webServiceURL", _("It names no host."), _("Write the host behind “https://”."))
    if "v1" in parts.path.split("/"):
        reason = _("Devices put “/v1/…” behind it themselves, so they would ask for “/v1/v1/…” and never register.")
        yield Fault("webServiceURL", reason, _("Leave “v1” out."))
    prefix = PREFIXES[kind.name]
    if not content[kind.type_key].startswith(prefix):
        reason = _("Identifiers that Apple gives for this begin with “%(prefix)s”.") % {"prefix": prefix}
        yield warning(kind.type_key, reason, _("Take the identifier from the certificate."))


def encoding(field: str, barcode: Content) -> Iterator[Fault]:
    """Whether a barcode's message can be written in the encoding that the barcode names."""
    name, message = barcode["messageEncoding"], barcode["message"]
    try:
        message.encode(name)
    except UnicodeEncodeError:
        reason = _("%(message)s cannot be written in %(encoding)s.") % {"message": shown(message), "encoding": name}
        yield Fault(f"{field}.message", reason, _("Set messageEncoding to “utf-8”, or write Latin letters only."))
    except (LookupError, ValueError):
        reason = _("%(encoding)s is no encoding of text.") % {"encoding": shown(name)}
        yield Fault(f"{field}.messageEncoding", reason, _("Write “iso-8859-1” or “utf-8”."))


def certificate(kind: Kind, content: Content, signer: x509.Certificate) -> Iterator[Fault]:
    """Whether the content is of the certificate that is going to sign it."""
    keys = {kind.type_key: NameOID.USER_ID}
    if kind is PASS:
        keys["teamIdentifier"] = NameOID.ORGANIZATIONAL_UNIT_NAME
    for key, oid in keys.items():
        named = [str(one.value) for one in signer.subject.get_attributes_for_oid(oid)]
        if content[key] not in named:
            reason = _("The content says %(ours)s, the certificate %(its)s.")
            values = {"ours": shown(content[key]), "its": shown(", ".join(named))}
            yield Fault(key, reason % values, _("Write what the certificate says, or sign with another."))
    if signer.not_valid_after_utc <= timezone.now():
        reason = _("The certificate expired on %(day)s.") % {"day": f"{signer.not_valid_after_utc:%Y-%m-%d}"}
        yield Fault(kind.type_key, reason, _("Renew it at Apple and upload the new one."))
    if "nfc" in content and "with NFC" not in signer.subject.rfc4514_string():
        reason = _("The certificate is not one for NFC.")
        yield warning("nfc", reason, _("Ask Apple for an NFC certificate, or leave “nfc” out."))
