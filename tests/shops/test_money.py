"""Money and secrets at rest."""

from decimal import Decimal

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import ValidationError

from accounts.encryption import decrypt, encrypt, rotate
from shops.money import minor_units, rounded, validate_currency


@pytest.mark.parametrize(("currency", "units"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("GBP", 2)])
def test_minor_units(currency, units):
    assert minor_units(currency) == units


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("0.005", "EUR", "0.01"), ("1.5", "JPY", "2"), ("2", "EUR", "2.00"), ("0.0005", "KWD", "0.001")],
)
def test_halves_go_up(amount, currency, text):
    assert str(rounded(Decimal(amount), currency)) == text


@pytest.mark.parametrize("code", ["XYZ", "eur", "", "EURO", "DEM"])
def test_only_codes_in_use(code):
    with pytest.raises(ValidationError):
        validate_currency(code)


def test_keys_rotate(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    token = encrypt("secret")
    assert b"secret" not in token
    settings.ENCRYPTION_KEYS = [new, old]
    assert decrypt(token) == "secret"
    moved = rotate(token)
    settings.ENCRYPTION_KEYS = [new]
    assert decrypt(moved) == "secret"
    with pytest.raises(InvalidToken):
        decrypt(token)
