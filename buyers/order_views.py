"""PUT /pay/wallet/orders/:id: how an order stands, as its client says (buyer-wallet.md §A.9)."""

from typing import Any, cast

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_noop as _
from rest_framework.request import Request

from buyers.api import Refused, WalletView
from buyers.authentication import ClientBasic
from buyers.models import Client, WalletOrder
from buyers.updates import NotInOrder, update_order

LONGEST_ID = 128


class OrderUpdate(WalletView):
    """Takes the whole of an order, each time anew. The reference documents PUT, and shows a POST."""

    authentication_classes = [ClientBasic]

    def put(self, request: Request, order_id: str) -> HttpResponse:
        """Write it down: 204 without a body. 404 for an order that is not this client's, 422 for what is wrong."""
        body = self.read_json()
        if not isinstance(body, dict):
            raise Refused(400, "invalid_request", _("The body must be a JSON object."))
        client = cast("Client", request.auth)
        if len(order_id) > LONGEST_ID or not order_id.isprintable():
            raise Http404
        try:
            update_order(client, order_id, body)
        except WalletOrder.DoesNotExist:
            raise Http404 from None
        except NotInOrder as error:
            raise unprocessable(error) from None
        return HttpResponse(status=204)

    post = put


def unprocessable(error: NotInOrder) -> Refused:
    """The 422 (buyer-wallet.md §A.17). The log names the fields."""
    cause = ", ".join(f"{one['field']} {one['code']}" for one in error.problems)
    body: dict[str, Any] = {"errors": error.problems}
    return Refused(422, "invalid_request", str(error), cause=cause, body=body)
