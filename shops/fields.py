"""Model fields of our own."""

from typing import Any

from django.db import models


class MoneyField(models.DecimalField):
    """An exact amount that keeps the scale it was saved with: 12.50 EUR stays 12.50, 1250 JPY stays 1250.

    PostgreSQL's unconstrained `numeric` does that; a fixed scale would print yen with decimals. The currency stands
    in a column beside it; `shops.money.rounded` brings an amount to that currency's minor units.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 15)
        kwargs.setdefault("decimal_places", 4)  # for forms; no currency in use has more than four
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "numeric"
