"""Where a member goes on to Mollie, and where Mollie says "look"."""

import re
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from orders.models import OrderStatus, Payment
from orders.paying import NOT_JUST_NOW, look, look_soon
from orders.payments import SETTLED, Provider, ProviderRefused, ProviderSilent
from orders.tasks import look_at_payments
from shops.hints import give
from shops.numbers import whole_number
from shops.speaking import language_of, speaking
from shops.throttling import counter

LONGEST_BODY = 1000  # bytes of a webhook; Mollie sends some thirty
MOST_HINTS = 10  # that one payment's webhook gives to workers in a minute
ID = re.compile(r"tr_[A-Za-z0-9]{1,50}")


class MolliePayment(View):
    """Leads to Mollie's page for a payment; tells how it ended if it has. Whoever has the address may pay."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the payment; its uuid is the secret that opens the page."""
        super().setup(request, *args, **kwargs)
        payments = Payment.objects.filter(provider=Provider.MOLLIE)  # no brand is known yet: the uuid leads to it
        payments = payments.select_related("brand", "order__brand")
        self.payment: Payment = get_object_or_404(payments, uuid=kwargs["payment_id"])

    def get(self, request: HttpRequest, payment_id: UUID) -> HttpResponse:
        """Ask Mollie for its page if it has not made one yet, and go there.

        By way of a page, and not by a redirect: the form before this page may only lead to pages of ours.
        """
        if self._is_payable() and self.payment.provider_id is None:
            try:
                self.payment = look(self.payment, NOT_JUST_NOW)
            except (ProviderSilent, ProviderRefused):
                return self._page(request, 503, is_unreachable=True)
        if not self._is_payable():
            return redirect("my-order", self.payment.brand.slug, self.payment.order.uuid)
        url = self.payment.checkout_url
        answer = self._page(request, 200, goes_on=bool(url))
        answer["Refresh"] = f"0; url={url}" if url else "3"
        return answer

    def _is_payable(self) -> bool:
        return self.payment.order.status == OrderStatus.OPEN and self.payment.status not in SETTLED

    def _page(self, request: HttpRequest, status: int, **more: bool) -> HttpResponse:
        brand = self.payment.brand
        context = {"payment": self.payment, "order": self.payment.order, "brand": brand, **more}
        with speaking(language_of(request, brand.language), brand.time_zone):
            answer = render(request, "orders/mollie_payment.html", context, status=status)
        answer["Cache-Control"] = "no-store"
        return answer


class MollieWebhook(View):
    """Mollie's webhook: an id, and no more. It says "look"; what there is to see is asked of Mollie itself.

    The answer is the same for everybody and whatever they send, so that nobody learns which payments exist; and it is
    quick, since a worker looks. A lost one costs a minute or two: orders/tasks.py looks anyway.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, payment_id: UUID) -> HttpResponse:
        """Have a worker look, if the id is that of this payment."""
        said = _id_in(request)
        payments = Payment.objects.filter(provider=Provider.MOLLIE, uuid=payment_id, provider_id=said)
        payment = payments.select_related("brand", "order").first() if said else None
        if payment and counter.count(f"mollie {payment.pk}") <= MOST_HINTS and look_soon(payment, said):
            give(look_at_payments)
        return HttpResponse(content_type="text/plain")


def _id_in(request: HttpRequest) -> str:
    """The id in a webhook's body; "" where there is none that Mollie could have sent."""
    length = whole_number(request.META.get("CONTENT_LENGTH"))
    if length is None or length > LONGEST_BODY:
        return ""
    said = QueryDict(request.body).get("id") or ""
    return said if ID.fullmatch(str(said)) else ""
