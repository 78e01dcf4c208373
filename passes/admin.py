"""Staff's view of the coupons that are sold and the passes issued of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from passes.admin_forms import CouponForm
from passes.admin_wallet import PassWallet
from passes.models import Coupon, Pass, PassStatus
from passes.services import IS_OVER
from shops.brand_admin import BrandAdmin, OwnRowsFilter, ReadOnly
from shops.columns import spoken
from shops.speaking import money, number

PASS_COLORS = {
    PassStatus.ACTIVE: "success",
    PassStatus.REDEEMED: "info",
    PassStatus.EXPIRED: "warning",
    PassStatus.BLOCKED: "danger",
}


@admin.register(Coupon)
class CouponAdmin(BrandAdmin):
    """What the shop sells."""

    form = CouponForm
    list_display = ["title", "price_in_points", "price_in_money", "stock_left", "valid_until", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["title", "external_reference"]
    readonly_fields = ["uuid", "price_in_money"]
    fieldsets = [
        (None, {"fields": ["title", "description", "image", "external_reference", "is_active"]}),
        (_("Price and stock"), {"fields": ["points", "price_in_money", "stock"]}),
        (_("Validity of its passes"), {"fields": ["valid_days", "valid_until"]}),
    ]
    price_in_points = spoken("points", _("points"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not once a pass was issued of it; then it is taken off sale instead."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.passes.exists())

    @display(description=_("price in money"), ordering="points")
    def price_in_money(self, coupon: Coupon) -> str:
        """What one copy costs without points."""
        if coupon.pk is None or coupon.points is None:
            return str(_("Follows from the points and the brand's point value."))
        return money(coupon.price, coupon.brand.currency)

    @display(description=_("stock"), ordering="stock", empty_value="∞")
    def stock_left(self, coupon: Coupon) -> str | None:
        """How many copies are left to sell."""
        return None if coupon.stock is None else number(coupon.stock)


@admin.register(Pass)
class PassAdmin(PassWallet, ReadOnly, BrandAdmin):
    """Passes: orders issue them and take them back, staff and tills redeem them."""

    list_display = ["pass_name", "member", "status_badge", "expiration_date", "created_at"]
    list_filter = ["status", ("coupon", OwnRowsFilter)]
    list_select_related = ["brand", "coupon", "member"]
    sortable_by = ["member", "status_badge"]  # what an index sorts by
    search_fields = ["qr_code"]
    search_help_text = _("A whole QR code, or the beginning of a member's e-mail address")
    fieldsets = [
        (None, {"fields": ["coupon", "member", "stands", "qr_code", "uuid"]}),
        (_("Dates"), {"fields": ["expiration_date", "created_at", "updated_at"]}),
        (
            _("What became of it"),
            {"fields": ["redeemed_at", "redeemed_by", "blocked_at", "blocked_reason", "voided_at"]},
        ),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Of what became of it, only what did."""
        *others, (name, options) = super().get_fieldsets(request, obj)
        known = [field for field in options["fields"] if getattr(obj, field, None)]
        return [*others, (name, {"fields": known})] if known else others

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pass]:
        """With whether their date is past."""
        return super().get_queryset(request).annotate(**IS_OVER)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Pass], search_term: str
    ) -> tuple[QuerySet[Pass], bool]:
        """Search by what an index can find."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = queryset.filter(qr_code=term.upper())
        return (found if found.exists() else queryset.filter(member__email__lower__startswith=term.lower())), False

    @display(description=_("pass"))
    def pass_name(self, issued: Pass) -> str:
        """The coupon, and the QR code once there is one."""
        return str(issued)

    @display(description=_("status"))
    def stands(self, issued: Pass) -> Any:
        """Where it stands, in a word."""
        return issued.standing.label

    @display(description=_("status"), ordering="status", label=PASS_COLORS)
    def status_badge(self, issued: Pass) -> tuple[str, Any]:
        """Where it stands."""
        return issued.standing, issued.standing.label
