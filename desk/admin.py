"""Puts the desk in front of the admins that the apps below have registered."""

from typing import Any

from django.contrib import admin
from django.db.models import Model

from desk.coupon_pages import CouponDesk
from desk.member_pages import MemberDesk
from desk.order_list import OrderList
from desk.order_pages import OrderDesk
from orders.models import Order
from passes.models import Coupon
from shops.models import Member


def extend(model: type[Model], *mixins: type) -> None:
    """Register the admin of `model` anew, with `mixins` in front of what it is."""
    known: Any = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    admin.site.register(model, type(known.__name__, (*mixins, known), {"__module__": __name__}))


extend(Order, OrderDesk, OrderList)
extend(Member, MemberDesk)
extend(Coupon, CouponDesk)
