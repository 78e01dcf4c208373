"""What orders say on a phone, in the languages that they carry. Keys are what order.json shows otherwise."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {  # English, Dutch
    "status_open": ("Waiting for payment", "Wacht op betaling"),
    "status_paid": ("Paid", "Betaald"),
    "status_failed": ("Payment failed", "Betaling mislukt"),
    "status_canceled": ("Canceled", "Geannuleerd"),
    "status_expired": ("Not paid in time", "Niet op tijd betaald"),
    "summary_price": ("Price", "Prijs"),
    "summary_points": ("Paid with points", "Betaald met punten"),
    "summary_refunded": ("Refunded", "Terugbetaald"),
    "summary_subtotal": ("Subtotal", "Subtotaal"),
    "summary_shipping": ("Shipping", "Verzending"),
    "summary_tax": ("Tax", "Btw"),
}
LANGUAGES = ("en", "nl")


def in_languages(keys: set[str]) -> dict[str, dict[str, str]]:
    """The texts of `keys` by language."""
    return {language: {key: TEXTS[key][number] for key in sorted(keys)} for number, language in enumerate(LANGUAGES)}
