"""The passes of a brand, over the API."""

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from passes import services
from passes.models import Pass
from passes.schema import inspecting, writing
from passes.serializers import (
    BlockSerializer,
    ChangedPassSerializer,
    InspectSerializer,
    PassDetailSerializer,
    RedeemSerializer,
    SearchSerializer,
)
from shops.api import BrandAPIView, TokenAPIView, read_inputs
from shops.idempotency import once
from shops.models import Brand

PER_PAGE = 100
FURTHEST = 2**62  # an offset that bigint arithmetic still holds; no member has that many passes


@inspecting
class PassInspection(TokenAPIView, GenericViewSet[Pass]):
    """Looking at passes, at the original's two addresses."""

    serializer_class = PassDetailSerializer
    paginator: Any  # walletapp/pagination.py, by the settings
    abilities: ClassVar[dict[str, str]] = {"inspect": "passes.get", "search": "search.pass"}

    def inspect(self, request: Request) -> Response:
        """The pass with a code; without a code, a page of a member's passes."""
        inputs = read_inputs(request)
        brand = self.open_brand(str(inputs.get("brand_id", self.token.brand.uuid)))
        asked = checked(InspectSerializer, inputs)
        if "pass_code" not in asked:
            return self._of_member(brand, asked["email"], self.paginator.read_page(inputs.get("page")))
        issued = find(brand, asked["pass_code"])
        if issued.member.email.lower() != asked.get("email", issued.member.email).lower():
            raise Http404
        return self._answer(issued)

    def _of_member(self, brand: Brand, email: str, page: int) -> Response:
        start = min((page - 1) * PER_PAGE, FURTHEST)
        theirs = services.issued_passes(brand).filter(member__brand=brand, member__email__lower=email.lower())
        return self._answer(theirs.order_by("-pk")[start : start + PER_PAGE], many=True)

    def search(self, request: Request) -> Response:
        """The pass with a code."""
        return self._answer(find(self.token.brand, checked(SearchSerializer, read_inputs(request))["pass_code"]))

    def _answer(self, found: Any, *, many: bool = False) -> Response:
        return Response({"success": True, "data": PassDetailSerializer(found, many=many).data})


@writing
class PassViewSet(BrandAPIView, GenericViewSet[Pass]):
    """What becomes of a pass: redeemed, blocked, unblocked."""

    serializer_class = ChangedPassSerializer
    ability = "passes.update"

    def redeem(self, request: Request, brand_id: str, code: str) -> Response:
        """Use a pass up. With an `Idempotency-Key`, sending it twice is once."""
        issued = find(self.brand, code)
        by = checked(RedeemSerializer, request.data)["redeemed_by"]
        return once(request, self.token, lambda: self._answer(services.redeem(issued, by=by)))

    def change(self, request: Request, brand_id: str, code: str) -> Response:
        """Block a pass, or unblock it."""
        issued = find(self.brand, code)
        asked = checked(BlockSerializer, request.data)
        if asked["blocked"]:
            return self._answer(services.block(issued, reason=asked["blocked_reason"]))
        return self._answer(services.unblock(issued))

    def _answer(self, issued: Pass) -> Response:
        return Response(ChangedPassSerializer(issued).data)


def find(brand: Brand, code: str) -> Pass:
    """The brand's pass with this code or identifier. Raises Http404."""
    issued = services.find_pass(brand, code)
    if issued is None:
        raise Http404
    return issued


def checked(serializer_class: Any, given: Any) -> dict[str, Any]:
    """What was asked. Raises ValidationError."""
    serializer = serializer_class(data=given)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
