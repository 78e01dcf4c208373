"""The shop of a brand, at /s/<slug>/."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orders.models import Order
from orders.payments import checkout_url
from orders.services import place_order
from shops.errors import InvalidInput
from shops.services import find_or_add_member
from storefront.forms import CheckoutForm
from storefront.pages import BrandPage
from storefront.visitors import remember_order


class Shop(BrandPage):
    """What can be bought."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the coupons that are for sale."""
        coupons = self.brand.coupons.filter(is_active=True).select_related("brand").order_by("points", "pk")
        return self.page("shop", coupons=coupons)


class Checkout(BrandPage):
    """Buys one coupon, for money."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the form for the coupon in the query."""
        form = CheckoutForm(self.brand, initial={"coupon": request.GET.get("coupon"), "quantity": 1})
        return self.page("checkout", form=form) if form.chosen else redirect("shop", slug)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Place the order and send the visitor on to pay it; or show what is wrong."""
        form = CheckoutForm(self.brand, request.POST)
        if not form.is_valid():
            return self.page("checkout", 422, form=form) if form.chosen else redirect("shop", slug)
        try:
            order = self._place(form.cleaned_data)
        except InvalidInput as error:
            form.add_error(None, str(error))
            return self.page("checkout", 422, form=form)
        remember_order(request, order)
        payment = getattr(order, "payment", None)
        return redirect(checkout_url(payment)) if payment else redirect("my-order", slug, order.uuid)

    def _place(self, asked: dict[str, Any]) -> Order:
        with transaction.atomic():
            member = find_or_add_member(self.brand, asked["email"], asked["name"])
            return place_order(member, [(asked["coupon"], asked["quantity"])])
