"""A pass as a phone shows it, roughly: front and back, read off its source (apple-wallet.md §B.2, §B.3).

Dates, money and numbers follow the language and the time zone that are active (shops/speaking.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import segno
from django.utils.safestring import SafeString, mark_safe

from applewallet.looks import contrast
from applewallet.services import Source
from shops.speaking import day, moment, money, number

STYLES = ("coupon", "storeCard")
LEAST = 4.5  # contrast of text (WCAG 2.2)
PARTS = ("header", "primary", "secondary", "auxiliary", "back")


@dataclass(frozen=True, slots=True)
class Line:
    """A field of a pass."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Face:
    """What stands where on a pass; colours as CSS says them, images by their addresses."""

    background: str
    foreground: str
    label: str
    name: str  # of who issues it
    logo_text: str
    lines: Mapping[str, list[Line]]
    code: str
    qr: SafeString
    logo: str = ""
    strip: str = ""

    @property
    def is_hard_to_read(self) -> bool:
        """Whether text stands out too little from its background."""
        return min(contrast(self.background, ink) for ink in (self.foreground, self.label)) < LEAST


def face_of(source: Source, language: str, *, logo: str = "", strip: str = "") -> Face:
    """The pass of this source on a phone that is set to `language`."""
    content, strings = source.content, source.strings.get(language, {})
    fields = next(content[style] for style in STYLES if style in content)
    code = content["barcodes"][0]["altText"]
    qr = segno.make(code, error="m", micro=False).svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None)
    return Face(
        background=content["backgroundColor"],
        foreground=content["foregroundColor"],
        label=content["labelColor"],
        name=content["organizationName"],
        logo_text=content.get("logoText", ""),
        lines={part: [_line(field, strings) for field in fields.get(f"{part}Fields", [])] for part in PARTS},
        code=code,
        qr=mark_safe(qr),  # noqa: S308 -- segno's own markup; the text is in it as modules only
        logo=logo,
        strip=strip,
    )


def _line(field: Mapping[str, Any], strings: Mapping[str, str]) -> Line:
    return Line(strings.get(field["label"], field["label"]), _value(field, strings))


def _value(field: Mapping[str, Any], strings: Mapping[str, str]) -> str:
    value = field["value"]
    if "currencyCode" in field:
        return money(Decimal(str(value)), field["currencyCode"])
    if "dateStyle" in field:
        when = datetime.fromisoformat(value)
        return day(when) if field.get("timeStyle") == "PKDateStyleNone" else moment(when)
    return number(value) if isinstance(value, int) else strings.get(value, value)
