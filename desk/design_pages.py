"""What the desk adds to the page of a brand's design: a coupon's pass and a store card in it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applewallet.faces import face_of
from desk.coupon_pages import face_of_coupon
from desk.previews import Preview, Previewed
from passes.models import Coupon
from passes.source import card_texts
from shops.models import Brand, Member
from shops.permissions import brands_where

POINTS = 1250  # on the example's card
NOBODY = UUID(int=0)


class DesignDesk(Previewed):
    """Adds the preview to the designs' admin."""

    def fill(self, request: HttpRequest, form: Any, preview: Preview) -> None:
        """The newest coupon for sale, or an example, and a card, each with front and back."""
        brand, design = preview.brand, form.instance
        if brand is None:
            return
        coupon = brand.coupons.filter(is_active=True).order_by("-pk").first() or _example_of(brand)
        coupon.brand = brand
        picture = coupon.image.url if coupon.image else ""
        card = card_texts(Member(brand=brand, name="Emma Brown", points=POINTS, uuid=NOBODY), design)
        preview.faces = [
            (gettext_lazy("A coupon"), face_of_coupon(coupon, design, preview.language, picture)),
            (gettext_lazy("A store card"), face_of(card, preview.language, logo=brand.logo.url if brand.logo else "")),
        ]
        if any(face.is_hard_to_read for _title, face in preview.faces):
            preview.notes.append(
                gettext_lazy("The text is hard to read on this background: choose colours that differ more.")
            )

    def brand_before_choice(self, request: HttpRequest) -> Brand | None:
        """The first that has no design yet: the form offers it first."""
        return brands_where(request.user, "add design").filter(design=None).first()


def _example_of(brand: Brand) -> Coupon:
    return Coupon(brand=brand, title=_("Breakfast for two"), points=1500, valid_days=30)
