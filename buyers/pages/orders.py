"""A buyer's orders, of all shops, as clients keep us informed of them."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from buyers.history import Shown, shown
from buyers.models import WalletOrder
from buyers.pages.base import BuyerPage
from buyers.tracking import track_id

PER_PAGE = 25


class Orders(BuyerPage):
    """All of them, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show a page of them."""
        rows = self.buyer.wallet_orders.select_related("client").order_by("-pk")
        part = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
        return self.page("orders", at="orders", part=part, orders=[in_list(one) for one in part])


def in_list(order: WalletOrder) -> tuple[WalletOrder, str, Shown | None]:
    """What a list shows of an order: itself, the id in its link, and what its client said of it."""
    return order, track_id(order), shown(order.state) if order.state else None
