"""What the API takes and gives. OrderSerializer is the reference for orders/reading.py, and the schema."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.models import Order, ProcessingStatus
from passes.models import Coupon, Pass, PassStatus
from shops.models import Brand, Member
from shops.serializers import TextOrNull, TimeField, ZeroOrOne
from webhooks.models import Call, Outcome

MAX_QUANTITY = 100


class CouponSerializer(serializers.ModelSerializer[Coupon]):
    """The coupon that a pass is a copy of."""

    external_reference = TextOrNull()
    identifier = serializers.UUIDField(source="uuid")

    class Meta:
        model = Coupon
        fields = ("external_reference", "title", "identifier")


class PassSerializer(serializers.ModelSerializer[Pass]):
    """A pass in an order."""

    qr_code = serializers.CharField(help_text="Empty until the order is paid.")
    expiration_date = TimeField(allow_null=True)
    status = serializers.ChoiceField(choices=PassStatus.choices)
    coupon = CouponSerializer()

    class Meta:
        model = Pass
        fields = ("qr_code", "expiration_date", "status", "coupon")


class MemberSerializer(serializers.ModelSerializer[Member]):
    """Who bought."""

    name = TextOrNull()
    identifier = serializers.UUIDField(source="uuid")

    class Meta:
        model = Member
        fields = ("email", "name", "identifier")


class BrandSerializer(serializers.ModelSerializer[Brand]):
    """Whose shop it is."""

    identifier = serializers.UUIDField(source="uuid")

    class Meta:
        model = Brand
        fields = ("name", "identifier")


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order: the seed's keys in the seed's order."""

    created_at = TimeField()
    processed_at = TimeField(allow_null=True)
    number = serializers.CharField()
    total = serializers.CharField(help_text='Due in money, as a decimal string: "12.50".')
    updated_at = TimeField()
    payment_id = serializers.SerializerMethodField()
    payment_status = serializers.SerializerMethodField()
    mail_delivered_in_inbox = ZeroOrOne()
    passes = serializers.SerializerMethodField()
    member = MemberSerializer()
    member_partner_id = TextOrNull()
    brand = BrandSerializer()

    class Meta:
        model = Order
        fields = (
            "created_at",
            "processing_status",
            "processed_at",
            "number",
            "currency",
            "total",
            "updated_at",
            "uuid",
            "payment_id",
            "payment_status",
            "points_used",
            "total_order_points_price",
            "mail_delivered_in_inbox",
            "passes",
            "member",
            "member_partner_id",
            "brand",
        )

    def get_payment_id(self, order: Order) -> str | None:
        """The payment provider's id; the partner's of the order, where a partner states it."""
        return order.payment.provider_id if hasattr(order, "payment") else order.stated_id or None

    def get_payment_status(self, order: Order) -> str | None:
        """What the payment provider said last, or the partner who states the order."""
        return order.payment.status if hasattr(order, "payment") else order.stated_payment or None

    @extend_schema_field(PassSerializer(many=True))
    def get_passes(self, order: Order) -> Any:
        """The passes in the order they were bought."""
        items = sorted(order.items.all(), key=lambda item: item.pk)
        return PassSerializer([item.issued_pass for item in items], many=True).data


class CallSerializer(serializers.ModelSerializer[Call]):
    """One webhook call of an order, as the seed lists it."""

    delivered = serializers.SerializerMethodField()
    webhook_call_id = serializers.UUIDField(source="delivery.uuid", help_text="The message id that the receiver saw.")
    webhook_url = serializers.CharField(source="url")
    order_status = serializers.CharField(source="delivery.event.order_status")
    truncate_response = TextOrNull(source="response")
    failed = serializers.SerializerMethodField()
    interval = serializers.IntegerField(help_text="Seconds waited before this call; 0 for the first.")
    created_at = TimeField(source="started_at")

    class Meta:
        model = Call
        fields = (
            "delivered",
            "webhook_call_id",
            "webhook_url",
            "http_status_code",
            "order_status",
            "truncate_response",
            "failed",
            "interval",
            "created_at",
        )

    @extend_schema_field({"type": "integer", "enum": [0, 1]})
    def get_delivered(self, call: Call) -> int:
        """1 once the receiver answered 2xx."""
        return int(call.outcome == Outcome.OK)

    @extend_schema_field({"type": "integer", "enum": [0, 1]})
    def get_failed(self, call: Call) -> int:
        """1 once the call has ended without a 2xx."""
        return int(call.outcome not in {Outcome.OK, Outcome.STARTED})


class BuyerSerializer(serializers.Serializer[Any]):
    """The member who buys: known by identifier, or found or made by e-mail address."""

    identifier = serializers.UUIDField(required=False)
    email = serializers.EmailField(required=False, max_length=254)
    name = serializers.CharField(required=False, allow_blank=True, max_length=150)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two must be there."""
        if not attrs.keys() & {"identifier", "email"}:
            raise serializers.ValidationError({"email": ["The member.email field is required."]})
        return attrs


class LineSerializer(serializers.Serializer[Any]):
    """So many of one coupon."""

    coupon = serializers.UUIDField(help_text="The coupon's identifier.")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 0}, {"type": "string", "enum": ["max"]}]})
class PointsField(serializers.IntegerField):
    """How many points to use, or "max"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=2**53, **kwargs)

    def to_internal_value(self, data: Any) -> int | str:  # type: ignore[override]
        """The number, or "max"."""
        return data if data == "max" else super().to_internal_value(data)

    def run_validators(self, value: Any) -> None:
        """Numbers only have limits."""
        if value != "max":
            super().run_validators(value)


class PlaceOrderSerializer(serializers.Serializer[Any]):
    """A new order."""

    member = BuyerSerializer()
    items = serializers.ListField(child=LineSerializer(), allow_empty=False, max_length=MAX_QUANTITY)
    points = PointsField(default=0, help_text='Points to use at most, or "max" for as many as possible.')
    member_partner_id = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)


class ChangeOrderSerializer(serializers.Serializer[Any]):
    """What a partner may change of an order."""

    processing_status = serializers.ChoiceField(required=False, choices=ProcessingStatus.choices)
    member_partner_id = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=100)
    mail_delivered_in_inbox = serializers.BooleanField(required=False)
