"""The one door to a brand's rows over HTTP."""

import json
from typing import Any, ClassVar, cast

from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from shops.actors import ActorKind, act
from shops.models import ApiToken, Brand
from shops.throttling import TokenThrottle


class HasToken(BasePermission):
    """Lets nobody in without a valid token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether authentication found a token."""
        return request.auth is not None


class TokenAPIView(GenericAPIView):
    """A view for the holder of an API token with the ability that the view (or its action) names.

    What is refused is refused in this order: 401 no token, 429 too fast, 403 no ability, 404 not yours or not there,
    422 bad input. So nobody learns of rows they may not read.
    """

    ability: str = ""
    abilities: ClassVar[dict[str, str]] = {}  # for viewsets: action -> ability
    permission_classes = [HasToken]
    throttle_classes = [TokenThrottle]
    token: ApiToken

    @property
    def default_response_headers(self) -> dict[str, str]:
        """None: DRF would write Allow and Vary on every answer."""
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the token, the rate and the ability."""
        if request.method == "OPTIONS":
            return
        super().initial(request, *args, **kwargs)
        self.token = cast("ApiToken", request.auth)
        ability = self.abilities.get(getattr(self, "action", "") or "", self.ability)
        if not self.token.can(ability):
            raise PermissionDenied("Invalid ability provided.")
        act(ActorKind.TOKEN, self.token.name)

    def open_brand(self, identifier: str) -> Brand:
        """The token's brand, if `identifier` is its own. Raises NotFound: another's is as if it were not there."""
        if identifier.lower() != str(self.token.brand.uuid):
            raise NotFound
        return self.token.brand

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Say which methods there are; Laravel answers so without asking for a token."""
        return Response(headers={"Allow": ", ".join(self.allowed_methods)})


class BrandAPIView(TokenAPIView):
    """A view below /shops/<brand>/: `self.brand` is the token's brand, and the only way to rows."""

    brand: Brand

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check besides that the URL names the token's own brand."""
        super().initial(request, *args, **kwargs)
        if request.method == "OPTIONS":
            return
        self.brand = self.open_brand(kwargs["brand_id"])


def read_inputs(request: Request) -> dict[str, Any]:
    """The parameters of a GET as Laravel reads them: a JSON body wins over the query, key by key (shop-orders.md §B.2).

    Broken JSON counts as none, strings are trimmed, and what is empty or null is left out. `a[]=1` is a list.
    """
    inputs: dict[str, Any] = {}
    for key, value in request.query_params.items():
        name, bracket, _rest = key.partition("[")
        inputs[name] = [value] if bracket else value
    content_type = request.META.get("CONTENT_TYPE", "")
    if "/json" in content_type or "+json" in content_type:
        inputs |= _json_object(request._request.body)  # noqa: SLF001 -- DRF's own parsing would refuse broken JSON
    trimmed = {key: value.strip() if isinstance(value, str) else value for key, value in inputs.items()}
    return {key: value for key, value in trimmed.items() if value not in (None, "")}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
