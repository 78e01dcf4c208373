"""A brand's key for Mollie: kept encrypted, shown to nobody again, written to no log."""

import re

from django.utils.translation import gettext as _

from accounts.encryption import decrypt, encrypt
from orders.payments import KeyRefused
from shops.errors import InvalidInput
from shops.models import Brand

FORM = re.compile(r"(?:test|live)_[A-Za-z0-9]{20,100}")  # docs.mollie.com, "Authentication"
TEST = "test_"


def keep_key(brand: Brand, key: str) -> None:
    """Make `key` the brand's, in place of the one before. Raises InvalidInput for what cannot be a key of Mollie's."""
    if not FORM.fullmatch(key):
        text = _("A key of Mollie's is test_ or live_ and then letters and digits. Copy all of it.")
        raise InvalidInput({"mollie_key": [text]})
    brand.encrypted_mollie_key, brand.mollie_key_hint = encrypt(key), f"{key[:5]}…{key[-4:]}"
    brand.save(update_fields=["encrypted_mollie_key", "mollie_key_hint"])


def forget_key(brand: Brand) -> None:
    """Delete the brand's key. What is still to be asked of Mollie waits until there is another."""
    brand.encrypted_mollie_key, brand.mollie_key_hint = None, ""
    brand.save(update_fields=["encrypted_mollie_key", "mollie_key_hint"])


def key_of(brand: Brand) -> str:
    """The brand's key as it is now. Raises KeyRefused if it has none."""
    found = type(brand)._base_manager.values_list("encrypted_mollie_key", flat=True).get(pk=brand.pk)  # noqa: SLF001
    if found is None:
        raise KeyRefused(_("The brand has no key for Mollie."))
    return decrypt(bytes(found))
