"""The columns of each export, as django-import-export describes them: names, and where the values come from."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model
from import_export.fields import Field
from import_export.resources import Resource
from import_export.widgets import Widget

from orders.models import Order
from passes.models import Pass
from shops.models import Brand, Member, PointsEntry

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
RISKY = ("=", "+", "-", "@", "\t", "\r")  # how a formula begins (OWASP, CSV injection)


class AsItIs(Widget):
    """Hands on numbers and amounts as they are, so that no digit is lost."""

    def render(self, value: Any, obj: Any = None, **_more: Any) -> Any:
        """The value itself."""
        return value


def column(attribute: str, name: str = "") -> Field:
    """A column named `name`, read along `attribute`."""
    return Field(attribute=attribute, column_name=name or attribute, widget=AsItIs(), readonly=True)


class BrandResource(Resource):
    """Rows of one brand: times in its zone, and no cell that a spreadsheet would run."""

    model: type[Model]

    def __init__(self, brand: Brand) -> None:
        super().__init__()
        self.zone = ZoneInfo(brand.time_zone)

    def paths(self) -> list[str]:
        """Where the columns' values are read from a row, in their order."""
        return [field.attribute for field in self.get_export_fields()]

    def cells(self, values: Sequence[Any]) -> list[Any]:
        """What stands in a row: `values` as they were read along the columns' paths."""
        return [self.cell(value) for value in values]

    def cell(self, value: Any) -> Any:
        """A value as it may stand in a file: text, whole number, amount, or nothing."""
        if isinstance(value, str):
            return harmless(value)
        if isinstance(value, datetime):
            return value.astimezone(self.zone).isoformat(timespec="seconds")
        return value if value is None or isinstance(value, int | Decimal) else harmless(str(value))


def harmless(text: str) -> str:
    """`text` without control characters, and with an apostrophe before what a spreadsheet would take for a formula."""
    text = CONTROL.sub("", text)
    return f"'{text}" if text.startswith(RISKY) else text


class OrderColumns(BrandResource):
    """Orders."""

    model = Order
    number = column("number")
    identifier = column("uuid", "identifier")
    placed_at = column("created_at", "placed_at")
    status = column("status")
    processing_status = column("processing_status")
    member_email = column("member__email", "member_email")
    member_name = column("member__name", "member_name")
    currency = column("currency")
    total = column("total")
    points_price = column("total_order_points_price", "points_price")
    points_used = column("points_used")
    refunded = column("refunded")
    points_refunded = column("points_refunded")
    updated_at = column("updated_at")


class MemberColumns(BrandResource):
    """Members."""

    model = Member
    identifier = column("uuid", "identifier")
    email = column("email")
    name = column("name")
    points = column("points")
    member_since = column("created_at", "member_since")


class PassColumns(BrandResource):
    """Passes. Not their QR codes: whoever has one can redeem the pass."""

    model = Pass
    identifier = column("uuid", "identifier")
    coupon = column("coupon__title", "coupon")
    member_email = column("member__email", "member_email")
    status = column("status")
    issued_at = column("created_at", "issued_at")
    expires_at = column("expiration_date", "expires_at")
    redeemed_at = column("redeemed_at")
    redeemed_by = column("redeemed_by")


class PointsColumns(BrandResource):
    """The points ledger."""

    model = PointsEntry
    booked_at = column("created_at", "booked_at")
    member_email = column("member__email", "member_email")
    points = column("points")
    balance = column("balance")
    reason = column("reason")
    reference = column("reference")


EXPORTS: dict[str, type[BrandResource]] = {
    "orders": OrderColumns,
    "members": MemberColumns,
    "passes": PassColumns,
    "points": PointsColumns,
}
