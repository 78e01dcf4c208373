"""A buyer's orders, of all shops, as clients keep us informed of them."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from buyers.history import shown
from buyers.pages.base import BuyerPage
from buyers.tracking import track_id

PER_PAGE = 25


class Orders(BuyerPage):
    """All of them, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show a page of them."""
        rows = self.buyer.wallet_orders.select_related("client").order_by("-pk")
        part = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        orders = [(one, track_id(one), shown(one.state) if one.state else None) for one in part]
        return self.page("orders", at="orders", part=part, orders=orders)
