"""The steps that staff may take with orders, one by one or in bulk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Order, OrderStatus, ProcessingStatus
from orders.services import cancel, set_processing_status
from shops.errors import ShopError
from webhooks.services import send_again

MOST_AT_ONCE = 1000  # that are ticked; all that match a filter may be more


class NothingToTell(ShopError):
    """There is no webhook about an order that could be sent again."""


@dataclass(frozen=True)
class Step:
    """Something that staff may do with an order."""

    name: str
    label: Any
    permission: str
    take: Callable[[Order], Order]
    fits: Callable[[Order], bool]
    is_dangerous: bool = False


def _processing(to: ProcessingStatus, name: str, label: Any) -> Step:
    return Step(
        name=name,
        label=label,
        permission="process order",
        take=lambda order: set_processing_status(order, to),
        fits=lambda order: ProcessingStatus(order.processing_status).may_become(to),
    )


STEPS = {
    step.name: step
    for step in (
        _processing(ProcessingStatus.BEING_PROCESSED, "begin", gettext_lazy("Mark as being processed")),
        _processing(ProcessingStatus.PROCESSED, "finish", gettext_lazy("Mark as processed")),
        _processing(ProcessingStatus.ARCHIVED, "archive", gettext_lazy("Archive")),
        _processing(ProcessingStatus.OPEN, "reopen", gettext_lazy("Put back to open")),
        Step(
            name="cancel",
            label=gettext_lazy("Cancel the order"),
            permission="cancel order",
            take=cancel,
            fits=lambda order: not order.is_stated and OrderStatus(order.status).may_become(OrderStatus.CANCELED),
            is_dangerous=True,
        ),
    )
}


def tell_again(order: Order) -> Order:
    """Send each active endpoint the newest webhook about `order` once more. Raises NothingToTell."""
    told = order.brand.deliveries.filter(order_uuid=order.uuid, endpoint__is_active=True)
    newest = told.order_by("endpoint", "-version").distinct("endpoint").values_list("pk", flat=True)
    if not send_again(order.brand.deliveries.filter(pk__in=list(newest))):
        raise NothingToTell(_("No webhook about it is there to be sent again."))
    return order


# What can be done with many orders: their own page has other ways to the webhooks.
LIST_STEPS = STEPS | {
    "tell": Step(
        name="tell",
        label=gettext_lazy("Send the webhooks again"),
        permission="send again",
        take=tell_again,
        fits=lambda _order: True,
    )
}


def bulk_action(step: Step) -> Callable[..., HttpResponse]:
    """The admin action that takes `step`: at once on an order's page, and as a job, after a question, from the list."""

    @admin.action(description=step.label, permissions=[step.permission.partition(" ")[0]])
    def action(model_admin: Any, request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse:
        if "from_page" in request.POST:
            return _take_on_page(model_admin, request, step, chosen)
        asked = {"step": step.name, "filter": request.GET.urlencode()}
        if request.POST.get("select_across") != "1":
            asked["ids"] = ",".join(str(key) for key in chosen.values_list("pk", flat=True)[:MOST_AT_ONCE])
        return redirect(f"{reverse('admin:jobs_job_steps')}?{urlencode(asked)}")

    action.__name__ = step.name
    return action


def _take_on_page(model_admin: Any, request: HttpRequest, step: Step, chosen: QuerySet[Order]) -> HttpResponse:
    order = chosen.select_related("brand", "member").first()
    if order is None:
        return redirect("admin:orders_order_changelist")
    reason = take(model_admin, request, step, order)
    if reason:
        messages.warning(request, _("The order stays as it is: %s") % reason)
    else:
        messages.success(request, _("%(step)s: order %(number)d.") % {"step": step.label, "number": order.number})
    return redirect("admin:orders_order_change", order.pk)


def take(model_admin: Any, request: HttpRequest, step: Step, order: Order) -> str:
    """Take `step` with `order`. Returns why not, empty when it went well."""
    if not model_admin.may(request, step.permission, order):
        return _("Your role does not allow it.")
    try:
        step.take(order)
    except ShopError as error:
        return str(error)
    model_admin.log_change(request, order, str(step.label))
    return ""
