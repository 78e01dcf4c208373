"""The shops of a token."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shops.api import TokenAPIView
from shops.models import Brand
from shops.schema import shop_list


class OrganizationSerializer(serializers.ModelSerializer[Brand]):
    """The company behind a shop; here each brand is its own."""

    identifier = serializers.UUIDField(source="uuid")

    class Meta:
        model = Brand
        fields = ("name", "identifier")


class ShopSerializer(serializers.ModelSerializer[Brand]):
    """A shop, with the keys of the original product (shop-orders.md §A.3)."""

    identifier = serializers.UUIDField(source="uuid")
    logo = serializers.SerializerMethodField()
    quickshop = serializers.SerializerMethodField()
    webshop = serializers.SerializerMethodField()
    second_color = serializers.SerializerMethodField()
    third_color = serializers.SerializerMethodField()
    organization = OrganizationSerializer(source="*")

    class Meta:
        model = Brand
        fields = (
            "name",
            "identifier",
            "logo",
            "quickshop",
            "webshop",
            "primary_color",
            "second_color",
            "third_color",
            "organization",
        )

    def get_logo(self, brand: Brand) -> str | None:
        """The logo's address."""
        return self.context["request"].build_absolute_uri(brand.logo.url) if brand.logo else None

    def get_quickshop(self, brand: Brand) -> int:
        """Whether the brand has a shop without a cart."""
        return 0

    def get_webshop(self, brand: Brand) -> int:
        """Whether the brand has a shop."""
        return 1

    def get_second_color(self, brand: Brand) -> str | None:
        """Not used here."""
        return None

    def get_third_color(self, brand: Brand) -> str | None:
        """Not used here."""
        return None


class ShopList(TokenAPIView):
    """The shops that this token opens: one, its brand's."""

    ability = "shops.get"
    serializer_class = ShopSerializer

    @shop_list(ShopSerializer)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The shops, in the original's envelope."""
        shops = ShopSerializer([self.token.brand], many=True, context={"request": request}).data
        return Response({"message": "Request successful", "data": shops})
