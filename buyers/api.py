"""The door of the wallet API: who calls, how often, with which scope, and in which shape errors are told."""

import time
from typing import Any, ClassVar

import orjson
from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_noop as _
from rest_framework.exceptions import APIException, MethodNotAllowed, NotFound
from rest_framework.request import Request
from rest_framework.views import APIView

from buyers import bodies, requests
from buyers.authentication import BEARER, Access, BuyerBearer
from buyers.errors import Refused
from buyers.models import Client
from shops.actors import ActorKind, act
from shops.errors import ShopError
from shops.throttling import WINDOW, counter

__all__ = ["Refused", "WalletView"]


class WalletView(APIView):
    """A view for a client, by itself (ClientBasic) or on behalf of a buyer (BuyerBearer).

    What is refused is refused in this order (buyer-wallet.md §A.1): 403 no User-Agent, 401 not authenticated, 429 too
    fast, 403 no scope; then the view: 400 unreadable, 404 not there, 422 not in order. `scopes` are needed all.
    After `initial` there is `client`; with BuyerBearer also `access`. What the developers
    should read in the request log, beside the answer, is put into `cause`.
    """

    authentication_classes = [BuyerBearer]
    permission_classes = []
    scopes: ClassVar[tuple[str, ...]] = ()
    schema = None  # buyers/schema.py says it
    client: Client | None = None
    access: Access
    cause = ""
    is_logged = True

    @property
    def default_response_headers(self) -> dict[str, str]:
        """What every answer carries."""
        return {"Cache-Control": "no-store"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the caller in. Raises Refused."""
        if not request.META.get("HTTP_USER_AGENT", "").strip():
            raise Refused(403, "invalid_request", _("The User-Agent header is missing."))
        found: Any = request.auth
        if isinstance(found, Access):
            self.access = found
        client: Client = found.client if isinstance(found, Access) else found
        self.client = client
        act(ActorKind.TOKEN, client.name)
        self._check_rate()
        self.require(*self.scopes)

    def allows(self, scope: str) -> bool:
        """Whether the token, the buyer's consent and the client's list all hold this scope."""
        return scope in self.access.scopes

    def require(self, *scopes: str) -> None:
        """Raises Refused with 403 unless the token has all of these scopes."""
        if scopes and not all(map(self.allows, scopes)):
            header = f'{BEARER}, error="insufficient_scope", scope="{" ".join(scopes)}"'
            message = _("The access token lacks a scope that this needs: %(scopes)s.") % {"scopes": " ".join(scopes)}
            raise Refused(403, "insufficient_scope", message, headers={"WWW-Authenticate": header})

    def read_json(self) -> Any:
        """The JSON value in the body. Raises Refused with 400."""
        return bodies.read_json(self.request._request)  # noqa: SLF001 -- DRF would parse it

    def read_form(self) -> dict[str, str]:
        """The parameters of a form in the body. Raises Refused with 400."""
        return bodies.read_form(self.request._request)  # noqa: SLF001 -- likewise

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Say which methods there are."""
        methods = ", ".join(method for method in self.allowed_methods if method != "OPTIONS")
        raise Refused(
            405,
            "invalid_request",
            _("The method must be %(methods)s.") % {"methods": methods},
            headers={"Allow": methods},
        )

    options = http_method_not_allowed  # browsers of other origins have nothing to ask for here

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override] # DRF says Response
        """An error in the API's shape. What nobody foresaw is noted and goes on to Django."""
        refused = exc if isinstance(exc, Refused) else _as_refused(exc)
        if refused is None:
            requests.note(self.request._request, client=self.client, status=500, cause=_("A fault of ours."))  # noqa: SLF001
            raise exc
        self.cause = refused.cause
        self.client = self.client or refused.client
        self.is_logged = refused.logged
        return answer(refused.body, refused.status, refused.headers)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Note the call in the client's log."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.is_logged:
            requests.note(request._request, client=self.client, status=response.status_code, cause=self.cause)  # noqa: SLF001
        return response

    def _check_rate(self) -> None:
        limit = settings.WALLET_RATE_LIMIT
        if limit and self.client and counter.count(f"client:{self.client.pk}") > limit:
            headers = {"Retry-After": str(WINDOW - int(time.time()) % WINDOW)}
            raise Refused(
                429, "too_many_requests", _("More than %(most)s calls in a minute.") % {"most": limit}, headers=headers
            )


def answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """JSON; nothing at all for None."""
    body = b"" if data is None else orjson.dumps(data)
    return HttpResponse(body, status=status, headers=headers, content_type="application/json")


def _as_refused(error: Exception) -> Refused | None:
    """What other code of ours raises, in this API's shape."""
    if isinstance(error, Http404 | NotFound):
        return Refused(404, "not_found", _("There is nothing here."))
    if isinstance(error, ShopError):
        return Refused(error.status, "invalid_request", str(error))
    if isinstance(error, MethodNotAllowed | APIException):
        return Refused(error.status_code, "invalid_request", str(error.detail))
    return None
