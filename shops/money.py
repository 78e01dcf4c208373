"""Money: a Decimal with its ISO 4217 currency and that currency's minor units."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from babel.core import get_global
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FRACTIONS: Mapping[str, tuple[int, int, int, int]] = get_global("currency_fractions")
CURRENCIES = frozenset(
    currency
    for territory in get_global("territory_currencies").values()
    for currency, _start, end, tender in territory
    if tender and end is None
)


def minor_units(currency: str) -> int:
    """How many decimals amounts of `currency` (ISO 4217) carry: 2 for EUR, 0 for JPY, 3 for KWD."""
    return FRACTIONS.get(currency, FRACTIONS["DEFAULT"])[0]


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units of `currency`, halves up, as a till rounds."""
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)


def validate_currency(value: str) -> None:
    """Raise ValidationError unless `value` is an ISO 4217 code in use."""
    if value not in CURRENCIES:
        raise ValidationError(_("“%(value)s” is not a currency code of ISO 4217."), params={"value": value})
