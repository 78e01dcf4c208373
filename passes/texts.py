"""What passes say, in the languages that they carry: the phone chooses. Keys are what pass.json shows otherwise."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {  # English, Dutch
    "label_coupon": ("Coupon", "Coupon"),
    "label_expires": ("Valid until", "Geldig tot"),
    "label_status": ("Status", "Status"),
    "label_member": ("Member", "Lid"),
    "label_points": ("Points", "Punten"),
    "label_worth": ("Worth", "Waarde"),
    "label_description": ("About this coupon", "Over deze coupon"),
    "label_code": ("Code", "Code"),
    "label_terms": ("Terms", "Voorwaarden"),
    "label_contact": ("Questions?", "Vragen?"),
    "label_redeemed": ("Redeemed", "Ingewisseld"),
    "status_active": ("Ready to use", "Klaar voor gebruik"),
    "status_redeemed": ("Redeemed", "Ingewisseld"),
    "status_expired": ("Expired", "Verlopen"),
    "status_blocked": ("Blocked", "Geblokkeerd"),
    "status_reserved": ("Waiting for payment", "Wacht op betaling"),
    "changed_points": ("You now have %@ points.", "Je hebt nu %@ punten."),
    "changed_expires": ("Valid until %@ now.", "Nu geldig tot %@."),
    "changed_status": ("%@", "%@"),
    "card": ("Store card", "Klantenkaart"),
    "card_taken": ("You already have a card.", "Je hebt al een kaart."),
}
LANGUAGES = ("en", "nl")


def in_languages(keys: set[str], **terms: str) -> dict[str, dict[str, str]]:
    """The texts of `keys` by language, and the brand's own terms beside them."""
    own = {language: {"brand_terms": text} for language, text in terms.items()}
    return {
        language: {key: TEXTS[key][number] for key in sorted(keys)} | own.get(language, {})
        for number, language in enumerate(LANGUAGES)
    }
