"""The cart and the checkout."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.services import MAX_PASSES
from shops.errors import InvalidInput
from storefront.cart import Cart, Quote, for_sale
from storefront.forms import BuyerForm, PointsForm, QuantityForm
from storefront.pages import BrandPage
from storefront.placing import Buyer, on_to_payment, order_of, place_once
from storefront.slips import Slip
from storefront.visitors import member_of

CART = "cart"  # what a slip is for


class CartPage(BrandPage):
    """What the visitor is about to buy."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show it."""
        cart = Cart(request, self.brand)
        lines, has_lost = cart.lines, cart.has_lost
        if has_lost:
            cart.drop_lost()  # said once, and counted no more
        return self.page("cart", quote=Quote(self.brand, lines), has_lost=has_lost, most=MAX_PASSES)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Set the quantities that were typed; `remove` names a coupon to take out."""
        cart = Cart(request, self.brand)
        cart.change(self._asked(request, cart))
        return redirect("cart", slug)

    def _asked(self, request: HttpRequest, cart: Cart) -> Iterator[tuple[UUID, int]]:
        sold = {str(line.coupon.uuid) for line in cart.lines}
        for key in cart.quantities:
            form = QuantityForm({"quantity": request.POST.get(f"quantity {key}")})
            if key == request.POST.get("remove") or key not in sold or request.POST.get(f"quantity {key}") == "0":
                yield UUID(key), 0
            elif form.is_valid():
                yield UUID(key), form.cleaned_data["quantity"]


class AddToCart(BrandPage):
    """Puts a coupon into the cart."""

    def get(self, request: HttpRequest, slug: str, coupon_id: UUID) -> HttpResponse:
        """Show the coupon: after a refused form the links to other languages lead here."""
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(f"{reverse('coupon', args=(slug, coupon_id))}{query}")

    def post(self, request: HttpRequest, slug: str, coupon_id: UUID) -> HttpResponse:
        """Put it in, and show the cart."""
        coupon = get_object_or_404(for_sale(self.brand), uuid=coupon_id)
        form = QuantityForm(request.POST)
        if not form.is_valid():
            return self.page("coupon", 422, coupon=coupon, form=form)
        Cart(request, self.brand).add(coupon, form.cleaned_data["quantity"])
        return redirect("cart", slug)


class Checkout(BrandPage):
    """Sells what is in the cart: to a member for points and money, to anybody else for money."""

    @cached_property
    def cart(self) -> Cart:
        """What is to be sold."""
        return Cart(self.request, self.brand)

    @cached_property
    def quote(self) -> Quote:
        """What the cart costs without points."""
        member = member_of(self.request, self.brand)
        return Quote(self.brand, self.cart.lines, member.points if member else 0)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the form; the cart, if that has something to say first."""
        if not self.quote.lines or self.cart.has_lost:
            return redirect("cart", slug)
        return self.show(self.quote, buyer=BuyerForm())

    def show(self, quote: Quote, status: int = 200, **context: Any) -> HttpResponse:
        """The form, with sums for `quote`."""
        response = self.page("checkout", status, quote=quote, slip=Slip.of(self.quote, CART), **context)
        response["Cache-Control"] = "private, no-store"  # the slip is one visitor's
        return response

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Place the order and send the visitor on to pay it; or show the sums anew, or what is wrong."""
        slip = Slip.read(request.POST.get("slip", ""))
        is_empty = not self.quote.lines  # read before the order: what empties a cart is an order that is there
        order = order_of(self.brand, slip) if slip else None
        if order:
            self.cart.forget()
            return on_to_payment(request, order)
        if is_empty:
            return redirect("cart", slug)
        points = PointsForm(self.quote.most, request.POST)
        if not points.is_valid():
            return self.show(self.quote, 422, buyer=BuyerForm(initial=request.POST.dict()), points=points)
        return self._go_on(replace(self.quote, used=points.chosen), points, slip)

    def _go_on(self, quote: Quote, points: PointsForm, slip: Slip | None) -> HttpResponse:
        typed = BuyerForm(initial=self.request.POST.dict())
        if self.request.POST.get("step") == "recalculate":
            return self.show(quote, buyer=typed)
        if quote.used != points.was:
            return self.show(quote, buyer=typed, notice=_("Please look at the new amount, and order then."))
        if slip is None or not slip.offers(quote, CART):
            return self.show(quote, 409, buyer=typed, notice=_("The price has changed. Please look at it again."))
        return self._order(quote, slip)

    def _order(self, quote: Quote, slip: Slip) -> HttpResponse:
        member = member_of(self.request, self.brand)
        form = BuyerForm(self.request.POST)
        if member is None and not form.is_valid():
            return self.show(quote, 422, buyer=form)
        buyer = Buyer(member) if member else Buyer(None, form.cleaned_data["email"], form.cleaned_data["name"])
        try:
            order = place_once(quote, buyer, slip)
        except InvalidInput as error:
            return self.show(quote, 422, buyer=BuyerForm(initial=self.request.POST.dict()), notice=str(error))
        self.cart.forget()
        return on_to_payment(self.request, order)
