"""The steps that staff may take with orders, one by one or in bulk."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.models import Order, OrderStatus, ProcessingStatus
from orders.services import IllegalTransition, cancel, set_processing_status

MOST_AT_ONCE = 1000  # in one request


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
            fits=lambda order: OrderStatus(order.status).may_become(OrderStatus.CANCELED),
            is_dangerous=True,
        ),
    )
}


def bulk_action(step: Step) -> Callable[..., HttpResponse]:
    """The admin action that takes `step` with each chosen order, each in its own transaction."""

    @admin.action(description=step.label, permissions=[step.permission.partition(" ")[0]])
    def action(model_admin: Any, request: HttpRequest, chosen: QuerySet[Order]) -> HttpResponse:
        taken: list[Order] = []
        refused: dict[str, list[int]] = {}
        orders = list(chosen.select_related("brand", "member")[: MOST_AT_ONCE + 1])
        for order in orders[:MOST_AT_ONCE]:
            reason = take(model_admin, request, step, order)
            if reason:
                refused.setdefault(reason, []).append(order.number)
            else:
                taken.append(order)
        _report(request, step, len(taken), refused)
        if len(orders) > MOST_AT_ONCE:
            messages.warning(request, _("Only the first %d orders were taken; choose again.") % MOST_AT_ONCE)
        if "from_page" in request.POST and len(orders) == 1:
            return redirect("admin:orders_order_change", orders[0].pk)
        return redirect(request.get_full_path())

    action.__name__ = step.name
    return action


def take(model_admin: Any, request: HttpRequest, step: Step, order: Order) -> str:
    """Take `step` with `order`. Returns why not, empty when it went well."""
    if not model_admin.may(request, step.permission, order):
        return _("Your role does not allow it.")
    try:
        step.take(order)
    except IllegalTransition as error:
        return str(error)
    model_admin.log_change(request, order, str(step.label))
    return ""


def _report(request: HttpRequest, step: Step, taken: int, refused: dict[str, list[int]]) -> None:
    if taken:
        text = ngettext("%(step)s: %(count)d order.", "%(step)s: %(count)d orders.", taken)
        messages.success(request, text % {"step": step.label, "count": taken})
    for reason, numbers in refused.items():
        text = ngettext(
            "%(count)d order stays as it is (%(numbers)s): %(reason)s",
            "%(count)d orders stay as they are (%(numbers)s): %(reason)s",
            len(numbers),
        )
        some = ", ".join(str(number) for number in numbers[:10]) + (" …" if len(numbers) > 10 else "")  # noqa: PLR2004 -- what one reads
        messages.warning(request, text % {"count": len(numbers), "numbers": some, "reason": reason})
