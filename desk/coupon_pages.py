"""What the desk adds to a coupon's page: how the shop shows it."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from applewallet.looks import readable_on


class CouponDesk:
    """Adds the preview to the coupons' admin."""

    change_form_outer_after_template = "desk/coupon_preview.html"

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the coupon as a card of the shop."""
        coupon = context.get("original")
        if coupon:
            background = coupon.brand.primary_color
            is_over = coupon.valid_until is not None and coupon.valid_until <= timezone.now()
            context["preview"] = {
                "background": background,
                "foreground": readable_on(background),
                "has_end": coupon.valid_until is not None or coupon.valid_days is not None,
                "is_shown": coupon.is_active and not is_over,
            }
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]
