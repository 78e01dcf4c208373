"""The sandbox's payment page. Whoever has the address may pay, as with any payment link."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views import View

from orders.models import OrderStatus, Payment
from orders.payments import Provider
from orders.services import payment_said
from shops.speaking import language_of, speaking

OUTCOMES = [OrderStatus.PAID, OrderStatus.FAILED, OrderStatus.CANCELED, OrderStatus.EXPIRED]


class SandboxPayment(View):
    """Shows a payment and lets one choose how it ends."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the payment; its uuid is the secret that opens the page."""
        super().setup(request, *args, **kwargs)
        payments = Payment.objects.filter(provider=Provider.SANDBOX)  # no brand is known yet: the uuid leads to it
        self.payment: Payment = get_object_or_404(payments.select_related("order__brand"), uuid=kwargs["payment_id"])

    def get(self, request: HttpRequest, payment_id: UUID) -> HttpResponse:
        """Show the choice, or how it ended."""
        order = self.payment.order
        brand = order.brand
        context = {"payment": self.payment, "order": order, "brand": brand, "outcomes": OUTCOMES}
        with speaking(language_of(request, brand.language), brand.time_zone):
            return render(request, "orders/sandbox_payment.html", context)

    def post(self, request: HttpRequest, payment_id: UUID) -> HttpResponse:
        """End the payment as chosen."""
        outcome = request.POST.get("outcome")
        if outcome not in OUTCOMES:
            return HttpResponse(_("Choose an outcome."), status=400, content_type="text/plain")
        payment_said(self.payment, outcome)
        return redirect("sandbox-payment", payment_id)
