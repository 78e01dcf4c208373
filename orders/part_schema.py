"""What the OpenAPI file says of fulfilments, refunds and returns."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema_serializer
from rest_framework import serializers

from orders.examples import ORDER
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
from orders.schema import ONE, READ, REPLAYED, UPDATE, answer, operation, path_parameter
from shops.idempotency import HEADER
from shops.schema import errors

View = TypeVar("View", bound=type)
AT = "2026-11-23T10:02:11.300127Z"
CODE = ORDER["passes"][0]["qr_code"]
REFUND_ID = "4c1f6a0e-9a4f-4e0c-8c55-3f1c2a7d9b10"
FULFILLMENT: dict[str, Any] = {
    "identifier": "2f0b6c1d-7a3e-4a55-9a0e-6d1f4b8c2e33",
    "kind": "shipping",
    "status": "shipped",
    "status_description": None,
    "notes": None,
    "carrier": "PostNL",
    "tracking_number": "3SABCD1234567",
    "tracking_url": "https://carrier.example/3SABCD1234567",
    "shipped_at": AT,
    "delivered_at": None,
    "estimated_delivery_at": "2026-11-24T08:00:00.000000Z",
    "estimated_delivery_window": 120,
    "shipping_type": "shipping",
    "recipient": {"given_name": "Anna", "family_name": "de Vries", "organization_name": None},
    "address": {
        "address_lines": ["Prinsengracht 7"],
        "locality": "Amsterdam",
        "sub_locality": None,
        "administrative_area": None,
        "sub_administrative_area": None,
        "postal_code": "1015 DL",
        "country_code": "NL",
    },
    "display_name": None,
    "location": None,
    "pickup_at": None,
    "pickup_window": None,
    "picked_up_at": None,
    "passes": ORDER["passes"],
    "created_at": AT,
    "updated_at": AT,
}
BLOCKED = ORDER["passes"][0] | {"status": "blocked"}
REFUND: dict[str, Any] = {
    "identifier": REFUND_ID,
    "status": "requested",
    "amount": "1.25",
    "currency": "EUR",
    "points": 225,
    "reason": "The cup was cold.",
    "restock": False,
    "by": "token Partner",
    "provider_refund_id": None,
    "provider_status": None,
    "passes": [BLOCKED],
    "created_at": AT,
    "lines": [],
    "ended_at": None,
}
QUOTE = {
    "amount": "1.25",
    "currency": "EUR",
    "points": 225,
    "passes": ORDER["passes"][:1],
    "amount_left": "1.25",
    "points_left": 225,
}
RETURN: dict[str, Any] = {
    "identifier": "8d3e2b1a-0c4f-4d7e-b6a9-5e2f1c0d9a88",
    "return_number": "35-1",
    "status": "open",
    "status_description": None,
    "notes": "Bring it back in its box.",
    "carrier": None,
    "initiated_at": AT,
    "drop_off_by": "2026-12-07T00:00:00.000000Z",
    "returned_at": None,
    "refund": REFUND_ID,
    "passes": [BLOCKED],
    "created_at": AT,
    "updated_at": AT,
}
KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Any text of your own, new for each such call. Sent again within 24 hours with the same body, the first"
    " answer comes back and nothing happens twice; with another body it is refused with 422. A call that was refused"
    " leaves no key behind.",
)
SHIPPING_STEPS = (
    "`shipping`: open, processing, shipped, onTheWay, outForDelivery, delivered; what comes later may come at once, and"
    " outForDelivery may go back to onTheWay."
)
PICKUP_STEPS = "`pickup`: open, processing, readyForPickup, pickedUp; again, later ones may come at once."
ISSUE = (
    "All but the final ones may go to issue, and issue to any. What has not left may be cancelled; what has left, by"
    " way of an issue. delivered, pickedUp and cancelled are final."
)


def _wrapped(name: str, serializer: Any, text: str, *, many: bool = False) -> Any:
    """The envelope around one row, or around all of them."""
    data = serializer(many=True) if many else serializer()
    fields = {"__doc__": text, "success": serializers.BooleanField(), "data": data}
    return extend_schema_serializer(many=False)(type(name, (serializers.Serializer,), fields))


def _one(name: str, text: str) -> OpenApiParameter:
    return path_parameter(name, {"type": "string", "format": "uuid"}, text)


def _all(name: str, serializer: Any, text: str, value: Any) -> Any:
    return answer(_wrapped(name, serializer, text, many=True), text, "One", {"success": True, "data": [value]})


def _row(name: str, serializer: Any, text: str, value: Any) -> Any:
    return answer(_wrapped(name, serializer, text), text, "Example", {"success": True, "data": value})


ONE_FULFILLMENT = _row("FulfillmentAnswerSerializer", FulfillmentSerializer, "The fulfilment.", FULFILLMENT)
FULFILLMENTS = {
    "list": operation(
        "fulfillments_list",
        "List an order's fulfilments",
        READ,
        "How the items of an order reach the member, the oldest first. Our extension.",
        [ONE],
        responses={
            200: _all("FulfillmentListSerializer", FulfillmentSerializer, "All fulfilments.", FULFILLMENT),
            **errors(404),
        },
    ),
    "add": operation(
        "fulfillments_add",
        "Add a fulfilment",
        UPDATE,
        "Begins to ship passes' items, or to keep them ready for pickup. Only for a paid order. A pass is in one"
        f" fulfilment at most that is not cancelled. It starts out open, or at once in `status`.\n\n{SHIPPING_STEPS}"
        f" {PICKUP_STEPS} {ISSUE}\n\nThe words are those of Apple Wallet's orders. No webhook follows. Our extension.",
        [ONE, KEY, REPLAYED],
        request=NewFulfillmentSerializer,
        examples=[
            OpenApiExample(
                "Ship everything", {"kind": "shipping", "status": "shipped", "carrier": "PostNL"}, request_only=True
            ),
            OpenApiExample("Keep ready", {"kind": "pickup", "display_name": "Café Noord, the bar"}, request_only=True),
        ],
        responses={201: ONE_FULFILLMENT, **errors(400, 404, 409, 415, 422)},
    ),
    "change": operation(
        "fulfillments_change",
        "Change a fulfilment",
        UPDATE,
        "Changes its status or its facts: all of it, or nothing. An object (`recipient`, `address`, `location`) is"
        f" replaced as a whole.\n\n{SHIPPING_STEPS} {PICKUP_STEPS} {ISSUE} Our extension.",
        [ONE, _one("fulfillment_id", "The fulfilment's identifier.")],
        request=FulfillmentChangeSerializer,
        examples=[OpenApiExample("It has arrived", {"status": "delivered"}, request_only=True)],
        responses={200: ONE_FULFILLMENT, **errors(400, 404, 409, 415, 422)},
    ),
}
REFUNDS = {
    "list": operation(
        "refunds_list",
        "List an order's refunds",
        READ,
        "The oldest first. Our extension.",
        [ONE],
        responses={200: _all("RefundListSerializer", RefundSerializer, "All refunds.", REFUND), **errors(404)},
    ),
    "add": operation(
        "refunds_add",
        "Refund an order",
        UPDATE,
        "Gives money and points of a paid order back and blocks the passes that are named. Without `amount` and"
        " `points` it is what these passes cost of what was paid; never more than is left. With money in it the refund"
        " is `requested` until the payment provider has given it back, and then `completed`, or `failed`: then nothing"
        " was given back and the passes are valid again. Points follow the money. The order stays `paid` and no webhook"
        " follows.\n\nWith `dry_run` it only says what would be given back, and answers 200. Our extension.",
        [ONE, KEY, REPLAYED],
        request=NewRefundSerializer,
        examples=[
            OpenApiExample("What would it be?", {"passes": "all", "dry_run": True}, request_only=True),
            OpenApiExample("One of two", {"passes": [CODE], "reason": "The cup was cold."}, request_only=True),
            OpenApiExample("Some money", {"passes": [], "amount": "1.00"}, request_only=True),
        ],
        responses={
            200: _row("QuoteAnswerSerializer", QuoteSerializer, "What would be given back.", QUOTE),
            201: _row("RefundAnswerSerializer", RefundSerializer, "The refund.", REFUND),
            **errors(400, 404, 409, 415, 422),
        },
    ),
}
ONE_RETURN = _row("ReturnAnswerSerializer", ReturnSerializer, "The return.", RETURN)
RETURNS = {
    "list": operation(
        "returns_list",
        "List an order's returns",
        READ,
        "The oldest first. Our extension.",
        [ONE],
        responses={200: _all("ReturnListSerializer", ReturnSerializer, "All returns.", RETURN), **errors(404)},
    ),
    "add": operation(
        "returns_add",
        "Open a return",
        UPDATE,
        "Expects items of a paid order back. A pass is in one return at most that is not cancelled. No money moves:"
        " that is a refund, which may be named. Our extension.",
        [ONE, KEY, REPLAYED],
        request=NewReturnSerializer,
        examples=[OpenApiExample("One of two", {"passes": [CODE]}, request_only=True)],
        responses={201: ONE_RETURN, **errors(400, 404, 409, 415, 422)},
    ),
    "change": operation(
        "returns_change",
        "Change a return",
        UPDATE,
        "Changes its status or its facts: all of it, or nothing. It goes from open to onTheWay, processing and"
        " completed, where later ones may come at once. All but the final ones may go to issue, and issue to any; open"
        " and issue may be cancelled. completed and cancelled are final. Our extension.",
        [ONE, _one("return_id", "The return's identifier.")],
        request=ReturnChangeSerializer,
        examples=[OpenApiExample("It is back", {"status": "completed"}, request_only=True)],
        responses={200: ONE_RETURN, **errors(400, 404, 409, 415, 422)},
    ),
}


def described(operations: Mapping[str, Any]) -> Callable[[View], View]:
    """Describe the operations of a viewset."""

    def describe(view: View) -> View:
        for name, description in operations.items():
            setattr(view, name, description(getattr(view, name)))
        return view

    return describe
