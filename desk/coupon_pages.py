"""What the desk adds to a coupon's page: how the shop shows it, and how its passes look in Wallet."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applewallet.faces import Face, face_of
from applewallet.looks import design_of
from applewallet.models import Design
from desk.previews import Preview, Previewed
from passes.models import Coupon, Pass
from passes.services import expiration_of
from passes.source import coupon_texts
from shops.models import Brand
from shops.permissions import brands_where

CODE = "EXAMPLE"  # of no pass: theirs have twenty characters
KEPT = "data:,"  # stands for the picture that the browser has shown before


class CouponDesk(Previewed):
    """Adds the preview to the coupons' admin."""

    def fill(self, request: HttpRequest, form: Any, preview: Preview) -> None:
        """The coupon as a card of the shop, and as a pass that was just paid for."""
        coupon = form.instance
        if preview.brand is None:
            return
        coupon.brand = preview.brand
        picture = KEPT if "_kept" in request.POST else _picture_of(form)
        context = {"coupon": coupon, "brand": preview.brand, "picture": picture, "is_preview": True}
        preview.offer = render_to_string("storefront/offer.html", context)
        face = face_of_coupon(coupon, design_of(preview.brand), preview.language, picture)
        preview.faces = [(_("A pass in Apple Wallet"), face)]
        is_over = coupon.valid_until is not None and coupon.valid_until <= timezone.now()
        if is_over or not coupon.is_active:
            preview.notes.append(_("Not for sale: the shop does not show it."))

    def brand_before_choice(self, request: HttpRequest) -> Brand | None:
        """The only brand of somebody who has no other."""
        mine = list(brands_where(request.user, "add coupon")[:2])
        return mine[0] if len(mine) == 1 else None


def face_of_coupon(coupon: Coupon, design: Design, language: str, picture: str) -> Face:
    """A pass of this coupon that was paid for just now, in this design."""
    issued = Pass(
        brand=coupon.brand, coupon=coupon, qr_code=CODE, expiration_date=expiration_of(coupon, timezone.now())
    )
    logo = coupon.brand.logo.url if coupon.brand.logo else ""
    return face_of(coupon_texts(issued, design), language, logo=logo, strip=picture)


def _picture_of(form: Any) -> str:
    """Where the coupon's picture is: in the form, or kept; empty without one."""
    if getattr(form, "shown", None):
        return str(form.shown)
    image = form.instance.image  # the kept one, if the form refused another
    return str(image.url) if image else ""
