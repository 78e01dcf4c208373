"""Rows for tests, made by the services that make them in life."""

import itertools

from orders.models import OrderStatus
from orders.services import place_order, set_status
from shops.models import Brand
from shops.services import earn_points, issue_token
from webhooks.services import add_endpoint

_numbers = itertools.count(1)


def make_brand(name="Café Noord", **columns):
    return Brand.objects.create(name=name, slug=f"brand-{next(_numbers)}", **columns)


def make_member(brand, *, points=0, name="Emma Brown", email=None):
    member = brand.members.create(email=email or f"member{next(_numbers)}@example.com", name=name)
    if points:
        earn_points(member, points, reference="welcome")
        member.refresh_from_db()
    return member


def make_coupon(brand, *, points=350, title="Cappuccino", **columns):
    return brand.coupons.create(title=title, points=points, **columns)


def make_order(brand, *, member=None, coupon=None, quantity=1, points=0, **options):
    member = member or make_member(brand, points=points if isinstance(points, int) else 0)
    coupon = coupon or make_coupon(brand)
    return place_order(member, [(coupon, quantity)], points=points, **options)


def make_paid_order(brand, **options):
    """A paid order. Its passes have QR codes: `codes_of` tells them."""
    order = make_order(brand, **options)
    return set_status(order, OrderStatus.PAID)


def codes_of(order):
    """The QR codes of an order's passes, as they were bought."""
    return list(order.items.order_by("pk").values_list("issued_pass__qr_code", flat=True))


def make_pass(brand, **options):
    """A pass that was paid for."""
    return make_paid_order(brand, **options).items.get().issued_pass


def make_endpoint(brand, url="http://127.0.0.1:9/hook", **columns):
    """An endpoint and its key."""
    endpoint, key = add_endpoint(brand, url=url)
    if columns:
        brand.endpoints.filter(pk=endpoint.pk).update(**columns)
        endpoint.refresh_from_db()
    return endpoint, key


def token_for(brand, *abilities, **columns):
    """The text of a token of `brand`."""
    return issue_token(brand, name="Test", abilities=abilities or ["*"], **columns)[1]
