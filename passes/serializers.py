"""What the API takes and gives of passes. The keys are the original's, in its order (shop-orders.md §A.3)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from passes.models import Coupon, Pass, PassStatus
from shops.models import Member
from shops.serializers import TextOrNull, TimeField
from webhooks.serializers import Flag, Text

ZERO_OR_ONE = {"type": "integer", "enum": [0, 1]}


@extend_schema_field(ZERO_OR_ONE)
class Stands(serializers.Field[Any, Any, Any, Any]):
    """1 where a pass stands as named, else 0."""

    def __init__(self, status: PassStatus) -> None:
        super().__init__(source="standing", read_only=True)
        self.status = status

    def to_representation(self, value: PassStatus) -> int:
        """0 or 1."""
        return int(value == self.status)


@extend_schema_field(ZERO_OR_ONE)
class AlwaysZero(serializers.Field[Any, Any, Any, Any]):
    """Something of the original's that does not exist here."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: Any) -> int:
        """0."""
        return 0


@extend_schema_field({"type": "string", "format": "date-time", "nullable": True})
class NoTime(serializers.Field[Any, Any, Any, Any]):
    """A moment of the original's that does not exist here."""

    def __init__(self) -> None:
        super().__init__(source="*", read_only=True)

    def to_representation(self, value: Any) -> None:
        """Null."""
        return


class PassCouponSerializer(serializers.ModelSerializer[Coupon]):
    """The coupon that a pass is a copy of, as it is sold today."""

    identifier = serializers.UUIDField(source="uuid")
    price = serializers.CharField(help_text='In money, without points, as a decimal string: "3.50".')
    external_reference = TextOrNull()

    class Meta:
        model = Coupon
        fields = ("identifier", "price", "points", "external_reference")


class StoreCardSerializer(serializers.ModelSerializer[Member]):
    """The store card of the pass's member."""

    identifier = serializers.UUIDField(source="uuid", help_text="The member's identifier.")
    balance = serializers.SerializerMethodField(
        help_text='What the points are worth in money, as a decimal string: "12.50". The same points, not more.'
    )

    class Meta:
        model = Member
        fields = ("identifier", "points", "balance")

    def get_balance(self, member: Member) -> str:
        """The worth of the points."""
        return str(member.brand.worth_of(member.points))


class PassDetailSerializer(serializers.ModelSerializer[Pass]):
    """A pass. Of `redeemed`, `active`, `expired` and `blocked` one is 1."""

    brand_id = serializers.UUIDField(source="brand.uuid")
    code = serializers.CharField(source="qr_code")
    created_at = TimeField()
    updated_at = TimeField()
    demo = AlwaysZero()
    redeemed = Stands(PassStatus.REDEEMED)
    active = Stands(PassStatus.ACTIVE)
    expired = Stands(PassStatus.EXPIRED)
    blocked = Stands(PassStatus.BLOCKED)
    reminder_send = AlwaysZero()
    expiration_date = TimeField(allow_null=True)
    start_date = NoTime()
    reminder_date = NoTime()
    parsed_historical = AlwaysZero()
    coupon = PassCouponSerializer()
    storecard = StoreCardSerializer(source="member")

    class Meta:
        model = Pass
        fields = (
            "brand_id",
            "code",
            "created_at",
            "updated_at",
            "demo",
            "redeemed",
            "active",
            "expired",
            "blocked",
            "reminder_send",
            "expiration_date",
            "start_date",
            "reminder_date",
            "parsed_historical",
            "coupon",
            "storecard",
        )


class ChangedPassSerializer(serializers.Serializer[Any]):
    """A pass after a change, and what is known of its end."""

    success = serializers.BooleanField(default=True)
    data = PassDetailSerializer(source="*")  # type: ignore[assignment]  # the key's name
    redeemed_at = TimeField(allow_null=True)
    redeemed_by = TextOrNull()
    blocked_at = TimeField(allow_null=True, help_text="Null too for a pass that was taken back with its order.")
    blocked_reason = TextOrNull()


class InspectSerializer(serializers.Serializer[Any]):
    """Which passes to look at."""

    email = serializers.EmailField(
        required=False,
        max_length=254,
        error_messages={"invalid": "The email field must be a valid email address."},
    )
    pass_code = Text(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two must be there."""
        if not attrs:
            raise serializers.ValidationError({"email": ["The email field is required when pass code is not present."]})
        return attrs


class SearchSerializer(serializers.Serializer[Any]):
    """Which pass to look for."""

    pass_code = Text()


class RedeemSerializer(serializers.Serializer[Any]):
    """Who redeems a pass."""

    redeemed_by = Text(max_length=100, help_text="The name of a person or a device.")


class BlockSerializer(serializers.Serializer[Any]):
    """Whether a pass shall be blocked, and why."""

    blocked = Flag()
    blocked_reason = Text(
        required=False, max_length=200, help_text="Required with `blocked: true`, and without meaning else."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nobody is blocked without a reason."""
        if attrs["blocked"] and "blocked_reason" not in attrs:
            raise serializers.ValidationError(
                {"blocked_reason": ["The blocked reason field is required when blocked is true."]}
            )
        return attrs
