"""What the OpenAPI file says of the webhook endpoints. `described` decorates EndpointViewSet."""

from typing import Any, TypeVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers

from shops.schema import RATE_LIMIT, errors, example, message
from webhooks.serializers import (
    ClinicSerializer,
    DiagnosisSerializer,
    EndpointChangeSerializer,
    EndpointSerializer,
    ExamSerializer,
    NewEndpointSerializer,
    ReplaySerializer,
    ReportSerializer,
    ResendSerializer,
)

View = TypeVar("View", bound=type)
GET, STORE, UPDATE, DELETE = (f"shops.webhooks.{word}" for word in ("get", "store", "update", "delete"))
UUID = {"type": "string", "format": "uuid"}
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENDPOINT = {
    "identifier": "0b6a1f2e-5d1c-4b0a-9a4e-0f0d8a1c2b3d",
    "webhook_url": "https://partner.example/hooks/orders",
    "is_validated": True,
    "is_active": True,
    "statuses": ["open", "paid", "failed", "canceled"],
    "concurrency": 4,
    "key_hint": "aSw=",
    "state": "healthy",
    "disabled_reason": "",
    "failures_in_a_row": 0,
    "created_at": "2026-11-22T09:00:00.000000Z",
}


class EndpointAnswerSerializer(serializers.Serializer[Any]):
    """One endpoint."""

    success = serializers.BooleanField()
    data = EndpointSerializer()  # type: ignore[assignment]  # the key's name


class EndpointWithKeySerializer(EndpointSerializer):
    """An endpoint, with its key this once."""

    webhook_key = serializers.CharField(help_text="Keep it: it cannot be read again.")

    class Meta(EndpointSerializer.Meta):
        fields: Any = (*EndpointSerializer.Meta.fields, "webhook_key")


class KeyAnswerSerializer(serializers.Serializer[Any]):
    """An endpoint and its new key."""

    success = serializers.BooleanField()
    data = EndpointWithKeySerializer()  # type: ignore[assignment]  # the key's name


@extend_schema_serializer(many=False)
class EndpointListSerializer(serializers.Serializer[Any]):
    """All endpoints."""

    success = serializers.BooleanField()
    data = EndpointSerializer(many=True)  # type: ignore[assignment]  # the key's name


class DoneSerializer(serializers.Serializer[Any]):
    """It is done."""

    success = serializers.BooleanField()


class TestResultSerializer(serializers.Serializer[Any]):
    """How a test call went."""

    delivered = serializers.ChoiceField(choices=[0, 1])
    http_status_code = serializers.IntegerField(allow_null=True)
    truncate_response = serializers.CharField(allow_null=True)
    is_validated = serializers.BooleanField()


class TestAnswerSerializer(serializers.Serializer[Any]):
    """A test call."""

    success = serializers.BooleanField()
    data = TestResultSerializer()  # type: ignore[assignment]  # the key's name


class DiagnosisAnswerSerializer(serializers.Serializer[Any]):
    """A diagnosis."""

    success = serializers.BooleanField()
    data = DiagnosisSerializer()  # type: ignore[assignment]  # the key's name


class ReportAnswerSerializer(serializers.Serializer[Any]):
    """A report."""

    success = serializers.BooleanField()
    data = ReportSerializer()  # type: ignore[assignment]  # the key's name


class ReportListSerializer(serializers.Serializer[Any]):
    """Some reports."""

    success = serializers.BooleanField()
    data = ReportSerializer(many=True)  # type: ignore[assignment]  # the key's name


class CountSerializer(serializers.Serializer[Any]):
    """How many messages."""

    count = serializers.IntegerField()
    dry_run = serializers.BooleanField()


class CountAnswerSerializer(serializers.Serializer[Any]):
    """How many messages are, or would be, sent again."""

    success = serializers.BooleanField()
    data = CountSerializer()  # type: ignore[assignment]  # the key's name


def _path(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, UUID, OpenApiParameter.PATH, required=True, description=description)


BRAND = _path("brand_id", "The brand's identifier, the token's own.")
ONE = _path("endpoint_id", "The endpoint's identifier.")


def _operation(name: str, summary: str, ability: str, text: str, parameters: list[Any], **more: Any) -> Any:
    return extend_schema(
        operation_id=f"webhooks_{name}",
        tags=["Webhooks"],
        summary=summary,
        description=f"{text} Our extension.\n\nAbility: `{ability}`",
        parameters=[BRAND, *parameters, *RATE_LIMIT],
        filters=False,
        **more,
    )


def _answer(serializer: Any, description: str, data: Any) -> OpenApiResponse:
    return OpenApiResponse(serializer, description, [example("Example", {"success": True, "data": data})])


SHOWN = _answer(EndpointAnswerSerializer, "The endpoint.", ENDPOINT)
WITH_KEY = _answer(KeyAnswerSerializer, "The endpoint and its key.", {**ENDPOINT, "webhook_key": KEY})
WRITE = (400, 404, 415, 422)
OFTEN = {
    429: message(
        "Too many calls with this token in this minute, too many test calls or exams lately, or an exam is under way.",
        "Exams of one endpoint: at most 10 an hour. Try again in 1260 seconds.",
    )
}

OPERATIONS = {
    "list": _operation(
        "list",
        "List the endpoints",
        GET,
        "All endpoints of the brand.",
        [],
        responses={200: _answer(EndpointListSerializer, "The endpoints.", [ENDPOINT]), **errors(404)},
    ),
    "add": _operation(
        "add",
        "Add an endpoint",
        STORE,
        "Lets a URL hear of the brand's orders. `webhook_key` is in this answer and in no other. Without `statuses` it"
        " hears open, paid, failed and canceled; `expired` has to be asked for.",
        [],
        request=NewEndpointSerializer,
        examples=[OpenApiExample("All four", {"webhook_url": ENDPOINT["webhook_url"]}, request_only=True)],
        responses={201: WITH_KEY, **errors(*WRITE)},
    ),
    "retrieve": _operation(
        "get", "Read an endpoint", GET, "One endpoint.", [ONE], responses={200: SHOWN, **errors(404)}
    ),
    "change": _operation(
        "change",
        "Change an endpoint",
        UPDATE,
        "Changes the URL, the statuses, how many calls it takes at once, or whether it is called at all. A new URL has"
        " to be validated anew.",
        [ONE],
        request=EndpointChangeSerializer,
        examples=[OpenApiExample("Switch it off", {"is_active": False}, request_only=True)],
        responses={200: SHOWN, **errors(*WRITE)},
    ),
    "remove": _operation(
        "remove",
        "Remove an endpoint",
        DELETE,
        "Sends it nothing more. What is pending is canceled; the log stays.",
        [ONE],
        responses={200: OpenApiResponse(DoneSerializer, "It is removed."), **errors(404)},
    ),
    "test": _operation(
        "test",
        "Send a test call",
        UPDATE,
        "Sends a signed message about an order that does not exist, with the header `wllt-test: 1`, and waits for the"
        " answer. A 2xx validates the URL.",
        [ONE],
        request=None,
        responses={
            200: _answer(
                TestAnswerSerializer,
                "How it went.",
                {"delivered": 1, "http_status_code": 200, "truncate_response": "ok", "is_validated": True},
            ),
            **errors(404),
            **OFTEN,
        },
    ),
    "rotate_key": _operation(
        "rotate_key",
        "Rotate the key",
        UPDATE,
        "Gives the endpoint a new key. For 24 hours `webhook-signature` lists a signature of each key;"
        " `wllt-signature` has room for one and is made with the new key at once.",
        [ONE],
        request=None,
        responses={200: WITH_KEY, **errors(404)},
    ),
    "replay": _operation(
        "replay",
        "Send many again",
        UPDATE,
        "Sends again all messages that were given up, or with `since` all that ended since then, under their old ids."
        " With `dry_run` it only counts them.",
        [ONE],
        request=ReplaySerializer,
        examples=[OpenApiExample("Count first", {"dry_run": True}, request_only=True)],
        responses={
            200: _answer(CountAnswerSerializer, "How many.", {"count": 12, "dry_run": True}),
            **errors(*WRITE),
        },
    ),
    "clinic": _operation(
        "clinic",
        "Ask why a signature does not fit",
        UPDATE,
        "Names the mistake in a receiver's code, from the body it read, the header it got and the result it computed."
        " Makes no call, and never tells a signature.",
        [ONE],
        request=ClinicSerializer,
        responses={
            200: _answer(
                DiagnosisAnswerSerializer,
                "What is wrong.",
                {
                    "verdict": "upper_case_hex",
                    "explanation": "Write the digits in lower case.",
                    "scheme": "wllt-signature",
                },
            ),
            **errors(*WRITE),
        },
    ),
    "exam": _operation(
        "exam",
        "Hold the receiver exam",
        UPDATE,
        "Sends up to eight scripted messages about orders that do not exist to the endpoint's URL, or to `url`, and"
        " grades what comes back. Takes up to 50 seconds. One exam of a brand at a time.",
        [ONE],
        request=ExamSerializer,
        responses={201: OpenApiResponse(ReportAnswerSerializer, "The report."), **errors(*WRITE), **OFTEN},
    ),
    "exams": _operation(
        "exams",
        "List exam reports",
        GET,
        "The last ten reports of this endpoint, the newest first.",
        [ONE],
        responses={200: OpenApiResponse(ReportListSerializer, "The reports."), **errors(404)},
    ),
    "resend": _operation(
        "resend",
        "Send one again",
        UPDATE,
        "Sends one message again, under its old id. One that is on its way already counts 0.",
        [ONE],
        request=ResendSerializer,
        responses={200: _answer(CountAnswerSerializer, "1, or 0.", {"count": 1, "dry_run": False}), **errors(*WRITE)},
    ),
}


def described(view: View) -> View:
    """Describe the operations of EndpointViewSet."""
    for name, description in OPERATIONS.items():
        setattr(view, name, description(getattr(view, name)))
    return view
