"""The orders of a brand's shop, over the API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.http import Http404, HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from orders import reading, services
from orders.filters import OrderFilter, read_filters
from orders.models import Order
from orders.payments import checkout_url
from orders.schema import described
from orders.serializers import CallSerializer, ChangeOrderSerializer, OrderSerializer, PlaceOrderSerializer
from orders.tasks import look_at_payments
from passes.models import Coupon
from shops import idempotency
from shops.api import BrandAPIView, read_inputs
from shops.authentication import Along
from shops.errors import InvalidInput
from shops.hints import give
from shops.models import Brand, Member
from shops.numbers import whole_number
from shops.serializers import TIME
from shops.services import find_or_add_member

OVERLAP = timedelta(minutes=1)  # longer than any write lasts: nothing slips between two incremental reads


@described
class OrderViewSet(BrandAPIView, GenericViewSet[Order]):
    """Orders: list, find, read, place, change, cancel, and the log of their webhook calls."""

    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    lookup_url_kwarg = "order_id"
    ability = "shops.orders.get"
    paginator: Any  # walletapp/pagination.py, by the settings
    abilities: ClassVar[dict[str, str]] = {
        "place": "shops.orders.store",
        "change": "shops.orders.update",
        "cancel": "shops.orders.update",
    }

    def list(self, request: Request, brand_id: str) -> HttpResponse:
        """A page of the brand's orders, newest first."""
        now = datetime.now(UTC)
        inputs = read_inputs(request)
        page = self.paginator.read_page(inputs.get("page"))
        headers = None
        if self.token.along:
            found = reading.page_read_along(self.token.along, page)
        else:
            filters = read_filters(self.brand, inputs)
            found = reading.page_of_orders(self.brand, filters, page)
            if "modified_since" in filters:
                headers = {"X-Read-At": (now - OVERLAP).strftime(TIME)}
        data = self.paginator.envelope(request, found.orders, count=found.count, total=found.total, page=page)
        # Not DRF's Response: the hottest answer of all needs no choice of a renderer.
        return HttpResponse(orjson.dumps(data), content_type="application/json", headers=headers)

    def read_along(self, request: Request) -> Along | None:
        """Read an unfiltered page together with the token: the list's plainest form in one statement."""
        if self.action != "list" or request._request.GET.keys() - {"page"} or request.META.get("CONTENT_LENGTH"):  # noqa: SLF001
            return None
        return reading.page_along(self.paginator.read_page(request._request.GET.get("page")))  # noqa: SLF001

    def by_email(self, request: Request, brand_id: str) -> Response:
        """A page of the orders of the member with this e-mail address."""
        return self._of_member(request, "email")

    def by_member_id(self, request: Request, brand_id: str) -> Response:
        """A page of the orders of the member with this identifier."""
        return self._of_member(request, "member_id")

    def _of_member(self, request: Request, required: str) -> Response:
        inputs = read_inputs(request)
        filters = read_filters(self.brand, inputs, required)
        page = self.paginator.read_page(inputs.get("page"))
        return Response({"success": True, "data": reading.orders_of_member(self.brand, filters, page)})

    def unacknowledged(self, request: Request, brand_id: str) -> Response:
        """A page of the orders whose latest status an endpoint has not confirmed."""
        inputs = read_inputs(request)
        endpoint = self._endpoint(inputs.get("webhook"))
        page = self.paginator.read_page(inputs.get("page"))
        found = reading.unacknowledged(self.brand, endpoint, page)
        return Response(self.paginator.envelope(request, found.orders, count=found.count, total=found.total, page=page))

    def retrieve(self, request: Request, brand_id: str, order_id: str) -> Response:
        """One order."""
        return self._answer(parse_order_id(order_id))

    def webhooks(self, request: Request, brand_id: str, order_id: str) -> Response:
        """Every webhook call made for an order, the newest last."""
        order = find_order(self.brand, order_id)
        calls = self.brand.calls.filter(delivery__order_uuid=order.uuid).select_related("delivery__event")
        return Response({"success": True, "data": CallSerializer(calls.order_by("started_at", "id"), many=True).data})

    def place(self, request: Request, brand_id: str) -> Response:
        """Place an order. With an `Idempotency-Key`, sending it twice places one."""
        asked = self._checked(PlaceOrderSerializer, request)
        return idempotency.once(request, self.token, lambda: self._place(asked))

    def _place(self, asked: dict[str, Any]) -> Response:
        with transaction.atomic():
            basket = [(self._coupon(line["coupon"], at), line["quantity"]) for at, line in enumerate(asked["items"])]
            order = services.place_order(
                self._member(asked["member"]),
                basket,
                points=asked["points"],
                member_partner_id=asked.get("member_partner_id") or "",
            )
        payment = getattr(order, "payment", None)
        if payment and payment.provider_id is None:
            transaction.on_commit(partial(give, look_at_payments))
        return self._answer(order.uuid, 201, payment_url=payment and checkout_url(payment))

    def change(self, request: Request, brand_id: str, order_id: str) -> Response:
        """Change what a partner may change: all of it, or nothing."""
        order = find_order(self.brand, order_id)
        asked = self._checked(ChangeOrderSerializer, request)
        facts = {name: asked[name] for name in ("member_partner_id", "mail_delivered_in_inbox") if name in asked}
        if "member_partner_id" in facts:
            facts["member_partner_id"] = facts["member_partner_id"] or ""
        with transaction.atomic():
            if "processing_status" in asked:
                services.set_processing_status(order, asked["processing_status"])
            if facts:
                services.note_facts(order, **facts)
        return self._answer(order.uuid)

    def cancel(self, request: Request, brand_id: str, order_id: str) -> Response:
        """Cancel an order that is not paid; its points and stock go back."""
        order = services.cancel(find_order(self.brand, order_id))
        return self._answer(order.uuid)

    def _checked(self, serializer_class: Callable[..., Any], request: Request) -> dict[str, Any]:
        serializer = serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def _answer(self, order_id: UUID | int, status: int = 200, **more: Any) -> Response:
        """The order as it is now. Its ETag is what the webhooks call wllt-order-version."""
        found = reading.one_order(self.brand, order_id)
        if found is None:
            raise Http404
        order, version = found
        return Response({"success": True, "data": order, **more}, status, headers={"ETag": f'"{version}"'})

    def _endpoint(self, identifier: Any) -> int:
        """The key of the brand's endpoint with this uuid. Raises InvalidInput."""
        if identifier is None:
            raise InvalidInput({"webhook": ["The webhook field is required."]})
        try:
            return self.brand.endpoints.values_list("pk", flat=True).get(uuid=UUID(str(identifier)), removed_at=None)
        except (ValueError, ObjectDoesNotExist):
            raise InvalidInput({"webhook": ["The selected webhook is invalid."]}) from None

    def _coupon(self, identifier: UUID, at: int) -> Coupon:
        try:
            return self.brand.coupons.select_related("brand").get(uuid=identifier)
        except Coupon.DoesNotExist:
            field = f"items.{at}.coupon"
            raise InvalidInput({field: [f"The selected {field} is invalid."]}) from None

    def _member(self, asked: dict[str, Any]) -> Member:
        if "identifier" in asked:
            try:
                return self.brand.members.get(uuid=asked["identifier"])
            except Member.DoesNotExist:
                raise InvalidInput({"member.identifier": ["The selected member.identifier is invalid."]}) from None
        return find_or_add_member(self.brand, asked["email"], asked.get("name", ""))


def parse_order_id(text: str) -> UUID | int:
    """The order's uuid, or its number. Raises Http404 for anything else."""
    number = whole_number(text)
    if number is not None:
        return number
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def find_order(brand: Brand, order_id: str) -> Order:
    """The brand's order with this uuid or number. Raises Http404."""
    wanted = parse_order_id(order_id)
    found = {"number": wanted} if isinstance(wanted, int) else {"uuid": wanted}
    try:
        return brand.orders.select_related("brand").get(**found)
    except Order.DoesNotExist:
        raise Http404 from None
