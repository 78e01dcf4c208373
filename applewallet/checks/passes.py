"""Rules of pass.json beyond its schema (apple-wallet.md §B.2, §B.3, §B.5, §B.6)."""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.utils.translation import gettext as _

from applewallet.checks import fields, schema
from applewallet.checks.common import Content, encoding
from applewallet.checks.faults import Fault, warning
from applewallet.checks.fields import all_fields
from applewallet.checks.files import Strings
from applewallet.checks.words import STYLES

MOST_BEACONS = 10
NFC_BYTES = 64
NEW_FORMATS = {f"PKBarcodeFormat{name}" for name in ("Code39", "Codabar", "EAN13", "I2of5")}  # iOS 27
POSTER_TAGS = ("eventName", "venueName", "venueRegionName", "venueRoom")
MORE_POSTER_TAGS = {
    "PKEventTypeSports": ("homeTeamAbbreviation", "awayTeamAbbreviation"),
    "PKEventTypeLivePerformance": ("performerNames",),
}
# The schemes that are known, and the style that each falls back to.
SCHEMES = {"posterEventTicket": "eventTicket", "semanticBoardingPass": "boardingPass", "posterGeneric": ""}


def style_of(content: Content) -> str:
    """The one style that the pass has."""
    return next(style for style in STYLES if style in content)


def schemes_of(content: Content) -> set[str]:
    """Its newer looks, for phones that know them."""
    return set(content.get("preferredStyleSchemes", ())) | ({"posterGeneric"} & content.keys())


def faults(content: Content, strings: Strings) -> Iterator[Fault]:
    """What is wrong with a pass whose pass.json satisfies the schema."""
    style = style_of(content)
    yield from _schemes(content, style)
    yield from fields.faults(content, style, strings)
    yield from _barcodes(content)
    yield from _relevance(content, style)
    yield from _nfc(content)
    yield from _places(content, style)
    yield from _semantics(content, style)


def _schemes(content: Content, style: str) -> Iterator[Fault]:
    schemes = content.get("preferredStyleSchemes", [style])
    if schemes[-1] != style:
        reason = _("The last scheme is what older phones show, and the pass has no “%(last)s”.") % {"last": schemes[-1]}
        yield Fault("preferredStyleSchemes", reason, _("End the list with “%(style)s”.") % {"style": style})
    for number, scheme in enumerate(schemes[:-1]):
        if scheme not in SCHEMES:
            reason = _("No version of Wallet known here has the scheme “%(scheme)s”.") % {"scheme": scheme}
            cure = _("Choose one of: %(known)s.") % {"known": ", ".join(SCHEMES)}
            yield warning(f"preferredStyleSchemes[{number}]", reason, cure)
        elif SCHEMES[scheme] not in {"", style}:
            reason = _("“%(scheme)s” is a look of another style.") % {"scheme": scheme}
            cure = _("Use it with “%(style)s”.") % {"style": SCHEMES[scheme]}
            yield Fault(f"preferredStyleSchemes[{number}]", reason, cure)
    if "posterEventTicket" in schemes:
        yield from _poster(content)


def _poster(content: Content) -> Iterator[Fault]:
    tags = dict(content.get("semantics", {}))
    for _place, field in all_fields(content):
        tags |= field.get("semantics", {})
    reason = _("Without it Wallet shows the plain event ticket, not the poster.")
    for tag in (*POSTER_TAGS, *MORE_POSTER_TAGS.get(tags.get("eventType", ""), ())):
        if tag not in tags:
            yield warning(f"semantics.{tag}", reason, _("Add it."))
    if content.get("barcodes") or "barcode" in content:
        reason = _("Wallet shows a poster for tickets without a barcode only.")
        yield warning("barcodes", reason, _("Let people in by NFC, or leave the poster out."))


def _all_barcodes(content: Content) -> dict[str, Content]:
    found = {f"barcodes[{number}]": one for number, one in enumerate(content.get("barcodes", ()))}
    return found | ({"barcode": content["barcode"]} if "barcode" in content else {})


def _barcodes(content: Content) -> Iterator[Fault]:
    for place, barcode in _all_barcodes(content).items():
        yield from encoding(place, barcode)
    formats = [one["format"] for one in content.get("barcodes", ())]
    if formats and set(formats) <= NEW_FORMATS:
        reason = _("Phones before iOS 27 can show none of these formats.")
        yield warning("barcodes", reason, _("Add one of the format PKBarcodeFormatQR at the end of the list."))
    if "barcode" in content and "barcodes" not in content:
        reason = _("It is for iOS 8 and older.")
        yield warning("barcode", reason, _("Write “barcodes”, a list, instead."))


def _relevance(content: Content, style: str) -> Iterator[Fault]:
    for number, one in enumerate(content.get("relevantDates", ())):
        if "startDate" in one and datetime.fromisoformat(one["endDate"]) < datetime.fromisoformat(one["startDate"]):
            reason = _("It lies before startDate.")
            yield Fault(f"relevantDates[{number}].endDate", reason, _("Write the later moment as endDate."))
    if style in {"coupon", "storeCard"}:
        for key in ("relevantDates", "relevantDate"):
            if key in content:
                reason = _("Wallet suggests coupons and store cards by location only.")
                yield warning(key, reason, _("Leave it out, or give locations."))
    name = content["organizationName"].casefold()
    for key in ("locations", "beacons"):
        for number, one in enumerate(content.get(key, ())):
            if name in one.get("relevantText", "").casefold():
                reason = _("Wallet shows the organization's name beside it already.")
                yield warning(f"{key}[{number}].relevantText", reason, _("Leave the name out."))
    if len({one["proximityUUID"].lower() for one in content.get("beacons", ())}) > MOST_BEACONS:
        reason = _("Wallet watches for 10 different UUIDs.")
        yield Fault("beacons", reason, _("Give beacons one UUID, and tell them apart by major and minor."))


def _nfc(content: Content) -> Iterator[Fault]:
    nfc = content.get("nfc")
    if nfc is None:
        return
    if len(nfc["message"].encode()) > NFC_BYTES:
        reason = _("It has more than 64 bytes in UTF-8, and the rest is cut off.")
        yield Fault("nfc.message", reason, _("Shorten it."))
    try:
        key = load_der_public_key(b64decode(nfc["encryptionPublicKey"], validate=True))
        fits = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        fits = False
    if not fits:
        reason = _("This is no public key for NFC.")
        cure = _("Write the base64 of an X.509 SubjectPublicKeyInfo with a key of the curve P-256.")
        yield Fault("nfc.encryptionPublicKey", reason, cure)


@cache
def _effects(definition: str = "") -> dict[str, tuple[set[str], set[str]]]:
    """The keys that have an effect in some styles or schemes only, as the schema tells."""
    whole = schema.read("pass")
    properties: Mapping[str, Any] = (whole["$defs"][definition] if definition else whole)["properties"]
    told = {key: (set(one.get("x-styles", ())), set(one.get("x-schemes", ()))) for key, one in properties.items()}
    return {key: sets for key, sets in told.items() if any(sets)}


def _places(content: Content, style: str) -> Iterator[Fault]:
    """Keys of the top that do nothing in a pass of this style."""
    schemes = schemes_of(content)
    for key, (styles, needed) in _effects().items():
        if key in content and not (style in styles or needed & schemes):
            yield _without_effect(key, styles | needed)
    if "logoText" in content and "posterEventTicket" in schemes:
        yield warning("logoText", _("Posters do not show it."), _("Write “eventLogoText” too."))


def _semantics(content: Content, style: str) -> Iterator[Fault]:
    """Semantic tags that do nothing in a pass of this style."""
    holders = [("semantics", content), *((f"{place}.semantics", field) for place, field in all_fields(content))]
    for place, holder in holders:
        for tag in holder.get("semantics", ()):
            styles, _schemes = _effects("SemanticTags").get(tag, (set(), set()))
            if styles and style not in styles:
                yield _without_effect(f"{place}.{tag}", styles)


def _without_effect(field: str, places: set[str]) -> Fault:
    reason = _("It has an effect in %(places)s only.") % {"places": ", ".join(sorted(places))}
    return warning(field, reason, _("Leave it out."))
