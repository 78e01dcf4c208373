"""Rules of order.json beyond its schema (apple-wallet.md §A.2-§A.4)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _

from applewallet.checks.common import Content, encoding
from applewallet.checks.faults import Fault, warning
from applewallet.checks.pictures import ATTACHMENTS, PICTURES, name_of, picture_of
from applewallet.package import File

MOST_BYTES = 5_000_000  # of the whole package
SIGNATURE = 6_000  # bytes, with two certificates in it; and more than any manifest adds for a file: 150
MANIFEST_LINE = 150
LOGO_SIZE = 300  # pixels, of a logo or a product's image
CONTACTS = {"phoneNumber", "emailAddress", "contactURL", "businessChatURL"}


def faults(content: Content, files: Mapping[str, File]) -> Iterator[Fault]:
    """What is wrong with an order whose order.json satisfies the schema."""
    yield from _times(content)
    yield from _merchant(content["merchant"])
    yield from _barcodes(content)
    for key, identifier in (("fulfillments", "fulfillmentIdentifier"), ("returns", "returnIdentifier")):
        yield from _repeated(key, identifier, content.get(key, ()))
    if content["schemaVersion"] != 1:
        reason = _("iOS 16 reads version 1 only.")
        yield warning("schemaVersion", reason, _("Write 1, and send payment.status."))
    yield from _references(content, files)


def _times(content: Content) -> Iterator[Fault]:
    created, updated = (datetime.fromisoformat(content[key]) for key in ("createdAt", "updatedAt"))
    if updated < created:
        reason = _("It lies before createdAt, so phones take the order for an old one.")
        yield Fault("updatedAt", reason, _("Write the time of the last change, or createdAt if there was none."))


def _merchant(merchant: Content) -> Iterator[Fault]:
    if not merchant["merchantIdentifier"].startswith("merchant."):
        reason = _("Merchant IDs that Apple gives begin with “merchant.”.")
        cure = _("Write the Merchant ID of the Apple account that has the signing certificate.")
        yield warning("merchant.merchantIdentifier", reason, cure)
    if not CONTACTS & merchant.keys():
        reason = _("The order names no way to reach the merchant.")
        yield warning("merchant", reason, _("Give one of: %(keys)s.") % {"keys": ", ".join(sorted(CONTACTS))})


def _barcodes(content: Content) -> Iterator[Fault]:
    if "barcode" in content:
        yield from encoding("barcode", content["barcode"])
    for number, fulfillment in enumerate(content.get("fulfillments", ())):
        if "barcode" in fulfillment and fulfillment["fulfillmentType"] == "pickup":
            yield from encoding(f"fulfillments[{number}].barcode", fulfillment["barcode"])


def _repeated(key: str, identifier: str, parts: Iterable[Content]) -> Iterator[Fault]:
    seen = set()
    for number, part in enumerate(parts):
        if part[identifier] in seen:
            reason = _("Another one has this identifier, by which Wallet sees what has changed.")
            yield Fault(f"{key}[{number}].{identifier}", reason, _("Give each an identifier of its own."))
        seen.add(part[identifier])


def _references(content: Content, files: Mapping[str, File]) -> Iterator[Fault]:
    """Files that the order names, and files that it does not name."""
    wanted = list(_named(content))
    for field, name, use in wanted:
        found = [file for file in files if name_of(file).is_meant_by(name)]
        if not found:
            reason = _("The package holds no file “%(name)s”.") % {"name": name}
            yield Fault(field, reason, _("Add the file, or write its name as it is, with or without “.png”."))
        elif use == "attachment" and not all(name_of(file).extension in ATTACHMENTS for file in found):
            yield Fault(
                field,
                _("“%(name)s” is of a kind that Wallet does not open.") % {"name": name},
                _("Attach a PDF, JPEG or PNG."),
            )
        elif use != "attachment":
            yield from _image(field, name, use, {file: files[file] for file in found})
    names = {name for _field, name, _use in wanted}
    for file in files:
        if not any(name_of(file).is_meant_by(name) for name in names):
            yield warning(file, _("Nothing in order.json names this file."), _("Leave it out."))


def _named(content: Content) -> Iterator[tuple[str, str, str]]:
    """Each file that the order names: where, its name, and what for."""
    if "logo" in content["merchant"]:
        yield "merchant.logo", content["merchant"]["logo"], "product"
    for key in ("trackingLogoNameLightColorScheme", "trackingLogoNameDarkColorScheme"):
        if "orderProvider" in content:
            yield f"orderProvider.{key}", content["orderProvider"][key], "logo"
    for field, line in _line_items(content):
        if "image" in line:
            yield f"{field}.image", line["image"], "product"
    for number, payment in enumerate(content.get("payment", {}).get("transactions", ())):
        if "receipt" in payment:
            yield f"payment.transactions[{number}].receipt", payment["receipt"], "attachment"
    for number, one in enumerate(content.get("returns", ())):
        if "returnLabel" in one:
            yield f"returns[{number}].returnLabel", one["returnLabel"], "attachment"


def _line_items(content: Content) -> Iterator[tuple[str, Content]]:
    holders: Iterable[tuple[str, Any]] = chain(
        [("", content)],
        ((f"fulfillments[{number}].", one) for number, one in enumerate(content.get("fulfillments", ()))),
        ((f"returns[{number}].", one) for number, one in enumerate(content.get("returns", ()))),
    )
    for prefix, holder in holders:
        for number, line in enumerate(holder.get("lineItems", ())):
            yield f"{prefix}lineItems[{number}]", line


def _image(field: str, name: str, use: str, found: Mapping[str, File]) -> Iterator[Fault]:
    """A named image: of a kind that is shown, and as Apple's design guide wants it."""
    if not all(name_of(file).extension in PICTURES for file in found):
        yield Fault(field, _("“%(name)s” is no image.") % {"name": name}, _("Name a PNG or JPEG."))
        return
    pictures = [picture for file in found.values() if (picture := picture_of(file.content))]
    if use != "product" or not pictures:
        return
    largest = max(pictures, key=lambda one: one.width)
    if largest.width != largest.height or largest.width < LOGO_SIZE:
        reason = _("“%(name)s” has %(width)d by %(height)d pixels.")
        values = {"name": name, "width": largest.width, "height": largest.height}
        yield warning(field, reason % values, _("Draw it square, 300 by 300 pixels."))
    if not all(picture.is_opaque for picture in pictures):
        reason = _("“%(name)s” lets the background shine through.") % {"name": name}
        yield warning(field, reason, _("Give it a background of one colour."))


def size(total: int, count: int) -> Iterator[Fault]:
    """Whether the package stays below Apple's limit, with `count` files of `total` bytes."""
    whole = total + count * MANIFEST_LINE + SIGNATURE
    if whole > MOST_BYTES:
        reason = _("The package has %(size).1f MB, and orders may have 5 MB.") % {"size": whole / 1_000_000}
        yield Fault("order.json", reason, _("Shrink the images, or link to documents instead of attaching them."))
