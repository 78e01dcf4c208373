"""What the API takes and gives of fulfilments, refunds and returns. What it takes comes out by column."""

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.models import FulfillmentKind, FulfillmentStatus, RefundStatus, ReturnStatus, ShippingType
from orders.part_fields import Amount, Degrees, Group, Link, Moment, Note, PassesField, Window, Wording
from orders.serializers import PassSerializer, TextOrNull, TimeField
from webhooks.serializers import Flag, Text


class RecipientSerializer(Group):
    """Whom a parcel is for."""

    given_name = Note(max_length=100)
    family_name = Note(max_length=100)
    organization_name = Note(max_length=100)


class AddressSerializer(Group):
    """Where a parcel goes, or where things wait."""

    address_lines = serializers.ListField(child=Text(max_length=100), required=False, max_length=5)
    locality = Note(max_length=100)
    sub_locality = Note(max_length=100)
    administrative_area = Note(max_length=100)
    sub_administrative_area = Note(max_length=100)
    postal_code = Note(max_length=20)
    country_code = Note(
        max_length=2,
        validators=[RegexValidator("^[A-Z]{2}$", "Write a country as two capital letters, such as NL.")],
        help_text="Two letters of ISO 3166.",
    )


class LocationSerializer(Group):
    """A point on the map, in degrees."""

    latitude = Degrees(min_value=-90, max_value=90)
    longitude = Degrees(min_value=-180, max_value=180)


class IdentifierSerializer(serializers.Serializer[Any]):
    """What every part of an order says first."""

    identifier = serializers.UUIDField(source="uuid", read_only=True)


class PassesSerializer(serializers.Serializer[Any]):
    """What every part of an order says last."""

    passes = serializers.SerializerMethodField()
    created_at = TimeField(read_only=True)

    @extend_schema_field(PassSerializer(many=True))
    def get_passes(self, part: Any) -> Any:
        """Its passes in the order they were bought."""
        items = sorted((one.item for one in part.items.all()), key=lambda item: item.pk)
        return PassSerializer([item.issued_pass for item in items], many=True).data


class FulfillmentFacts(serializers.Serializer[Any]):
    """What is written down of a fulfilment."""

    status_description = Note(max_length=200)
    notes = Note(max_length=500, help_text="For the member.")
    carrier = Note(max_length=100)
    tracking_number = Note(max_length=100)
    tracking_url = Link()
    shipped_at = Moment(allow_null=True)
    delivered_at = Moment(allow_null=True)
    estimated_delivery_at = Moment(allow_null=True)
    estimated_delivery_window = Window(help_text="Minutes. Without it only the day of estimated_delivery_at counts.")
    shipping_type = Wording(choices=ShippingType.choices, required=False)
    recipient = RecipientSerializer()
    address = AddressSerializer(help_text="Where it goes, or where it can be picked up.")
    display_name = Note(max_length=100, help_text="The name of the place; a pickup needs one.")
    location = LocationSerializer()
    pickup_at = Moment(allow_null=True)
    pickup_window = Window(help_text="Minutes from pickup_at.")
    picked_up_at = Moment(allow_null=True)


class NewFulfillmentSerializer(FulfillmentFacts):
    """A new fulfilment."""

    kind = serializers.ChoiceField(choices=FulfillmentKind.choices)
    passes = PassesField(default="all", help_text='QR codes, or "all" that are in no fulfilment yet.')
    status = serializers.ChoiceField(choices=FulfillmentStatus.choices, default=FulfillmentStatus.OPEN)


class FulfillmentChangeSerializer(FulfillmentFacts):
    """What may change of a fulfilment."""

    status = serializers.ChoiceField(choices=FulfillmentStatus.choices, required=False)


class FulfillmentStateSerializer(IdentifierSerializer):
    """Which fulfilment it is, and where it stands."""

    kind = serializers.ChoiceField(choices=FulfillmentKind.choices)
    status = serializers.ChoiceField(choices=FulfillmentStatus.choices)


class FulfillmentSerializer(FulfillmentStateSerializer, FulfillmentFacts, PassesSerializer):
    """A fulfilment: how some passes' items reach the member."""

    shipping_type = Wording(choices=ShippingType.choices, allow_null=True)
    updated_at = TimeField()


class NewRefundSerializer(serializers.Serializer[Any]):
    """What to give back."""

    passes = PassesField(help_text='QR codes of the passes to take back, "all" that are left, or none: [].')
    amount = Amount(help_text='Money to give back, such as "2.50". Without it: the share of these passes.')
    points = serializers.IntegerField(
        min_value=0,
        max_value=2**53,
        required=False,
        allow_null=True,
        help_text="Points to give back. Without it: the share of these passes.",
    )
    include_redeemed = Flag(default=False, help_text="Also take back passes that were redeemed.")
    restock = Flag(default=False, help_text="Put back into stock what is taken back, unless it was redeemed.")
    reason = Note(max_length=200)
    dry_run = Flag(default=False, help_text="Only say what would be given back.")


class QuoteSerializer(serializers.Serializer[Any]):
    """What a refund would give back."""

    amount = serializers.CharField(help_text='As a decimal string: "12.50".')
    currency = serializers.CharField()
    points = serializers.IntegerField()
    passes = PassSerializer(many=True, help_text="The passes that would be taken back.")
    amount_left = serializers.CharField(help_text="What could still be given back after it.")
    points_left = serializers.IntegerField()


class RefundStateSerializer(IdentifierSerializer):
    """Which refund it is, and what it gives back."""

    status = serializers.ChoiceField(choices=RefundStatus.choices)
    amount = serializers.CharField(help_text='As a decimal string: "12.50".')
    currency = serializers.CharField()
    points = serializers.IntegerField()
    reason = TextOrNull()
    restock = serializers.BooleanField(source="restocks")
    by = serializers.CharField(help_text="Who asked for it.")
    provider_refund_id = TextOrNull()
    provider_status = TextOrNull(help_text="What the payment provider said last, in its own word.")


class RefundLineSerializer(serializers.Serializer[Any]):
    """A line of a partner's order, and how much of it is given back."""

    line_item_id = serializers.CharField(source="line.external_id", help_text="The partner's own.")
    title = serializers.CharField(source="line.title")
    quantity = serializers.IntegerField(allow_null=True, help_text="Null where the partner does not say it.")


class RefundSerializer(RefundStateSerializer, PassesSerializer):
    """A refund: what goes back to the member, and the passes that are taken back."""

    lines = serializers.SerializerMethodField(help_text="Of orders that a partner states; else empty.")
    ended_at = TimeField(allow_null=True)

    @extend_schema_field(RefundLineSerializer(many=True))
    def get_lines(self, refund: Any) -> Any:
        """What a partner says it is for. Of our own refunds nobody asks."""
        return RefundLineSerializer(refund.lines.all(), many=True).data if refund.external_id else []


class ReturnFacts(serializers.Serializer[Any]):
    """What is written down of a return."""

    status_description = Note(max_length=200)
    notes = Note(max_length=500, help_text="For the member.")
    carrier = Note(max_length=100)
    initiated_at = Moment()
    drop_off_by = Moment(allow_null=True)
    returned_at = Moment(allow_null=True)
    refund = serializers.UUIDField(required=False, allow_null=True, help_text="The refund that belongs to it.")


class NewReturnSerializer(ReturnFacts):
    """A new return."""

    passes = PassesField(help_text='QR codes, or "all" that are in no return yet.')
    status = serializers.ChoiceField(choices=ReturnStatus.choices, default=ReturnStatus.OPEN)


class ReturnChangeSerializer(ReturnFacts):
    """What may change of a return."""

    status = serializers.ChoiceField(choices=ReturnStatus.choices, required=False)


class ReturnStateSerializer(IdentifierSerializer):
    """Which return it is, and where it stands."""

    return_number = serializers.CharField()
    status = serializers.ChoiceField(choices=ReturnStatus.choices)


class ReturnSerializer(ReturnStateSerializer, ReturnFacts, PassesSerializer):
    """A return: items that come back."""

    refund = serializers.UUIDField(source="refund.uuid", default=None, allow_null=True)
    updated_at = TimeField()
