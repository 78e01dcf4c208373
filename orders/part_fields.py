"""Fields of an order's parts in the API: strict about what they take, null for what is not there."""

import re
from typing import Any

from django.core.validators import URLValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.serializers import TimeField
from orders.services import MAX_PASSES
from webhooks.serializers import Text

AMOUNT = r"^[0-9]{1,11}(\.[0-9]{1,4})?$"
FIRST_YEAR = 2000
LONGEST_WINDOW = 14 * 24 * 60  # minutes


class Note(Text):
    """Text that may be missing: null in and out, "" in the database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The text, "" for null."""
        return super().run_validation(data) or ""

    def to_representation(self, value: Any) -> Any:
        """The text, or None for ""."""
        return str(value) or None


@extend_schema_field({"type": "string", "format": "uri", "nullable": True})
class Link(Note):
    """An address that a browser may open."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=2000, validators=[URLValidator(["http", "https"])], **kwargs)


class Wording(serializers.ChoiceField):
    """A choice that a row may lack."""

    def to_representation(self, value: Any) -> Any:
        """The choice, or None for ""."""
        return value or None


class Moment(TimeField):
    """A time that an order of ours can have to do with."""

    default_error_messages = {"far": "This is not a time of these two centuries."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_internal_value(self, value: Any) -> Any:
        """Raises ValidationError for anything else."""
        moment = super().to_internal_value(value)
        if not FIRST_YEAR <= moment.year < FIRST_YEAR + 200:
            self.fail("far")
        return moment


class Window(serializers.IntegerField):
    """Minutes after the moment that it belongs to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LONGEST_WINDOW, required=False, allow_null=True, **kwargs)


class Group(serializers.Serializer[Any]):
    """Columns that the API prints as one object, or as null when all are empty. What comes in replaces all of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """All columns: those that `data` leaves out are emptied."""
        given = {} if data is None else super().to_internal_value(data)
        return {name: field.get_initial() for name, field in self.fields.items()} | given

    def to_representation(self, instance: Any) -> Any:
        """The object, or None."""
        found = super().to_representation(instance)
        return found if any(value not in (None, []) for value in found.values()) else None


class Degrees(serializers.FloatField):
    """A number, and nothing that Python would take for one."""

    def to_internal_value(self, data: Any) -> float:
        """Raises ValidationError for anything else."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": AMOUNT, "nullable": True})
class Amount(serializers.DecimalField):
    """A decimal string, as this API writes amounts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=15, decimal_places=4, required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Raises ValidationError for anything else, such as a JSON number, which has no exact value."""
        if not isinstance(data, str) or not re.fullmatch(AMOUNT, data):
            self.fail("invalid")
        return super().to_internal_value(data)

    def quantize(self, value: Any) -> Any:
        """As it was written: which decimals there may be, the order's currency says."""
        return value


@extend_schema_field(
    {
        "oneOf": [
            {"type": "array", "items": {"type": "string"}, "maxItems": MAX_PASSES},
            {"type": "string", "enum": ["all"]},
        ]
    }
)
class PassesField(serializers.ListField):
    """QR codes, or "all"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(), max_length=MAX_PASSES, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The list, or "all"."""
        return data if data == "all" else super().to_internal_value(data)

    def run_validators(self, value: Any) -> None:
        """Lists only have limits."""
        if value != "all":
            super().run_validators(value)

    def to_representation(self, data: Any) -> Any:
        """The same."""
        return data
