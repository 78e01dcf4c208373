"""From a form to an order, once."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orders.models import Order, OrderStatus
from orders.payments import checkout_url
from orders.services import place_order
from shops.actors import ActorKind, acting_as
from shops.errors import InvalidInput
from shops.models import Brand, Member
from shops.services import find_or_add_member, lock_member
from storefront.cart import Quote
from storefront.slips import Slip
from storefront.visitors import remember_order


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys: a member who signed in, or a name and an address that somebody typed."""

    member: Member | None
    email: str = ""
    name: str = ""

    def at(self, brand: Brand) -> Member:
        """The member, made if the address is new."""
        return self.member or find_or_add_member(brand, self.email, self.name)


def order_of(brand: Brand, slip: Slip) -> Order | None:
    """The order that this slip has become, if its form was sent before."""
    return brand.orders.select_related("brand", "member", "payment").filter(uuid=slip.order).first()


def place_once(quote: Quote, buyer: Buyer, slip: Slip) -> Order:
    """Place the order of this slip; the same again if it was placed already. Raises InvalidInput as `place_order`."""
    try:
        return _place(quote, buyer, slip)
    except (IntegrityError, InvalidInput):  # perhaps the same form at the same moment with another address
        order = order_of(quote.brand, slip)
        if order is None:
            raise
        return order


@transaction.atomic
def _place(quote: Quote, buyer: Buyer, slip: Slip) -> Order:
    member = lock_member(buyer.at(quote.brand))  # a second click waits here for the first
    basket = [(line.coupon, line.quantity) for line in quote.lines]
    with acting_as(ActorKind.MEMBER):
        return order_of(quote.brand, slip) or place_order(member, basket, points=quote.used, uuid=slip.order)


def on_to_payment(request: HttpRequest, order: Order) -> HttpResponse:
    """Let this browser see `order`, and send it to where the rest is paid; to the order if nothing is."""
    remember_order(request, order)
    payment = getattr(order, "payment", None)
    if payment is None or order.status != OrderStatus.OPEN:
        return redirect("my-order", order.brand.slug, order.uuid)
    return redirect(checkout_url(payment))
