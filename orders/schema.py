"""What the OpenAPI file says of the orders. `described` decorates OrderViewSet; nothing here runs for a request."""

from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from orders.examples import BODY, CALL, CANCELED, ORDER, PAYMENT_URL, UNPAID
from orders.models import OrderStatus, ProcessingStatus
from orders.serializers import CallSerializer, ChangeOrderSerializer, OrderSerializer, PlaceOrderSerializer
from shops.idempotency import HEADER
from shops.schema import RATE_LIMIT, errors, example

View = TypeVar("View", bound=type)
TAGS = ["Orders"]
INPUTS = (
    "\n\nThe parameters may also come as a JSON body with `Content-Type: application/json`, as the original API's"
    " samples send them. A key of the body wins over the same key of the query. A body that is not a JSON object"
    " counts as none; unknown parameters are ignored; an empty value counts as absent."
)
ORDER_ID = "The order's identifier (`uuid`), or its `number`."
ORDER_ID_PATTERN = "^([0-9]{1,18}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"


class OrderAnswerSerializer(serializers.Serializer[Any]):
    """One order."""

    success = serializers.BooleanField()
    data = OrderSerializer()  # type: ignore[assignment]  # the key's name


class PlacedOrderSerializer(OrderAnswerSerializer):
    """An order just placed."""

    payment_url = serializers.URLField(
        allow_null=True, help_text="Our page where the member pays, or goes on to pay; null when nothing is due."
    )


class OrdersOfMemberSerializer(serializers.Serializer[Any]):
    """At most ten orders of a member."""

    success = serializers.BooleanField()
    data = OrderSerializer(many=True)  # type: ignore[assignment]  # the key's name


class CallListSerializer(serializers.Serializer[Any]):
    """The webhook calls of an order."""

    success = serializers.BooleanField()
    data = CallSerializer(many=True)  # type: ignore[assignment]  # the key's name


def _query(name: str, kind: Any, description: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description, **more)


def path_parameter(name: str, kind: Any, description: str, **more: Any) -> OpenApiParameter:
    """A part of the path."""
    return OpenApiParameter(name, kind, OpenApiParameter.PATH, required=True, description=description, **more)


def _choice(values: list[str]) -> dict[str, Any]:
    return {"type": "string", "enum": [*values, ""]}


def _text(kind: str) -> dict[str, Any]:
    return {"anyOf": [{"type": "string", "format": kind}, {"type": "string", "enum": [""]}]}


BRAND = path_parameter("brand_id", {"type": "string", "format": "uuid"}, "The brand's identifier, the token's own.")
ONE = path_parameter("order_id", {"type": "string", "pattern": ORDER_ID_PATTERN}, ORDER_ID)
FILTERS = {
    "status": _query("status", _choice(OrderStatus.values), "Only orders in this state."),
    "processing_status": _query(
        "processing_status", _choice(ProcessingStatus.values), "Only orders that stand here with the staff."
    ),
    "page": _query(
        "page",
        {"type": "string", "default": "1"},
        "The page, from 1. Whatever is no whole number of at least 1 means 1; a page past the end is empty.",
    ),
    "email": _query("email", _text("email"), "The member's e-mail address, in any case."),
    "member_id": _query("member_id", _text("uuid"), "The member's identifier."),
    "modified_since": _query(
        "modified_since",
        _text("date-time"),
        "Only orders changed at or after this time: ISO 8601, as `X-Read-At` of the last such call gave it. Write `+`"
        " as `%2B`. Our extension.",
        examples=[OpenApiExample("A time in UTC", "2026-11-22T09:00:00Z")],
    ),
}
EMAIL = _query(
    "email",
    {"type": "string", "format": "email"},
    "The member's e-mail address, in any case. Required, here or in a JSON body.",
    required=True,
    examples=[OpenApiExample("An address", "anna.de.vries@example.com")],
)
MEMBER_ID = _query(
    "member_id",
    {"type": "string", "format": "uuid"},
    "The member's identifier. Required, here or in a JSON body.",
    required=True,
)
KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Any text of your own, new for each order. Sent again within 24 hours with the same body, the first"
    " answer comes back and nothing is placed twice; with another body it is refused with 422. A call that was"
    " refused leaves no key behind. Our extension.",
)
READ_AT = OpenApiParameter(
    "X-Read-At",
    {"type": "string", "format": "date-time"},
    OpenApiParameter.HEADER,
    description="With `modified_since` only: what to send as `modified_since` next time. A minute before this answer,"
    " so that no order slips between two reads.",
    response=[200],
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    description="There when this is the answer of an earlier call with the same key.",
    response=[201],
)


def operation(name: str, summary: str, ability: str, text: str, parameters: list[OpenApiParameter], **more: Any) -> Any:
    """Describe one call."""
    return extend_schema(
        operation_id=name,
        tags=TAGS,
        summary=summary,
        description=f"{text}\n\nAbility: `{ability}`",
        parameters=[BRAND, *parameters, *RATE_LIMIT],
        filters=False,
        **more,
    )


def _member_filters(required: OpenApiParameter) -> list[OpenApiParameter]:
    others = [parameter for name, parameter in FILTERS.items() if name != required.name]
    return [required, *others]


def answer(serializer: Any, description: str, name: str, value: Any) -> OpenApiResponse:
    """An answer with an example."""
    return OpenApiResponse(serializer, description, [example(name, value)])


ONE_ORDER = answer(OrderAnswerSerializer, "The order.", "A paid order", {"success": True, "data": ORDER})
OF_MEMBER = answer(
    OrdersOfMemberSerializer, "The member's orders, newest first.", "One order", {"success": True, "data": [ORDER]}
)
READ = "shops.orders.get"
UPDATE = "shops.orders.update"

OPERATIONS = {
    "list": operation(
        "orders_list",
        "List a brand's orders",
        READ,
        f"Newest first, ten a page, in Laravel's page shape.{INPUTS}",
        [*FILTERS.values(), READ_AT],
        responses={
            200: OpenApiResponse(OrderSerializer(many=True), "A page of orders."),
            **errors(404, 422),
        },
    ),
    "by_email": operation(
        "orders_by_email",
        "Find orders by e-mail address",
        READ,
        f"Newest first, ten a page; the answer has no page keys. An unknown address has no orders.{INPUTS}",
        _member_filters(EMAIL),
        responses={200: OF_MEMBER, **errors(404, 422)},
    ),
    "by_member_id": operation(
        "orders_by_member_id",
        "Find orders by member",
        READ,
        f"Newest first, ten a page; the answer has no page keys. An unknown member has no orders.{INPUTS}",
        _member_filters(MEMBER_ID),
        responses={200: OF_MEMBER, **errors(404, 422)},
    ),
    "unacknowledged": operation(
        "orders_unacknowledged",
        "List orders that an endpoint has not confirmed",
        "shops.orders.get",
        "Orders whose latest status was sent, or shall be sent, to this webhook endpoint and is not confirmed by it."
        " Newest first, ten a page, in Laravel's page shape. Our extension.",
        [
            _query("webhook", {"type": "string", "format": "uuid"}, "The endpoint's identifier.", required=True),
            FILTERS["page"],
        ],
        responses={200: OpenApiResponse(OrderSerializer(many=True), "A page of orders."), **errors(404, 422)},
    ),
    "retrieve": operation(
        "orders_get", "Read an order", READ, "One order.", [ONE], responses={200: ONE_ORDER, **errors(404)}
    ),
    "webhooks": operation(
        "orders_webhooks",
        "List an order's webhook calls",
        READ,
        "Every call made for this order, the newest last. A call that is repeated keeps its `webhook_call_id`, which is"
        " the `wllt-message-id` that the receiver saw. `delivered` and `failed` are both 0 while a call is in flight.",
        [ONE],
        responses={
            200: answer(CallListSerializer, "The calls.", "A first try that worked", {"success": True, "data": [CALL]}),
            **errors(404),
        },
    ),
    "place": operation(
        "orders_place",
        "Place an order",
        "shops.orders.store",
        "Sells coupons to a member for points and money. The rest that the points do not cover is due in money, by the"
        " brand's point value; then `payment_url` says where the member pays. With nothing due the order is paid at"
        " once. An unknown e-mail address makes a member. Our extension.",
        [KEY, REPLAYED],
        request=PlaceOrderSerializer,
        examples=[OpenApiExample("Two coffees", BODY, request_only=True)],
        responses={
            201: answer(
                PlacedOrderSerializer,
                "The order was placed.",
                "Money is due",
                {"success": True, "data": UNPAID, "payment_url": PAYMENT_URL},
            ),
            **errors(400, 404, 415, 422),
        },
    ),
    "change": operation(
        "orders_change",
        "Change an order",
        UPDATE,
        "Changes what a partner may change: all of it, or nothing. `processing_status` goes from open to"
        " being_processed or archived, from being_processed to open or processed, from processed to archived. No"
        " webhook follows: `status` stays. Our extension.",
        [ONE],
        request=ChangeOrderSerializer,
        examples=[OpenApiExample("Take it on", {"processing_status": "being_processed"}, request_only=True)],
        responses={200: ONE_ORDER, **errors(400, 404, 409, 415, 422)},
    ),
    "cancel": operation(
        "orders_cancel",
        "Cancel an order",
        UPDATE,
        "Only an order that is `open` can be canceled; its points and stock go back. Any other answers 409, a canceled"
        " one too. Takes no body. Our extension.",
        [ONE],
        request=None,
        responses={
            200: answer(OrderAnswerSerializer, "The canceled order.", "Canceled", {"success": True, "data": CANCELED}),
            **errors(404, 409),
        },
    ),
}


def described(view: View) -> View:
    """Describe the operations of OrderViewSet. extend_schema_view knows only DRF's own names for them."""
    for name, description in OPERATIONS.items():
        setattr(view, name, description(getattr(view, name)))
    return view
