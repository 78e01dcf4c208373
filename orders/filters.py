"""The filters of the order list, for the API and the OpenAPI file."""

from typing import Any

from django import forms
from django_filters import rest_framework as filters

from orders.models import Order, OrderStatus, ProcessingStatus
from shops.errors import InvalidInput
from shops.models import Brand

EMAIL = {"required": "The email field is required.", "invalid": "The email field must be a valid email address."}
MEMBER_ID = {"required": "The member id field is required.", "invalid": "The member id field must be a valid UUID."}


class EmailFilter(filters.CharFilter):
    """An exact address, whatever its case."""

    field_class = forms.EmailField


class OrderFilter(filters.FilterSet):
    """What a list of orders can be narrowed by."""

    status = filters.ChoiceFilter(
        choices=OrderStatus.choices, error_messages={"invalid_choice": "The selected status is invalid."}
    )
    processing_status = filters.ChoiceFilter(
        choices=ProcessingStatus.choices,
        error_messages={"invalid_choice": "The selected processing status is invalid."},
    )
    email = EmailFilter(field_name="member__email", lookup_expr="lower", error_messages=EMAIL)
    member_id = filters.UUIDFilter(field_name="member__uuid", error_messages=MEMBER_ID)
    modified_since = filters.IsoDateTimeFilter(
        field_name="updated_at",
        lookup_expr="gte",
        error_messages={"invalid": "The modified since field must be a valid date."},
    )

    class Meta:
        model = Order
        fields = ("status", "processing_status", "email", "member_id", "modified_since")


def read_filters(brand: Brand, inputs: dict[str, Any], required: str = "") -> dict[str, Any]:
    """The filters among `inputs`, checked. Raises InvalidInput, also for a missing `required` one."""
    given = {name: str(value) for name, value in inputs.items() if name in OrderFilter.base_filters}  # JSON has numbers
    if not given and not required:
        return {}
    form = OrderFilter(given, queryset=brand.orders.none()).form
    if required:
        form.fields[required].required = True
    if form.is_valid():
        return {name: value for name, value in form.cleaned_data.items() if name in given}
    raise InvalidInput({name: [str(text) for text in texts] for name, texts in form.errors.items()})
