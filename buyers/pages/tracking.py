"""One order, at the address that its client can work out: /po/<id> (buyer-wallet.md §A.18).

The address can be guessed, so the page asks who is looking; for everybody but the buyer there is no such order.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from applewallet.kinds import ORDER
from applewallet.models import Subject
from applewallet.services import NotSignable, built, has_wallet
from buyers.history import shown
from buyers.models import WalletOrder
from buyers.pages.base import BuyerPage
from buyers.tracking import order_of
from orders.phones import order_package


class OrderPage(BuyerPage):
    """An order of the buyer who signed in."""

    found: WalletOrder

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find it; another buyer's is not there."""
        super().setup(request, *args, **kwargs)
        if self.buyer is not None:
            found = order_of(self.buyer, kwargs["track_id"])
            if found is None:
                raise Http404
            self.found = found


class Track(OrderPage):
    """The page of an order."""

    def get(self, request: HttpRequest, track_id: str) -> HttpResponse:
        """Show it."""
        order = self.found.order
        can_add = order is not None and has_wallet(order.brand, Subject.ORDER)
        known = shown(self.found.state) if self.found.state else None
        return self.page("order", at="orders", track=track_id, found=self.found, shown=known, can_add=can_add)


class OrderFile(OrderPage):
    """The order as a package for Apple Wallet."""

    def get(self, request: HttpRequest, track_id: str) -> HttpResponse:
        """Answer with it; 503 with the reason when nothing can be signed."""
        order = self.found.order
        if order is None:
            raise Http404
        try:
            content = built(order_package(order))
        except NotSignable as error:
            return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")
        response = HttpResponse(content, content_type=ORDER.mime)
        response["Content-Disposition"] = f'attachment; filename="order-{order.number}.{ORDER.extension}"'
        return response
