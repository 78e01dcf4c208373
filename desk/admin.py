"""Puts the desk in front of the admins that the apps below have registered."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from applewallet.models import Design
from desk.coupon_pages import CouponDesk
from desk.deleting_page import DeletesTests
from desk.design_pages import DesignDesk
from desk.dry_run import EndpointDryRun
from desk.member_pages import MemberDesk
from desk.models import PointsFault
from desk.order_list import OrderList
from desk.order_pages import OrderDesk
from desk.proving import LABELS, figure
from orders.models import Order
from passes.models import Coupon
from shops.brand_admin import BrandAdmin, ReadOnly
from shops.models import Member
from webhooks.models import Endpoint


def extend(model: type[Model], *mixins: type) -> None:
    """Register the admin of `model` anew, with `mixins` in front of what it is."""
    known: Any = type(admin.site.get_model_admin(model))
    admin.site.unregister(model)
    admin.site.register(model, type(known.__name__, (*mixins, known), {"__module__": __name__}))


extend(Order, DeletesTests, OrderDesk, OrderList)
extend(Endpoint, EndpointDryRun)
extend(Member, MemberDesk)
extend(Coupon, CouponDesk)
extend(Design, DesignDesk)


@admin.register(PointsFault)
class PointsFaultAdmin(ReadOnly, BrandAdmin):
    """What the nightly check found."""

    list_display = ["whose", "what", "said", "due", "found_at"]
    fields = list_display
    list_display_links = None
    list_select_related = ["order", "member"]

    @admin.display(description=_("whose"))
    def whose(self, fault: PointsFault) -> str:
        """The order or the member, to look at."""
        page, pk = ("orders_order", fault.order_id) if fault.order else ("shops_member", fault.member_id)
        name = _("Order %(number)s") % {"number": fault.order.number} if fault.order else str(fault.member)
        return format_html('<a class="text-link" href="{}">{}</a>', reverse(f"admin:{page}_change", args=[pk]), name)

    @admin.display(description=_("what does not agree"))
    def what(self, fault: PointsFault) -> Any:
        """In words."""
        return LABELS.get(fault.part, fault.part)

    @admin.display(description=_("says"))
    def said(self, fault: PointsFault) -> str:
        """What stands there."""
        return figure(fault.part, fault.says, fault.order)

    @admin.display(description=_("must be"))
    def due(self, fault: PointsFault) -> str:
        """What it follows from."""
        return figure(fault.part, fault.must_be, fault.order)
