"""What the OpenAPI file says of passes. The decorators describe the views; nothing here runs for a request."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework import serializers

from passes.serializers import BlockSerializer, ChangedPassSerializer, PassDetailSerializer, RedeemSerializer
from shops.idempotency import HEADER
from shops.schema import RATE_LIMIT, UUID, errors, example

View = TypeVar("View", bound=type)
CODE = "7K3QW9ZB2M5XCDR8T1HV"
# Two coffees at 350 points; the member has 450 points.
PASS: dict[str, Any] = {
    "brand_id": UUID,
    "code": CODE,
    "created_at": "2026-11-22T09:12:04.118203Z",
    "updated_at": "2026-11-22T09:13:40.902511Z",
    "demo": 0,
    "redeemed": 0,
    "active": 1,
    "expired": 0,
    "blocked": 0,
    "reminder_send": 0,
    "expiration_date": "2027-02-20T09:13:40.902511Z",
    "start_date": None,
    "reminder_date": None,
    "parsed_historical": 0,
    "coupon": {
        "identifier": "5f9b97ec-b48a-413c-af59-8df5f340557b",
        "price": "3.50",
        "points": 350,
        "external_reference": "cafe-noord-1",
    },
    "storecard": {"identifier": "9c1d1f7e-6f4e-4a83-8f0c-2b7a5d3e4c61", "points": 450, "balance": "4.50"},
}
AT = "2026-11-23T08:30:12.551004Z"
OPEN_END: dict[str, Any] = {"redeemed_at": None, "redeemed_by": None, "blocked_at": None, "blocked_reason": None}
REDEEMED = {
    "success": True,
    "data": PASS | {"updated_at": AT, "redeemed": 1, "active": 0},
    **OPEN_END,
    "redeemed_at": AT,
    "redeemed_by": "Till 2",
}
BLOCKED = {
    "success": True,
    "data": PASS | {"updated_at": AT, "blocked": 1, "active": 0},
    **OPEN_END,
    "blocked_at": AT,
    "blocked_reason": "Reported stolen.",
}


class PassAnswerSerializer(serializers.Serializer[Any]):
    """One pass."""

    success = serializers.BooleanField()
    data = PassDetailSerializer()  # type: ignore[assignment]  # the key's name


class PassesOfMemberSerializer(serializers.Serializer[Any]):
    """At most a hundred passes of a member."""

    success = serializers.BooleanField()
    data = PassDetailSerializer(many=True)  # type: ignore[assignment]  # the key's name


ONE_OR_MANY = PolymorphicProxySerializer(
    component_name="InspectedPasses",
    serializers=[PassAnswerSerializer, PassesOfMemberSerializer],
    resource_type_field_name=None,
)


def _query(name: str, kind: Any, description: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description, **more)


def _path(name: str, kind: Any, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.PATH, required=True, description=description)


def _text(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{"type": "string", **kind}, {"type": "string", "enum": [""]}]}


A_CODE = "What the pass's QR code says, in any case, or the pass's serial number."
BRAND = _path("brand_id", {"type": "string", "format": "uuid"}, "The brand's identifier, the token's own.")
ONE = _path("code", {"type": "string"}, A_CODE)
FROM_BODY = (
    "\n\nThe parameters may also come as a JSON body, as the original API's samples send them; a key of the body wins"
    " over the same key of the query."
)
KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Any text of your own, new for each pass. Sent again within 24 hours with the same body, the first"
    " answer comes back instead of a 409; with another body it is refused with 422. A call that was refused leaves no"
    " key behind.",
)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    description="There when this is the answer of an earlier call with the same key.",
    response=[200],
)


def _operation(name: str, summary: str, ability: str, text: str, parameters: list[Any], **more: Any) -> Any:
    return extend_schema(
        operation_id=name,
        tags=["Passes"],
        summary=summary,
        description=f"{text}\n\nAbility: `{ability}`",
        parameters=[*parameters, *RATE_LIMIT],
        filters=False,
        **more,
    )


def _described(operations: Mapping[str, Any]) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        for name, description in operations.items():
            setattr(view, name, description(getattr(view, name)))
        return view

    return decorate


def _changed(description: str, name: str, value: Any) -> OpenApiResponse:
    return OpenApiResponse(ChangedPassSerializer, description, [example(name, value)])


inspecting = _described(
    {
        "inspect": _operation(
            "passes_inspect",
            "Look at a pass, or at a member's passes",
            "passes.get",
            "With `pass_code`: that pass, if it is this member's. The original asks for all three parameters."
            " Without `pass_code`, which is our extension: a list of the member's passes, the newest"
            " first, a hundred a page; an unknown address has none. A pass appears once its order is paid."
            f" `balance` is what the `points` are worth, not money besides.{FROM_BODY}",
            [
                _query("email", _text({"format": "email"}), "The member's e-mail address, in any case."),
                _query("brand_id", _text({"format": "uuid"}), "The brand's identifier, the token's own."),
                _query("pass_code", {"type": "string"}, f"{A_CODE} Without it, `email` is required."),
                _query("page", {"type": "string", "default": "1"}, "The page of the list, from 1."),
            ],
            responses={
                200: OpenApiResponse(
                    ONE_OR_MANY,
                    "The pass, or the passes.",
                    [
                        example("With a code", {"success": True, "data": PASS}),
                        example("Without", {"success": True, "data": [PASS]}),
                    ],
                ),
                **errors(404, 422),
            },
        ),
        "search": _operation(
            "passes_search",
            "Find a pass by its code",
            "search.pass",
            f"The pass with this code, whoever's it is.{FROM_BODY}",
            [
                _query(
                    "pass_code",
                    {"type": "string"},
                    A_CODE,
                    required=True,
                    examples=[OpenApiExample("A code", CODE)],
                )
            ],
            responses={
                200: OpenApiResponse(
                    PassAnswerSerializer, "The pass.", [example("A pass", {"success": True, "data": PASS})]
                ),
                **errors(404, 422),
            },
        ),
    }
)

writing = _described(
    {
        "redeem": _operation(
            "passes_redeem",
            "Redeem a pass",
            "passes.update",
            "Uses the pass up, in the name of a person or a device. Of all who try, one succeeds. Any other gets 409,"
            " and reads when it was redeemed and by which name; so does who tries with a pass that is expired or"
            " blocked. Our extension.",
            [BRAND, ONE, KEY, REPLAYED],
            request=RedeemSerializer,
            examples=[OpenApiExample("A till", {"redeemed_by": "Till 2"}, request_only=True)],
            responses={
                200: _changed("The pass is redeemed.", "Redeemed", REDEEMED),
                **errors(400, 404, 409, 415, 422),
            },
        ),
        "change": _operation(
            "passes_change",
            "Block or unblock a pass",
            "passes.update",
            "An active pass can be blocked, with a reason, and unblocked again. The state that it has already is no"
            " error and changes nothing. A pass whose order came to nothing or was refunded stays blocked. Our"
            " extension.",
            [BRAND, ONE],
            request=BlockSerializer,
            examples=[
                OpenApiExample("Block", {"blocked": True, "blocked_reason": "Reported stolen."}, request_only=True),
                OpenApiExample("Unblock", {"blocked": False}, request_only=True),
            ],
            responses={
                200: _changed("The pass as it is now.", "Blocked", BLOCKED),
                **errors(400, 404, 409, 415, 422),
            },
        ),
    }
)
