"""Mails about an order in the admin: what was sent, and sending it again."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext as _

from orders.mails import mail_again, mail_pass
from orders.models import MailState, Order, OrderMail
from shops.errors import ShopError

MAIL_COLORS = {MailState.PENDING: "warning", MailState.SENT: "success", MailState.FAILED: "danger"}
MOST_MAILS = 50  # on an order's page


class MailTools:
    """Adds the buttons' pages to the orders' admin."""

    def get_urls(self: Any) -> list[Any]:
        """Put them below the order's own page."""
        own = [
            path("<path:object_id>/mails/again/", self._mail_door(self.send_mail), name="orders_order_mail"),
            path(
                "<path:object_id>/mails/<uuid:serial>/", self._mail_door(self.send_link), name="orders_order_mail_pass"
            ),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def _mail_door(self: Any, view: Callable[..., None]) -> Any:
        def page(request: HttpRequest, order: Order, **more: Any) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            view(request, order, **more)
            return redirect("admin:orders_order_change", order.pk)

        return self.order_page("send mail", page)

    def send_mail(self, request: HttpRequest, order: Order) -> None:
        """Have what was bought mailed again."""
        self._mail(request, order, lambda: mail_again(order, by=str(request.user)))

    def send_link(self, request: HttpRequest, order: Order, serial: UUID) -> None:
        """Have the link to one pass of the order mailed."""
        item = get_object_or_404(order.items.select_related("issued_pass"), issued_pass__uuid=serial)
        self._mail(request, order, lambda: mail_pass(order, item.issued_pass, by=str(request.user)))

    def _mail(self: Any, request: HttpRequest, order: Order, verb: Callable[[], OrderMail]) -> None:
        try:
            mail = verb()
        except ShopError as error:
            messages.warning(request, str(error))
            return
        self.log_change(request, order, _("Mail asked for: %s.") % mail.get_kind_display())
        messages.success(request, _("It is mailed to %s in a moment.") % order.member.email)


def mails_of(order: Order) -> dict[str, Any]:
    """An order's mails for its page, newest first."""
    rows = order.mails.select_related("issued_pass__coupon").order_by("-pk")[:MOST_MAILS]
    return {
        "mails": [
            {"row": row, "badge": {"text": row.get_state_display(), "color": MAIL_COLORS[MailState(row.state)]}}
            for row in rows
        ]
    }
