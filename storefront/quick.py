"""The quickshop: one coupon on one page, for a frame in a brand's own site.

Browsers keep cookies from pages in other sites' frames. So nothing here needs one before the order is placed: who
sends the form is told by its Origin, and the form itself by its slip (docs/decisions.md). What follows the form opens
in the whole window.
"""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from passes.models import Coupon
from shops.errors import InvalidInput
from storefront.cart import Line, Quote, for_sale
from storefront.forms import QuickForm
from storefront.pages import BrandPage
from storefront.placing import Buyer, on_to_payment, order_of, place_once
from storefront.slips import Slip


@method_decorator(csrf_exempt, name="dispatch")
class Quick(BrandPage):
    """One coupon, no cart. May stand in frames of the brand's `frame_hosts`, and nowhere else."""

    coupon: Coupon

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the coupon."""
        super().setup(request, *args, **kwargs)
        self.coupon = get_object_or_404(for_sale(self.brand), uuid=kwargs["coupon_id"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Say who may frame the page."""
        response = super().dispatch(request, *args, **kwargs)
        if self.brand.frame_hosts:
            response._csp_replace = {"frame-ancestors": ["'self'", *self.brand.frame_hosts]}  # noqa: SLF001 -- django-csp's
            response.xframe_options_exempt = True  # it cannot name hosts, and would refuse them all
        response["Cache-Control"] = "private, no-store"  # the slip is one visitor's
        return response

    def keep_language(self, response: HttpResponseBase, language: str) -> None:
        """No cookie: the address carries the language on."""

    def get(self, request: HttpRequest, slug: str, coupon_id: UUID) -> HttpResponse:
        """Show the form."""
        return self.show(QuickForm())

    def show(self, form: QuickForm, status: int = 200, notice: str = "") -> HttpResponse:
        """The form. Not by `page`, which looks into the session."""
        quote = Quote(self.brand, [Line(self.coupon, 1)])
        context = {
            "brand": self.brand,
            "coupon": self.coupon,
            "form": form,
            "notice": notice,
            "slip": Slip.of(quote, str(self.coupon.uuid)),
            "theme": self.brand.primary_color[1:],
            "languages": self.languages(),
        }
        return render(self.request, "storefront/quick.html", context, status=status)

    def post(self, request: HttpRequest, slug: str, coupon_id: UUID) -> HttpResponse:
        """Place the order and send the visitor on to pay it; or show what is wrong."""
        if not came_from_here(request):
            return self.show(QuickForm(initial=request.POST.dict()), 403, _("Please send the form from this page."))
        slip = Slip.read(request.POST.get("slip", ""))
        order = order_of(self.brand, slip) if slip else None
        if order:
            return on_to_payment(request, order)
        form = QuickForm(request.POST)
        if not form.is_valid():
            return self.show(form, 422)
        return self._order(form, slip)

    def _order(self, form: QuickForm, slip: Slip | None) -> HttpResponse:
        asked = form.cleaned_data
        if slip is None or not slip.offers(Quote(self.brand, [Line(self.coupon, 1)]), str(self.coupon.uuid)):
            typed = QuickForm(initial=asked)
            return self.show(typed, 409, _("The price has changed. Please look at it again."))
        quote = Quote(self.brand, [Line(self.coupon, asked["quantity"])])
        try:
            order = place_once(quote, Buyer(None, asked["email"], asked["name"]), slip)
        except InvalidInput as error:
            return self.show(QuickForm(initial=asked), 422, str(error))
        return on_to_payment(self.request, order)


def came_from_here(request: HttpRequest) -> bool:
    """Whether the form was sent by a page of ours. Browsers send Origin with every form that is posted."""
    origin = request.headers.get("Origin", "")
    return origin.startswith(("http://", "https://")) and urlsplit(origin).netloc == request.get_host()
