"""What the webhooks API takes and gives."""

from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from rest_framework import serializers

from webhooks.models import MOST_CONCURRENCY, Endpoint, ExamReport

STATUSES = ["open", "paid", "failed", "canceled", "expired"]


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """An endpoint. `webhook_key` is there once: in the answer that makes or rotates it."""

    identifier = serializers.UUIDField(source="uuid")
    webhook_url = serializers.CharField(source="url")
    statuses = serializers.ListField(child=serializers.ChoiceField(choices=STATUSES))
    key_hint = serializers.CharField(help_text="The last four characters of the key.")
    state = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%S.%fZ")

    class Meta:
        model = Endpoint
        fields: Any = (
            "identifier",
            "webhook_url",
            "is_validated",
            "is_active",
            "statuses",
            "concurrency",
            "key_hint",
            "state",
            "disabled_reason",
            "failures_in_a_row",
            "created_at",
        )

    def get_state(self, endpoint: Endpoint) -> str:
        """healthy, failing (it is called less often), or disabled."""
        return endpoint.state


class Flag(serializers.BooleanField):
    """true or false, and nothing that merely looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        """Raises ValidationError for anything else."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class Text(serializers.CharField):
    """A string, and no number that could be taken for one."""

    def to_internal_value(self, data: Any) -> str:
        """Raises ValidationError for anything else."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Whole(serializers.IntegerField):
    """A whole number, and no string, fraction or boolean that could be taken for one."""

    def to_internal_value(self, data: Any) -> int:
        """Raises ValidationError for anything else."""
        if type(data) is not int:
            self.fail("invalid")
        return int(super().to_internal_value(data))


class NewEndpointSerializer(serializers.Serializer[Any]):
    """What makes an endpoint."""

    webhook_url = Text(max_length=2000)
    concurrency = Whole(
        min_value=1,
        max_value=MOST_CONCURRENCY,
        required=False,
        help_text="How many messages the receiver can take at the same moment; 4 unless you say otherwise.",
    )
    statuses = serializers.ListField(
        child=serializers.ChoiceField(choices=STATUSES), min_length=1, max_length=5, required=False
    )


class EndpointChangeSerializer(NewEndpointSerializer):
    """What may change of an endpoint."""

    webhook_url = Text(max_length=2000, required=False)
    is_active = Flag(required=False)


class ReplaySerializer(serializers.Serializer[Any]):
    """What to send again."""

    since = serializers.DateTimeField(required=False, allow_null=True, help_text="Without it: all that was given up.")
    dry_run = Flag(default=False, help_text="Only count.")


class ResendSerializer(serializers.Serializer[Any]):
    """Which message to send again."""

    webhook_call_id = serializers.UUIDField()


class Pasted(Text):
    """A text with whatever in it, NUL too: a body in UTF-16 is full of them, and the clinic has to see it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = [one for one in self.validators if not isinstance(one, ProhibitNullCharactersValidator)]


class ClinicSerializer(serializers.Serializer[Any]):
    """What a receiver saw and what its code made of it."""

    body = Pasted(max_length=65_536, trim_whitespace=False)
    header = Pasted(max_length=2048, trim_whitespace=False)
    own_result = Pasted(max_length=2048, required=False, allow_blank=True, trim_whitespace=False)
    message_id = Pasted(max_length=255, required=False, allow_blank=True)
    timestamp = Pasted(max_length=64, required=False, allow_blank=True)


class ExamSerializer(serializers.Serializer[Any]):
    """Where to hold the exam."""

    url = Text(max_length=2000, required=False, allow_blank=True)


class DiagnosisSerializer(serializers.Serializer[Any]):
    """What is wrong, as a code that stays and a sentence to act on."""

    verdict = serializers.CharField()
    explanation = serializers.CharField()
    scheme = serializers.CharField()


class ReportSerializer(serializers.ModelSerializer[ExamReport]):
    """How a receiver did, step by step."""

    identifier = serializers.UUIDField(source="uuid")
    steps = serializers.ListField(child=serializers.DictField())
    started_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%S.%fZ")
    finished_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%S.%fZ")

    class Meta:
        model = ExamReport
        fields = ("identifier", "url", "grade", "steps", "by", "started_at", "finished_at")
