"""Which files a pass of which style has, and what Wallet makes of their sizes (apple-wallet.md §B.4, §B.9)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson
from django.utils.translation import gettext as _

from applewallet.checks import schema
from applewallet.checks.common import Content
from applewallet.checks.faults import Fault, warning
from applewallet.checks.files import PERSONALIZATION
from applewallet.checks.passes import schemes_of, style_of
from applewallet.checks.pictures import Picture, name_of, picture_of
from applewallet.package import File

POSTERS = {"posterEventTicket", "posterGeneric"}
STRIP_STYLES = {"coupon", "storeCard", "eventTicket"}
TOLERANCE = 0.03  # of a ratio: what rounding to whole pixels does


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an image goes: the styles and schemes that have it, its size in points, the ratios that are not cropped."""

    places: frozenset[str]  # empty: all
    width: int
    height: int
    ratios: tuple[float, float]  # the narrowest and the widest; (0, 0) if all fit
    fills: bool = True  # else smaller ones stay as they are


def _exactly(places: set[str], width: int, *heights: int) -> Frame:
    ratios = (width / max(heights), width / min(heights))
    return Frame(frozenset(places), width, min(heights), ratios)


def _at_most(places: set[str], width: int, height: int) -> Frame:
    return Frame(frozenset(places), width, height, (0, 0), fills=False)


FRAMES: Mapping[str, Frame] = {
    "icon": _exactly(set(), 29, 29),
    "logo": _at_most(set(), 160, 50),
    "strip": _exactly(STRIP_STYLES, 375, 98, 123, 144),
    "thumbnail": Frame(frozenset({"generic", "eventTicket"}), 60, 60, (2 / 3, 3 / 2)),
    "background": Frame(frozenset({"eventTicket", *POSTERS}), 180, 220, (0, 0)),
    "artwork": Frame(frozenset(POSTERS), 343, 448, (0, 0)),
    "footer": Frame(frozenset({"boardingPass", *POSTERS}), 268, 15, (268 / 15, 286 / 15)),
    "primaryLogo": _at_most(POSTERS, 126, 30),
    "secondaryLogo": _at_most(POSTERS, 135, 12),
    "personalizationLogo": _at_most({PERSONALIZATION}, 150, 40),
}


def faults(content: Content, files: Mapping[str, File]) -> Iterator[Fault]:
    """What is missing, what is too much, and what will not look well."""
    names = {name_of(path).base for path in files}
    yield from _icon(files, names)
    style, schemes = style_of(content), schemes_of(content)
    both = names & {"background", "thumbnail"}
    if style == "eventTicket" and "strip" in names and both and not POSTERS & schemes:
        reason = _("An event ticket shows a strip, or a background with a thumbnail.")
        cure = _("Leave out the strip, or: %(others)s.") % {"others": ", ".join(sorted(both))}
        yield Fault("strip.png", reason, cure)
    places = {style, *schemes} | ({PERSONALIZATION} & files.keys())
    for path, file in files.items():
        if path != PERSONALIZATION:
            yield from _image(path, picture_of(file.content), places)
    if PERSONALIZATION in files:
        yield from _personalization(content, files[PERSONALIZATION], names)


def _icon(files: Mapping[str, File], names: set[str]) -> Iterator[Fault]:
    if "icon" not in names:
        reason = _("It is missing, and Wallet refuses passes without it.")
        cure = _("Add icon.png, icon@2x.png and icon@3x.png: 38, 76 and 114 pixels wide and high.")
        yield Fault("icon.png", reason, cure)
    elif not any(name_of(path).base == "icon" and name_of(path).scale > 1 for path in files):
        reason = _("It is the only icon, and phones have two or three pixels for each of its.")
        yield warning("icon.png", reason, _("Add icon@2x.png and icon@3x.png."))


def _image(path: str, picture: Picture | None, places: set[str]) -> Iterator[Fault]:
    name = name_of(path)
    frame = FRAMES.get(name.base)
    if frame is None:
        reason = _("Wallet shows no image of this name.")
        yield warning(path, reason, _("Choose one of: %(names)s.") % {"names": ", ".join(FRAMES)})
    elif frame.places and not frame.places & places:
        reason = _("It is shown with %(places)s only.") % {"places": ", ".join(sorted(frame.places))}
        yield warning(path, reason, _("Leave it out."))
    elif picture:
        yield from _size(path, picture, frame, name.scale)


def _size(path: str, picture: Picture, frame: Frame, scale: int) -> Iterator[Fault]:
    values = {"width": picture.width, "height": picture.height}
    low, high = frame.ratios
    ratio = picture.width / picture.height
    if high and not low * (1 - TOLERANCE) <= ratio <= high * (1 + TOLERANCE):
        reason = _("It has %(width)d by %(height)d pixels, so Wallet cuts some of it off.") % values
        yield warning(path, reason, _("Draw it in the ratio %(ratio)s.") % {"ratio": _ratios(frame)})
    elif frame.fills and picture.width < frame.width * scale:
        reason = _("It has %(width)d by %(height)d pixels and will look blurred.") % values
        yield warning(path, reason, _("Draw it %(least)d pixels wide or more.") % {"least": frame.width * scale})
    elif not frame.fills and (picture.width > frame.width * scale or picture.height > frame.height * scale):
        most = {"width": frame.width * scale, "height": frame.height * scale}
        reason = _("It has %(width)d by %(height)d pixels, more than are shown.") % values
        yield warning(path, reason, _("Draw it within %(width)d by %(height)d pixels.") % most)


def _ratios(frame: Frame) -> str:
    low, high = (f"{ratio:.2f}" for ratio in frame.ratios)
    return f"{low}:1" if low == high else _("%(low)s:1 to %(high)s:1") % {"low": low, "high": high}


def _personalization(content: Content, file: File, names: set[str]) -> Iterator[Fault]:
    """The form of a sign-up pass."""
    try:
        document = orjson.loads(file.content)
    except orjson.JSONDecodeError:
        yield Fault(PERSONALIZATION, _("This is no JSON."), _("Write an object with requiredPersonalizationFields."))
        return
    for fault in schema.faults("pass", document, "Personalization"):
        field = f"{PERSONALIZATION}: {fault.field}".removesuffix(": ")
        yield Fault(field, fault.reason, fault.cure, fault.severity)
    if "webServiceURL" not in content:
        reason = _("Phones send the filled form to the web service, and there is none.")
        yield Fault("webServiceURL", reason, _("Add webServiceURL and authenticationToken."))
    if "nfc" not in content:
        reason = _("Wallet shows the form on passes with NFC only, and this one has none.")
        yield warning(PERSONALIZATION, reason, _("Add “nfc”, and sign with an NFC certificate."))
    if "personalizationLogo" not in names:
        reason = _("The form has no picture.")
        yield warning("personalizationLogo@2x.png", reason, _("Add it: at most 300 by 80 pixels."))
