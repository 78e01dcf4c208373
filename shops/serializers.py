"""How the API prints what serializers of every app print."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class TimeField(serializers.DateTimeField):
    """ISO 8601 in UTC with six decimals, as Laravel writes times."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=TIME, **kwargs)


class TextOrNull(serializers.CharField):
    """Text, or null where we keep none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """The text, or None for ""."""
        return str(value) or None


@extend_schema_field({"type": "integer", "enum": [0, 1]})
class ZeroOrOne(serializers.Field[Any, Any, Any, Any]):
    """A boolean as 0 or 1, as the original's database column prints it."""

    def to_representation(self, value: Any) -> int:
        """0 or 1."""
        return int(value)
