"""What the OpenAPI file says of every call: the bearer token, the errors, the headers of the rate limit."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

STATUS = "The selected status is invalid."
UUID = "6864adf7-8b26-48ee-b5a7-6c2e560348f6"


class BearerToken(OpenApiAuthenticationExtension):
    """`Authorization: Bearer id|secret`."""

    target_class = "shops.authentication.BearerTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A plain bearer scheme; the abilities stand with each operation."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "id|secret",
            "description": "A brand's API token: `Authorization: Bearer 7|Xo3…`. It opens that brand's shop only.",
        }


class MessageSerializer(serializers.Serializer[Any]):
    """An error in one sentence."""

    message = serializers.CharField()


class InvalidSerializer(serializers.Serializer[Any]):
    """Input that was refused."""

    message = serializers.CharField(help_text="The first message, and how many more there are.")
    errors = serializers.DictField(  # type: ignore[assignment]  # the key's name
        child=serializers.ListField(child=serializers.CharField()), help_text="All messages, by the name of the field."
    )


def example(name: str, value: Any, **more: Any) -> OpenApiExample:
    """An example of an answer."""
    return OpenApiExample(name, value, response_only=True, **more)


def message(description: str, text: str) -> OpenApiResponse:
    """An answer of one sentence."""
    return OpenApiResponse(MessageSerializer, description, [example("Example", {"message": text})])


ERRORS = {
    400: message("The body is not valid JSON.", "The body is not valid JSON: unexpected end of data."),
    401: message("No token, or one that is malformed, wrong, expired or revoked.", "Unauthenticated."),
    403: message("The token lacks the ability.", "Invalid ability provided."),
    404: message("It is not there, or it is another brand's: the two look the same.", "Not found."),
    409: message(
        "The state does not allow this step. Nothing was changed.", "An order that is paid cannot become canceled."
    ),
    415: message("The body is not JSON.", 'Unsupported media type "text/plain" in request.'),
    422: OpenApiResponse(
        InvalidSerializer,
        "Input that cannot be accepted. Nothing was changed.",
        [
            example(
                "One field",
                {
                    "message": "The selected status is invalid.",
                    "errors": {"status": [STATUS]},
                },
            ),
            example(
                "Two fields",
                {
                    "message": "The email field must be a valid email address. (and 1 more error)",
                    "errors": {
                        "email": ["The email field must be a valid email address."],
                        "status": [STATUS],
                    },
                },
            ),
        ],
    ),
    429: message("Too many calls with this token in this minute.", "Too Many Attempts."),
}


def errors(*codes: int) -> dict[int, OpenApiResponse]:
    """The answers for these errors, and for the three that every call may meet."""
    return {code: ERRORS[code] for code in sorted({401, 403, 429, *codes})}


def _header(name: str, description: str, statuses: list[int], kind: Any = int) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.HEADER, description=description, response=statuses)


# Only answers behind a valid token carry them, and none if the operator has switched the limit off.
COUNTED = [200, 201, 400, 403, 404, 409, 415, 422, 429]
RATE_LIMIT = [
    _header("X-RateLimit-Limit", "Calls allowed per token and minute.", COUNTED),
    _header("X-RateLimit-Remaining", "Calls left in this minute.", COUNTED),
    _header("X-RateLimit-Reset", "When the next minute begins, in seconds since 1970.", [429]),
    _header("Retry-After", "Seconds to wait before the next try.", [429]),
]


SHOP = {
    "name": "Café Noord",
    "identifier": UUID,
    "logo": None,
    "quickshop": 0,
    "webshop": 1,
    "primary_color": "#7a3b1d",
    "second_color": None,
    "third_color": None,
    "organization": {"name": "Café Noord", "identifier": UUID},
}


def shop_list(shop: type[serializers.BaseSerializer[Any]]) -> Any:
    """Describe `GET /shops`, whose items are printed by `shop`."""
    answer = type(
        "ShopListSerializer",
        (serializers.Serializer,),
        {
            "__doc__": "The shops of a token.",
            "message": serializers.CharField(),
            "data": shop(many=True),
        },
    )
    return extend_schema(
        operation_id="shops_list",
        tags=["Shops"],
        summary="List your shops",
        description="The shops that the token opens: one, its brand's.\n\nAbility: `shops.get`",
        parameters=RATE_LIMIT,
        responses={
            200: OpenApiResponse(
                answer, "The shops.", [example("One shop", {"message": "Request successful", "data": [SHOP]})]
            ),
            **errors(),
        },
    )
