"""What the JSON Schemas find, in plain words: what is wrong, and what to write instead."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from jsonschema.exceptions import ValidationError
from PIL import ImageColor

from applewallet.checks.faults import Fault, place, shown, warning

MOMENT = gettext_lazy("Write date, time and zone: “2026-08-01T10:00:00Z” or “2026-08-01T12:00:00+02:00”.")
AMOUNT = gettext_lazy("Write amounts as text with a point: “19.00”.")
CURRENCY = gettext_lazy("Write the three capital letters of ISO 4217: “EUR”.")
URL = gettext_lazy("Write a whole address: “https://shop.example/orders/1001”.")
HTTPS = gettext_lazy("Write an address that begins with “https://” and that phones can reach.")

# What to write, by the path without its numbers, by the key alone, or by the name of the definition in the schema.
CURES: Mapping[str, str | Promise] = {
    "payment.status": gettext_lazy(
        "Send it always with schemaVersion 1: iOS 16 refuses the order without it, whatever the transactions say."
    ),
    "webServiceURL": HTTPS,
    "authenticationToken": gettext_lazy("Give the package a random token of its own of at least 16 characters."),
    "merchant.merchantIdentifier": gettext_lazy(
        "Write the Merchant ID, “merchant.…”, of the Apple account that has the signing certificate."
    ),
    "associatedStoreIdentifiers": gettext_lazy("Add the App Store identifiers of the apps that the address opens."),
    "preferredStyleSchemes": gettext_lazy("List the schemes, the style of the pass last, or leave the key out."),
    "barcodes": gettext_lazy("Write a list, also of one: [{…}]. Wallet takes the first that it can show."),
    "countryCode": gettext_lazy("Write the two capital letters of ISO 3166: “NL”."),
    "SHA256": gettext_lazy("Write the SHA-256 of the image's bytes as 64 hexadecimal digits."),
    "proximityUUID": gettext_lazy("Write the beacon's UUID: “a1b2c3d4-0000-4000-8000-0123456789ab”."),
    "amount": AMOUNT,
    "currency": CURRENCY,
    "CurrencyCode": CURRENCY,
    "Moment": MOMENT,
    "dt": MOMENT,
    "dur": gettext_lazy("Write a duration as ISO 8601 does: “PT2H”, “P1D”."),
    "Url": URL,
    "uri": URL,
    "url": URL,
    "orderManagementURL": URL,
    "HttpsUrl": HTTPS,
    "Colour": gettext_lazy("Write “rgb(r, g, b)” with numbers from 0 to 255."),
}
TYPES: Mapping[str, str | Promise] = {
    "string": gettext_lazy("text"),
    "number": gettext_lazy("a number"),
    "integer": gettext_lazy("a whole number"),
    "boolean": gettext_lazy("true or false"),
    "array": gettext_lazy("a list"),
    "object": gettext_lazy("an object"),
}
# What stands where one of several alternatives should, by the title of the schema; the rest is about styles.
ALTERNATIVES: Mapping[str, str | Promise] = {
    "RelevantDate": gettext_lazy("Write “date”, or “startDate” with “endDate”."),
}
STYLES = ("boardingPass", "coupon", "eventTicket", "generic", "storeCard")


def unknown_keys(error: ValidationError) -> Iterator[Fault]:
    """Keys that the schema does not know. Apple adds some every year, so they stop nobody."""
    known = error.schema["properties"]
    for key in error.instance:
        if key not in known:
            near = get_close_matches(key, known, 1, 0.8)
            cure = _("Did you mean “%(key)s”?") % {"key": near[0]} if near else _("Leave it out if it is not new.")
            yield warning(
                place([*error.absolute_path, key]), _("No version of Wallet known here reads this key."), cure
            )


def missing_keys(error: ValidationError, keys: Iterable[str], because: str = "") -> Iterator[Fault]:
    """Keys that should be there, in some cases `because` another one is."""
    reason = _("It is missing, and “%(key)s” needs it.") % {"key": because} if because else _("It is missing.")
    known = error.schema.get("properties", {})
    for key in keys:
        if key not in error.instance:
            path = [*error.absolute_path, key]
            yield Fault(place(path), reason, _cure_for(path, known.get(key, {})) or _("Add it."))


def wrong_value(error: ValidationError) -> Fault:
    """A value of the wrong type, form, length or size."""
    path = list(error.absolute_path)
    if error.validator == "type":
        return wrong_type(error, error.validator_value)
    reason, cure = TELLERS[str(error.validator)](error)
    return Fault(place(path), reason, _cure_for(path, error.schema, error.instance) or cure)


def wrong_type(error: ValidationError, wanted: str | list[str]) -> Fault:
    """A value of the wrong type."""
    path = list(error.absolute_path)
    names = _(" or ").join(str(TYPES[name]) for name in ([wanted] if isinstance(wanted, str) else wanted))
    if error.instance is None:
        return Fault(place(path), _("It is null."), _("Leave the key out, or write %(type)s.") % {"type": names})
    reason = _("It is %(found)s instead of %(wanted)s.") % {"found": _type_of(error.instance), "wanted": names}
    return Fault(
        place(path), reason, _cure_for(path, error.schema, error.instance) or _("Write %(type)s.") % {"type": names}
    )


def wrong_word(error: ValidationError, key: str, known: list[str]) -> Fault:
    """A word that tells alternatives apart, missing or unknown."""
    reason = _unknown(error.instance[key]) if key in error.instance else _("It is missing.")
    return Fault(place([*error.absolute_path, key]), reason, _choice(known))


def not_one_of(error: ValidationError) -> Fault:
    """None of the alternatives, or several at once."""
    alternatives = ALTERNATIVES.get(error.schema.get("title", ""))
    if alternatives:
        return Fault(place(error.absolute_path), _("It holds none of its forms, or two at once."), str(alternatives))
    there = [style for style in STYLES if style in error.instance]
    reason = _("The pass has several styles: %(styles)s.") if there else _("The pass has no style.")
    field = there[1] if there else "pass.json"
    return Fault(field, reason % {"styles": ", ".join(there)}, _("Keep one of: %(all)s.") % {"all": ", ".join(STYLES)})


def _cure_for(path: list[str | int], schema: Mapping[str, Any], value: object = "") -> str:
    keys = [step for step in path if isinstance(step, str)]
    title = schema.get("title", "")
    if title == "Colour":
        return _cure_of_color(value)
    names = (".".join(keys), keys[-1] if keys else "", title)
    return next((str(CURES[name]) for name in names if name in CURES), "")


def _cure_of_color(value: object) -> str:
    """For a colour of the web, what it is called here."""
    try:
        red, green, blue = ImageColor.getrgb(str(value))[:3]
    except ValueError:
        return str(CURES["Colour"])
    if max(red, green, blue) > 255:  # noqa: PLR2004 -- a byte
        return str(CURES["Colour"])
    return _("Write “rgb(%(red)d, %(green)d, %(blue)d)”.") % {"red": red, "green": green, "blue": blue}


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    kinds = ((str, "string"), (int | float, "number"), (list, "array"), (dict, "object"))
    return str(next(TYPES[name] for kind, name in kinds if isinstance(value, kind)))


def _unknown(value: object) -> str:
    return _("Wallet does not know %(value)s here.") % {"value": shown(value)}


def _choice(known: Iterable[object]) -> str:
    return _("Choose one of: %(known)s.") % {"known": ", ".join(map(str, known))}


def _form(error: ValidationError) -> tuple[str, str]:
    value = str(error.instance)
    if error.schema.get("title") in {"dt", "Moment"} and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+", value):
        return _("%(value)s has no zone.") % {"value": shown(value)}, ""
    if error.validator_value == "^https://" and value.startswith("http://"):
        return _("Phones ask over https only."), ""
    return _("%(value)s does not have the right form.") % {"value": shown(value)}, ""  # CURES knows every form


def _limit(error: ValidationError) -> tuple[str, str]:
    reason = _("%(value)s is out of range.") % {"value": shown(error.instance)}
    if error.validator == "exclusiveMinimum":
        return reason, _("Write a number above %(low)s.") % {"low": error.validator_value}
    low, high = error.schema.get("minimum", 0), error.schema.get("maximum")
    if high is None:
        return reason, _("Write %(low)s or more.") % {"low": low}
    return reason, _("Write a number from %(low)s to %(high)s.") % {"low": low, "high": high}


def _too_many(error: ValidationError) -> tuple[str, str]:
    most = error.validator_value
    reason = _("There are %(count)d, and only %(most)d fit.") % {"count": len(error.instance), "most": most}
    return reason, _("Keep at most %(most)d.") % {"most": most}


def _too_long(error: ValidationError) -> tuple[str, str]:
    most = error.validator_value
    reason = _("It has %(count)d characters.") % {"count": len(error.instance)}
    return reason, _("Write at most %(most)d.") % {"most": most}


def _too_short(error: ValidationError) -> tuple[str, str]:
    if not error.instance:
        return _("It is empty."), _("Write something.")
    count, least = len(error.instance), error.validator_value
    return _("It has only %(count)d characters.") % {"count": count}, _("Write at least %(least)d.") % {"least": least}


TELLERS: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    "enum": lambda error: (_unknown(error.instance), _choice(error.validator_value)),
    "const": lambda error: (_unknown(error.instance), _("Write %(value)s.") % {"value": shown(error.validator_value)}),
    "pattern": _form,
    "format": _form,
    "minimum": _limit,
    "exclusiveMinimum": _limit,
    "maximum": _limit,
    "maxItems": _too_many,
    "minItems": _too_short,
    "maxLength": _too_long,
    "minLength": _too_short,
}
