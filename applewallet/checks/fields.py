"""Rules of the fields on a pass, beyond the schema (apple-wallet.md §B.3)."""

import re
from collections.abc import Iterator
from functools import cache

from django.utils.translation import gettext as _

from applewallet.checks import schema
from applewallet.checks.common import Content
from applewallet.checks.faults import Fault, warning
from applewallet.checks.files import Strings
from applewallet.checks.words import CURES, STYLES

MOST_TOGETHER = 4  # secondary and auxiliary fields that fit on a pass without rows
MOST_IN_ROW = 4
SQUARE = {"PKBarcodeFormatQR", "PKBarcodeFormatAztec"}
HTML_TAG = re.compile(r"<\s*/?\s*([a-zA-Z][\w-]*)")


def all_fields(content: Content) -> Iterator[tuple[str, Content]]:
    """Every field on the pass with its path, in groups that the schema has checked."""
    for style in (*STYLES, "posterGeneric"):
        for group in _groups(style) if style in content else ():
            for number, field in enumerate(content[style].get(group, ())):
                yield f"{style}.{group}[{number}]", field


@cache
def _groups(style: str) -> list[str]:
    """The names of the groups of fields that a style has."""
    definition = schema.read("pass")["$defs"][style[0].upper() + style[1:]]
    return [name for name in definition["properties"] if name.endswith("Fields")]


def faults(content: Content, style: str, strings: Strings) -> Iterator[Fault]:
    """What is wrong with the fields. Keys are unique in a style: what a newer style falls back to may repeat them."""
    seen: dict[tuple[str, str], str] = {}
    for place, field in all_fields(content):
        key = (place.partition(".")[0], field["key"])
        if key in seen:
            reason = _("%(other)s has the key “%(key)s” too.") % {"other": seen[key], "key": key[1]}
            yield Fault(f"{place}.key", reason, _("Give each field a key of its own."))
        seen[key] = place
        yield from _field(place, field)
        yield from _change_message(place, field, strings)
    yield from _together(content, style)


def _field(place: str, field: Content) -> Iterator[Fault]:
    value = field["value"]
    is_number = isinstance(value, int | float)
    for key in ("currencyCode", "numberStyle"):
        if key in field and not is_number:
            reason = _("%(key)s is for numbers, and the value is text.") % {"key": key}
            yield Fault(
                f"{place}.value", reason, _("Write the value as a number, or leave %(key)s out.") % {"key": key}
            )
    styles = {field.get("dateStyle", "PKDateStyleNone"), field.get("timeStyle", "PKDateStyleNone")}
    if styles != {"PKDateStyleNone"} and schema.faults("pass", value, "Moment"):
        reason = _("dateStyle and timeStyle are for moments, and the value is none.")
        yield Fault(f"{place}.value", reason, str(CURES["Moment"]))
    group = place.rpartition(".")[2].partition("[")[0]
    if "textAlignment" in field and group in {"primaryFields", "backFields"}:
        yield _idle(f"{place}.textAlignment")
    if "dataDetectorTypes" in field and group != "backFields":
        yield _idle(f"{place}.dataDetectorTypes")
    if "row" in field and not place.startswith("eventTicket.auxiliaryFields"):
        yield _idle(f"{place}.row")
    others = set(HTML_TAG.findall(str(field.get("attributedValue", "")))) - {"a", "A"}
    if others:
        reason = _("Wallet understands links only, not <%(tag)s>.") % {"tag": min(others)}
        yield Fault(f"{place}.attributedValue", reason, _('Write “<a href="…">…</a>” and plain text.'))


def _idle(field: str) -> Fault:
    return warning(field, _("It has no effect in this place."), _("Leave it out."))


def _change_message(place: str, field: Content, strings: Strings) -> Iterator[Fault]:
    """The text that a phone shows when the value changes; with `%@` where the new value goes."""
    message = field.get("changeMessage")
    if message is None:
        return
    reason = _("It has no “%@”, so the phone tells nothing when the value changes.")
    cure = _("Write “%@” where the new value goes: “You have %@ points.”.")
    translated = {language: texts[message] for language, texts in strings.items() if message in texts}
    if not translated and "%@" not in message:
        yield Fault(f"{place}.changeMessage", reason, cure)
    for language, text in translated.items():
        if "%@" not in str(text):
            yield Fault(f"{language}.lproj/pass.strings", _("“%(key)s”: ") % {"key": message} + reason, cure)


def _together(content: Content, style: str) -> Iterator[Fault]:
    """How many fields fit below the primary ones."""
    auxiliary = content[style].get("auxiliaryFields", [])
    if style == "eventTicket":
        for row in (0, 1):
            if sum(field.get("row", 0) == row for field in auxiliary) > MOST_IN_ROW:
                reason = _("Row %(row)d has more fields than fit.") % {"row": row}
                yield Fault(
                    "eventTicket.auxiliaryFields", reason, _("Keep at most 4 in each row: set “row” to 0 or 1.")
                )
    elif style != "boardingPass":
        if style == "generic" and not any(one["format"] in SQUARE for one in content.get("barcodes", ())):
            return
        count = len(content[style].get("secondaryFields", [])) + len(auxiliary)
        if count > MOST_TOGETHER:
            reason = _("With the secondary fields there are %(count)d, and 4 fit.") % {"count": count}
            yield Fault(f"{style}.auxiliaryFields", reason, _("Move some to backFields."))
