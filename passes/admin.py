"""Staff's view of the coupons that are sold and the passes issued of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from passes.models import Coupon, Pass, PassStatus
from shops.brand_admin import BrandAdmin, OwnRowsFilter, ReadOnly

PASS_COLORS = {
    PassStatus.ACTIVE: "success",
    PassStatus.REDEEMED: "info",
    PassStatus.EXPIRED: "warning",
    PassStatus.BLOCKED: "danger",
}


@admin.register(Coupon)
class CouponAdmin(BrandAdmin):
    """What the shop sells."""

    list_display = ["title", "points", "price_in_money", "stock_left", "valid_until", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["title", "external_reference"]
    readonly_fields = ["uuid", "price_in_money"]
    fieldsets = [
        (None, {"fields": ["title", "description", "image", "external_reference", "is_active"]}),
        (_("Price and stock"), {"fields": ["points", "price_in_money", "stock"]}),
        (_("Validity of its passes"), {"fields": ["valid_days", "valid_until"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not once a pass was issued of it; then it is taken off sale instead."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.passes.exists())

    @display(description=_("price in money"), ordering="points")
    def price_in_money(self, coupon: Coupon) -> str:
        """What one copy costs without points."""
        if coupon.pk is None or coupon.points is None:
            return str(_("Follows from the points and the brand's point value."))
        return f"{coupon.brand.currency} {coupon.price}"

    @display(description=_("stock"), ordering="stock", empty_value="∞")
    def stock_left(self, coupon: Coupon) -> int | None:
        """How many copies are left to sell."""
        return coupon.stock


@admin.register(Pass)
class PassAdmin(ReadOnly, BrandAdmin):
    """Passes, to look at: orders issue and void them."""

    list_display = ["pass_name", "member", "status_badge", "expiration_date", "created_at"]
    list_filter = ["status", ("coupon", OwnRowsFilter)]
    list_select_related = ["brand", "coupon", "member"]
    search_fields = ["qr_code"]
    search_help_text = _("A whole QR code, or the beginning of a member's e-mail address")
    fieldsets = [
        (None, {"fields": ["coupon", "member", "status", "qr_code", "uuid"]}),
        (_("Dates"), {"fields": ["expiration_date", "redeemed_at", "created_at", "updated_at"]}),
    ]

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

    @display(description=_("status"), ordering="status", label=PASS_COLORS)
    def status_badge(self, issued: Pass) -> tuple[str, str]:
        """Where it stands."""
        return issued.status, issued.get_status_display()
