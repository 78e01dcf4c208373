"""An order's fulfilments, refunds and returns, over the API."""

from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from orders.fulfillments import add_fulfillment, change_fulfillment
from orders.models import Fulfillment, Order, Refund, Return
from orders.part_schema import FULFILLMENTS, REFUNDS, RETURNS, described
from orders.part_serializers import (
    FulfillmentChangeSerializer,
    FulfillmentSerializer,
    NewFulfillmentSerializer,
    NewRefundSerializer,
    NewReturnSerializer,
    QuoteSerializer,
    RefundSerializer,
    ReturnChangeSerializer,
    ReturnSerializer,
)
from orders.refunds import quote, request_refund
from orders.returns import change_return, open_return
from orders.views import find_order
from shops import idempotency
from shops.api import BrandAPIView
from shops.errors import InvalidInput


class PartViewSet(BrandAPIView, GenericViewSet[Any]):
    """What the three have in common: the order they hang on, and what is read along with their rows."""

    pagination_class = None
    ability = "shops.orders.get"
    abilities: ClassVar[dict[str, str]] = {"add": "shops.orders.update", "change": "shops.orders.update"}
    request_serializers: ClassVar[dict[str, Any]] = {}  # action -> what checks the body

    def order(self, order_id: str) -> Order:
        """The brand's order with this uuid or number. Raises Http404."""
        return find_order(self.brand, order_id)

    def checked(self, request: Request) -> dict[str, Any]:
        """The body, checked by the action's serializer. Raises ValidationError."""
        serializer = self.request_serializers[self.action](data=request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def answer_with_all(self, parts: QuerySet[Any]) -> Response:
        """All of `parts`, the oldest first."""
        serializer = self.get_serializer(whole(parts).order_by("pk"), many=True)
        return Response({"success": True, "data": serializer.data})

    def answer_with(self, parts: QuerySet[Any], part: Any, status: int = 200) -> Response:
        """One of `parts` as it is now."""
        return Response({"success": True, "data": self.get_serializer(whole(parts).get(pk=part.pk)).data}, status)


def whole(parts: QuerySet[Any]) -> QuerySet[Any]:
    """`parts` with their passes, in a constant number of statements."""
    return parts.prefetch_related("items__item__issued_pass__coupon")


def find_part(parts: QuerySet[Any], identifier: str) -> Any:
    """The one of `parts` with this uuid. Raises Http404."""
    try:
        return parts.get(uuid=UUID(identifier))
    except (ValueError, ObjectDoesNotExist):
        raise Http404 from None


@described(FULFILLMENTS)
class FulfillmentViewSet(PartViewSet):
    """Fulfilments: list, add, change."""

    serializer_class = FulfillmentSerializer
    request_serializers: ClassVar[dict[str, Any]] = {
        "add": NewFulfillmentSerializer,
        "change": FulfillmentChangeSerializer,
    }

    def list(self, request: Request, brand_id: str, order_id: str) -> Response:
        """All fulfilments of an order, the oldest first."""
        return self.answer_with_all(self.order(order_id).fulfillments.all())

    def add(self, request: Request, brand_id: str, order_id: str) -> Response:
        """Begin a fulfilment. With an `Idempotency-Key`, sending it twice begins one."""
        order, asked = self.order(order_id), self.checked(request)
        kind = asked.pop("kind")

        def write() -> Response:
            return self.answer_with(order.fulfillments.all(), add_fulfillment(order, kind, **asked), 201)

        return idempotency.once(request, self.token, write)

    def change(self, request: Request, brand_id: str, order_id: str, fulfillment_id: str) -> Response:
        """Change a fulfilment's status or facts: all of it, or nothing."""
        found: Fulfillment = find_part(self.order(order_id).fulfillments.all(), fulfillment_id)
        asked = self.checked(request)
        return self.answer_with(found.order.fulfillments.all(), change_fulfillment(found, **asked))


@described(REFUNDS)
class RefundViewSet(PartViewSet):
    """Refunds: list, add, or only say what one would give back."""

    serializer_class = RefundSerializer
    request_serializers: ClassVar[dict[str, Any]] = {"add": NewRefundSerializer}

    def list(self, request: Request, brand_id: str, order_id: str) -> Response:
        """All refunds of an order, the oldest first."""
        order = self.order(order_id)
        rows = order.refunds.prefetch_related("lines__line") if order.is_stated else order.refunds.all()
        return self.answer_with_all(rows)

    def add(self, request: Request, brand_id: str, order_id: str) -> Response:
        """Give something back, or with `dry_run` only say what. With an `Idempotency-Key`, twice is once."""
        order, asked = self.order(order_id), self.checked(request)
        options = {"reason": asked.pop("reason", ""), "restocks": asked.pop("restock")}
        if asked.pop("dry_run"):
            idempotency.key_of(request)  # refused as in earnest; but nothing is written that could be written twice
            return Response({"success": True, "data": self._quoted(order, asked)})

        def write() -> Response:
            refund = request_refund(order, by=f"token {self.token.name}", **asked, **options)
            return self.answer_with(order.refunds.all(), refund, 201)

        return idempotency.once(request, self.token, write)

    def _quoted(self, order: Order, asked: dict[str, Any]) -> Any:
        due = quote(order, **asked)
        sums = {name: getattr(due, name) for name in ("amount", "points", "amount_left", "points_left")}
        passes = [item.issued_pass for item in due.items]
        return QuoteSerializer({"currency": order.currency, "passes": passes, **sums}).data


@described(RETURNS)
class ReturnViewSet(PartViewSet):
    """Returns: list, open, change."""

    serializer_class = ReturnSerializer
    request_serializers: ClassVar[dict[str, Any]] = {"add": NewReturnSerializer, "change": ReturnChangeSerializer}

    def list(self, request: Request, brand_id: str, order_id: str) -> Response:
        """All returns of an order, the oldest first."""
        return self.answer_with_all(self.order(order_id).returns.select_related("refund"))

    def add(self, request: Request, brand_id: str, order_id: str) -> Response:
        """Open a return. With an `Idempotency-Key`, sending it twice opens one."""
        order = self.order(order_id)
        asked = self._with_refund(order, self.checked(request))

        def write() -> Response:
            return self.answer_with(order.returns.select_related("refund"), open_return(order, **asked), 201)

        return idempotency.once(request, self.token, write)

    def change(self, request: Request, brand_id: str, order_id: str, return_id: str) -> Response:
        """Change a return's status or facts: all of it, or nothing."""
        found: Return = find_part(self.order(order_id).returns.all(), return_id)
        asked = self._with_refund(found.order, self.checked(request))
        return self.answer_with(found.order.returns.select_related("refund"), change_return(found, **asked))

    def _with_refund(self, order: Order, asked: dict[str, Any]) -> dict[str, Any]:
        """`asked` with the refund itself in the place of its identifier. Raises InvalidInput."""
        if not asked.get("refund"):
            return asked
        try:
            return asked | {"refund": order.refunds.get(uuid=asked["refund"])}
        except Refund.DoesNotExist:
            raise InvalidInput({"refund": ["The selected refund is invalid."]}) from None
