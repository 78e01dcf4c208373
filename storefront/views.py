"""The shop of a brand, at /s/<slug>/: what there is to buy."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from storefront.cart import for_sale
from storefront.forms import QuantityForm
from storefront.pages import BrandPage
from storefront.visitors import member_of

PER_PAGE = 24
LONGEST_SEARCH = 100  # characters


class Shop(BrandPage):
    """What can be bought, in pages; `?q=` searches titles and descriptions."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the coupons that are for sale."""
        coupons = for_sale(self.brand).order_by("points", "pk")
        wanted = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
        if wanted:
            coupons = coupons.filter(Q(title__icontains=wanted) | Q(description__icontains=wanted))
        shown = Paginator(coupons, PER_PAGE).get_page(request.GET.get("page"))
        is_large = bool(wanted) or shown.paginator.num_pages > 1
        member = member_of(request, self.brand)
        worth = self.brand.worth_of(member.points) if member else None
        return self.page("shop", coupons=shown, wanted=wanted, is_large=is_large, worth=worth)


class CouponPage(BrandPage):
    """One coupon."""

    def get(self, request: HttpRequest, slug: str, coupon_id: UUID) -> HttpResponse:
        """Show it, with a form that puts it into the cart."""
        coupon = get_object_or_404(for_sale(self.brand), uuid=coupon_id)
        return self.page("coupon", coupon=coupon, form=QuantityForm())
