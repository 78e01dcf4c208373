"""What checks say, in the words that several tests expect."""

from applewallet.checks.faults import Severity

ADD = "Add it."
MOMENT = "Write date, time and zone: “2026-08-01T10:00:00Z” or “2026-08-01T12:00:00+02:00”."
AMOUNT = "Write amounts as text with a point: “19.00”."
CURRENCY = "Write the three capital letters of ISO 4217: “EUR”."
DURATION = "Write a duration as ISO 8601 does: “PT2H”, “P1D”."
URL = "Write a whole address: “https://shop.example/orders/1001”."
HTTPS = "Write an address that begins with “https://” and that phones can reach."
PAYMENT_STATUS = (
    "Send it always with schemaVersion 1: iOS 16 refuses the order without it, whatever the transactions say."
)
MERCHANT_ID = "Write the Merchant ID, “merchant.…”, of the Apple account that has the signing certificate."
TOKEN = "Give the package a random token of its own of at least 16 characters."
UNREAD = "No version of Wallet known here reads this key."
LEAVE_OUT = "Leave it out."
NUMBER = "It is a number instead of text."
COUNTRY = "Write the two capital letters of ISO 3166: “NL”."


def bad(value):
    return f"“{value}” does not have the right form."


def unknown(value):
    return f"Wallet does not know “{value}” here."


def one_of(prefix, names):
    return f"Choose one of: {', '.join(prefix + name for name in names.split())}."


def only_in(places):
    return f"It has an effect in {places} only."


def errors(found):
    """Field, reason and cure of each fault that stops the package."""
    return _told(found, Severity.ERROR)


def warnings(found):
    return _told(found, Severity.WARNING)


def _told(found, severity):
    return [(one.field, one.reason, one.cure) for one in found if one.severity is severity]
