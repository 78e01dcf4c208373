"""What staff do with an order's payment: ask the provider how it stands, give back what was paid too late."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _

from orders.given_back import decide
from orders.models import Order
from orders.paying import ANY, look
from orders.payments import Provider, ProviderRefused, ProviderSilent, provider_named
from orders.refunds import give_back_late_payment, late_money
from shops.numbers import whole_number
from shops.sentences import state_in_language
from shops.speaking import money
from shops.throttling import counter

MOST_ASKS = 20  # of one payment in a minute


class PaymentTools:
    """Adds the buttons' pages to the orders' admin."""

    admin_site: Any
    opts: Any

    def get_urls(self: Any) -> list[Any]:
        """Put them below the order's own page."""
        pages = [
            ("ask", "process order", self.ask_provider),
            ("give-back", "refund order", self.give_back),
            ("chargeback", "refund order", self.decide_on_chargeback),
        ]
        own = [
            path(
                f"<path:object_id>/payment/{below}/",
                self._payment_page(permission, view),
                name=f"orders_order_payment_{below.replace('-', '_')}",
            )
            for below, permission, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def _payment_page(self: Any, permission: str, view: Callable[..., None]) -> Any:
        """The door: an order with a payment of one of the user's own brands, and a role that allows it."""

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            order = self.get_object(request, object_id)
            if order is None:
                answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return answer
            if not self.may(request, permission, order):
                raise PermissionDenied
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            if hasattr(order, "payment"):
                view(request, order)
            return redirect("admin:orders_order_change", order.pk)

        return self.admin_site.admin_view(page)

    def ask_provider(self: Any, request: HttpRequest, order: Order) -> None:
        """Ask now, and say what it said."""
        if counter.count(f"ask {order.payment.pk}") > MOST_ASKS:
            messages.warning(request, _("That was often enough for now. Try again in a minute."))
            return
        try:
            payment = look(order.payment, ANY)
        except (ProviderSilent, ProviderRefused) as error:
            messages.error(request, _("The payment provider did not tell. %s") % error)
            return
        self.log_change(request, order, _("Payment provider asked: %(state)s.") % {"state": payment.status})
        messages.success(request, _("The payment provider says: %s.") % state_in_language(payment.status))

    def give_back(self: Any, request: HttpRequest, order: Order) -> None:
        """Have given back what was paid too late, after that had failed by itself."""
        refund = give_back_late_payment(order, by=str(request.user))
        if refund is None:
            messages.info(request, _("There is nothing to give back, or it is on its way."))
            return
        given = money(refund.amount, refund.currency)
        self.log_change(request, order, _("Refund requested: %s, paid too late.") % given)
        messages.success(request, _("Requested: %s. The payment provider has not answered yet.") % given)

    def decide_on_chargeback(self: Any, request: HttpRequest, order: Order) -> None:
        """Close a chargeback, and block the passes if that is wished for."""
        key = whole_number(request.POST.get("key"))
        chargeback = order.chargebacks.filter(pk=key or 0, decided_at=None).first()
        if chargeback is None:
            messages.info(request, _("Somebody has dealt with it already."))
            return
        facts = {"sum": str(chargeback)}
        reason = _("Charged back: %(sum)s.") % facts
        blocked = decide(chargeback, by=str(request.user), blocks="block" in request.POST, reason=reason)
        facts["passes"] = str(blocked)
        self.log_change(request, order, _("Chargeback of %(sum)s dealt with; passes blocked: %(passes)s.") % facts)
        messages.success(request, _("Dealt with. Passes that were blocked: %d.") % blocked)


def payment_of(order: Order) -> dict[str, Any]:
    """An order's payment for its page."""
    payment = getattr(order, "payment", None)
    if payment is None:
        return {"payment": None}
    return {
        "payment": payment,
        "provider": dict(Provider.choices).get(payment.provider, payment.provider),
        "can_ask_provider": payment.provider in Provider.values and provider_named(payment.provider).IS_REMOTE,
        "late_money": late_money(order),
        "chargebacks": order.chargebacks.all(),
    }
