"""The pages below an order's on which staff add and change its fulfilments and returns."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.admin_part_forms import part_form
from orders.fulfillments import add_fulfillment, change_fulfillment
from orders.models import Fulfillment, FulfillmentKind, Order, OrderItem, OrderStatus, Return
from orders.returns import change_return, open_return
from orders.services import StatedByPartner
from shops.errors import ShopError

NEXT = {  # where each kind of part goes, if all goes well
    "shipping": ["open", "processing", "shipped", "onTheWay", "outForDelivery", "delivered"],
    "pickup": ["open", "processing", "readyForPickup", "pickedUp"],
    "return": ["open", "onTheWay", "processing", "completed"],
}
COLORS = {
    "open": "warning",
    "processing": "info",
    "shipped": "info",
    "onTheWay": "info",
    "outForDelivery": "info",
    "readyForPickup": "info",
    "requested": "info",
    "delivered": "success",
    "pickedUp": "success",
    "completed": "success",
    "issue": "danger",
    "failed": "danger",
}


def next_step(part: Fulfillment | Return) -> tuple[str, Any] | None:
    """The state that usually comes after the part's, and its name; None after the last one, and after an issue."""
    way = NEXT[part.kind if isinstance(part, Fulfillment) else "return"]
    if part.status not in way[:-1]:
        return None
    to = way[way.index(part.status) + 1]
    return to, dict(type(part)._meta.get_field("status").flatchoices)[to]  # noqa: SLF001 -- Django documents it


def shown(part: Any) -> dict[str, Any]:
    """A part as the order's page shows it."""
    step = None if not hasattr(part, "may_become") else next_step(part)
    badge = {"text": part.get_status_display(), "color": COLORS.get(part.status)}
    held = {"passes": [one.item.issued_pass for one in part.items.all()]}
    if getattr(part, "external_id", ""):  # what a partner states holds lines
        held["lines"] = [str(one) for one in part.lines.all()]
    return {"row": part, "badge": badge, "next": step, **held}


def parts_of(order: Order) -> dict[str, Any]:
    """The order's parts for its page, in a constant number of statements, and whether more can be added."""
    kinds = {"fulfillments": "fulfillment_items", "refunds": "refund_items", "returns": "return_items"}
    found: dict[str, Any] = {}
    items = order.items.count()
    for name, held in kinds.items():
        rows = getattr(order, name).order_by("pk").prefetch_related("items__item__issued_pass__coupon")
        if order.is_stated and name != "returns":
            rows = rows.prefetch_related("lines__line")
        found[name] = [shown(row) for row in rows]
        holding = sum(len(one["passes"]) for one in found[name] if one["row"].holds)
        found[f"{held}_left"] = order.status == OrderStatus.PAID and holding < items
    left = order.total - order.refunded or order.points_used - order.points_refunded
    found["can_be_refunded"] = order.status == OrderStatus.PAID and (left or found["refund_items_left"])
    return found


def free_items(order: Order, held: str) -> list[OrderItem]:
    """The items of `order` that no part holds by the relation `held`."""
    taken = order.items.filter(**{f"{held}__holds": True}).values("pk")
    return list(order.items.exclude(pk__in=taken).select_related("issued_pass__coupon").order_by("pk"))


class PartPages:
    """Adds the pages to the orders' admin."""

    admin_site: Any
    opts: Any

    def get_urls(self: Any) -> list[Any]:
        """Put the pages below the order's own."""
        pages = [
            ("fulfillments/add/<str:kind>", "add_fulfillment", self.add_fulfillment),
            ("fulfillments/<uuid:part>", "fulfillment", self.change_fulfillment),
            ("returns/add", "add_return", self.add_return),
            ("returns/<uuid:part>", "return", self.change_return),
        ]
        own = [
            path(f"<path:object_id>/{below}/", self.order_page("process order", view), name=f"orders_order_{name}")
            for below, name, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def order_page(self: Any, permission: str, view: Callable[..., HttpResponse]) -> Any:
        """The door: a paid order of one of the user's own brands, and a role that allows it."""

        def page(request: HttpRequest, object_id: str, **more: Any) -> HttpResponse:
            order = self.get_object(request, object_id)
            if order is None:
                answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return answer
            if not self.may(request, permission, order):
                raise PermissionDenied
            if order.is_stated:
                messages.warning(request, str(StatedByPartner(order)))
                return redirect("admin:orders_order_change", order.pk)
            if order.status != OrderStatus.PAID:
                messages.warning(request, _("Only an order that is paid can be fulfilled, refunded or returned."))
                return redirect("admin:orders_order_change", order.pk)
            return view(request, order, **more)

        return self.admin_site.admin_view(page)

    def add_fulfillment(self, request: HttpRequest, order: Order, kind: str) -> HttpResponse:
        """Ask what is shipped, or kept ready, and note it."""
        if kind not in FulfillmentKind.values:
            return redirect("admin:orders_order_change", order.pk)
        new = Fulfillment(brand=order.brand, order=order, kind=kind, shipping_type="shipping")
        title = _("Ship items") if kind == FulfillmentKind.SHIPPING else _("Keep items ready for pickup")
        form = part_form(self, request, new, free_items(order, "fulfillment_items"))
        return self._ask(request, order, form, title, lambda facts: add_fulfillment(order, kind, **facts))

    def change_fulfillment(self, request: HttpRequest, order: Order, part: Any) -> HttpResponse:
        """Ask what is new of a fulfilment, and note it; or take the step that a button of the order's page names."""
        known = get_object_or_404(order.fulfillments, uuid=part)
        if "step" in request.POST:
            return self._step(request, order, lambda: change_fulfillment(known, status=request.POST["step"]))
        form = part_form(self, request, known)
        return self._ask(request, order, form, str(known), lambda facts: change_fulfillment(known, **facts))

    def add_return(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Ask what comes back, and note it."""
        new = Return(brand=order.brand, order=order, initiated_at=timezone.now())
        form = part_form(self, request, new, free_items(order, "return_items"))
        return self._ask(request, order, form, _("Open a return"), lambda facts: open_return(order, **facts))

    def change_return(self, request: HttpRequest, order: Order, part: Any) -> HttpResponse:
        """Ask what is new of a return, and note it; or take the step that a button of the order's page names."""
        known = get_object_or_404(order.returns, uuid=part)
        if "step" in request.POST:
            return self._step(request, order, lambda: change_return(known, status=request.POST["step"]))
        form = part_form(self, request, known)
        title = _("Return %(number)s") % {"number": known}
        return self._ask(request, order, form, title, lambda facts: change_return(known, **facts))

    def _step(self, request: HttpRequest, order: Order, take: Callable[[], Any]) -> HttpResponse:
        try:
            self._taken(request, order, take())
        except ShopError as error:
            messages.warning(request, str(error))
        return redirect("admin:orders_order_change", order.pk)

    def _ask(
        self: Any, request: HttpRequest, order: Order, form: Any, title: str, write: Callable[[dict[str, Any]], Any]
    ) -> HttpResponse:
        if form.is_valid():
            try:
                self._taken(request, order, write(form.facts()))
                return redirect("admin:orders_order_change", order.pk)
            except ShopError as error:
                form.refuse(error)
        return self.show(request, order, "part", form=form, title=title)

    def _taken(self: Any, request: HttpRequest, order: Order, part: Any) -> None:
        """Tell it, here and in the order's history."""
        text = f"{part._meta.verbose_name.capitalize()}: {part.get_status_display()}."  # noqa: SLF001 -- Django documents it
        self.log_change(request, order, text)
        messages.success(request, text)

    def show(self, request: HttpRequest, order: Order, template: str, **context: Any) -> HttpResponse:
        """A page of ours about `order`."""
        context |= {**self.admin_site.each_context(request), "opts": self.opts, "original": order}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/orders/order/{template}.html", context)
