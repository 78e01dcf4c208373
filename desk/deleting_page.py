"""Deleting a test order, on a page of its own behind the order's."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import DELETION, LogEntry
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _

from desk.deleting import PERMISSION, delete_test_order, preview
from orders.models import Order
from orders.services import OrderGone
from shops.errors import ShopError
from shops.numbers import whole_number
from shops.speaking import money_and_points


class DeletesTests:
    """Adds it to the orders' admin. No other way deletes an order: neither Django's page nor an action of the list."""

    def get_urls(self: Any) -> list[Any]:
        """Put the page below the order's own."""
        page = path(
            "<path:object_id>/delete-test/",
            self.desk_page(PERMISSION, self.delete_test),
            name="orders_order_delete_test",
        )
        return [page, *super().get_urls()]  # type: ignore[misc]

    def delete_test(self: Any, request: HttpRequest, order: Order) -> HttpResponse:
        """Say what would go and what would come back, and do it when that is confirmed."""
        if request.method == "POST" and self._delete(request, order):
            return redirect("admin:orders_order_changelist")
        order.refresh_from_db()
        title = _("Delete test order %(number)s") % {"number": order.number}
        answer: HttpResponse = self.show(request, order, "delete_test", title=title, goes=preview(order))
        answer.template_name = "desk/delete_test.html"  # type: ignore[attr-defined]
        return answer

    def _delete(self: Any, request: HttpRequest, order: Order) -> bool:
        version = whole_number(request.POST.get("version"))
        brand = order.brand
        sums = money_and_points(order.total, order.currency, order.points_used)
        text = _("Test order %(number)s deleted: %(sums)s.") % {"number": order.number, "sums": sums}
        try:
            delete_test_order(order, version=version or 0)
        except OrderGone as error:  # a second click
            messages.warning(request, str(error))
            return True
        except ShopError as error:
            messages.warning(request, str(error))
            return False
        user: Any = request.user
        LogEntry.objects.log_actions(user.pk, [order], DELETION, text, single_object=True)
        self.log_change(request, brand, text)
        messages.success(request, text)
        return True
