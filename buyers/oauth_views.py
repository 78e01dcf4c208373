"""The OAuth server's endpoints for partners' servers (buyer-wallet.md §A.3-A.6)."""

import json
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _
from django.views.decorators.http import require_safe
from oauth2_provider.settings import oauth2_settings
from rest_framework.request import Request

from buyers.api import WalletView, answer
from buyers.authentication import ClientBasic
from buyers.bodies import refused
from buyers.errors import Refused
from buyers.masking import masked
from buyers.models import Client
from buyers.tokens import end_token, find
from buyers.validator import WalletValidator

REQUIRED = {"authorization_code": ("code", "redirect_uri"), "refresh_token": ("refresh_token",)}
PASSED_ON = ("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope")
HINTS = ("access_token", "refresh_token")
TEXTS = {  # where the toolkit says nothing
    "invalid_grant": _("The code or token is invalid, expired, revoked, or was issued to another client."),
    "invalid_scope": _("The scope holds something that the buyer has not allowed."),
}


class OAuthView(WalletView):
    """An endpoint for a client by itself, which posts a form."""

    authentication_classes = [ClientBasic]
    http_method_names = ["post"]
    client: Client
    must_have: ClassVar[tuple[str, ...]] = ()

    def post(self, request: Request) -> HttpResponse:
        """Read the form and answer it. Raises Refused."""
        form = self.read_form()
        if form.get("client_id", self.client.client_id) != self.client.client_id:
            raise refused(_("The client_id is not that of the Authorization header."))
        self.need(form, self.must_have)
        return self.respond(form)

    def need(self, form: dict[str, str], names: tuple[str, ...]) -> None:
        """Raises Refused for the first of these parameters that is missing."""
        for name in names:
            if name not in form:
                raise refused(_("The parameter %(name)s is missing.") % {"name": name})

    def respond(self, form: dict[str, str]) -> HttpResponse:
        """Answer a form that has all it must have."""
        raise NotImplementedError


class TokenView(OAuthView):
    """POST /oauth/token: a code or a refresh token becomes an access token."""

    must_have = ("grant_type",)

    def respond(self, form: dict[str, str]) -> HttpResponse:
        """Let the toolkit's server decide, in one transaction."""
        if form["grant_type"] not in REQUIRED:
            raise Refused(
                400, "unsupported_grant_type", _("The grant_type must be authorization_code or refresh_token.")
            )
        self.need(form, REQUIRED[form["grant_type"]])
        validator = WalletValidator(self.client)
        server = oauth2_settings.OAUTH2_SERVER_CLASS(validator, **oauth2_settings.server_kwargs)
        body = {name: form[name] for name in PASSED_ON if name in form}
        with transaction.atomic():
            _headers, text, status = server.create_token_response("/oauth/token", "POST", body, {})
        data: dict[str, Any] = json.loads(text)
        if "error" in data:
            message = TEXTS.get(data["error"]) or data.get("error_description") or data["error"].replace("_", " ")
            raise Refused(status, data["error"], message, cause=validator.cause)
        if form["grant_type"] == "refresh_token":
            del data["refresh_token"]  # the client has it; no other ever takes its place
        return answer(data)


class TokenQuestion(OAuthView):
    """A call about one token, whichever kind the hint names: a wrong hint does no harm (RFC 7009 §2.1)."""

    must_have = ("token", "token_type_hint")

    def respond(self, form: dict[str, str]) -> HttpResponse:
        """Check the hint. Raises Refused."""
        if form["token_type_hint"] not in HINTS:
            message = _("The token_type_hint must be access_token or refresh_token.")
            raise Refused(400, "unsupported_token_type", message)
        return self.about(form["token"])

    def about(self, token: str) -> HttpResponse:
        """Answer for this token."""
        raise NotImplementedError


class RevokeView(TokenQuestion):
    """POST /oauth/revoke: a token ends, and with it all that one code was exchanged for."""

    def about(self, token: str) -> HttpResponse:
        """200 also for a token that is nobody's, or another client's, which then goes on living."""
        if not end_token(self.client, token):
            self.cause = _("No token of this client: nothing was revoked.")
        return answer({})


class IntrospectView(TokenQuestion):
    """POST /oauth/introspect: what one of the client's own tokens stands for (RFC 7662)."""

    def about(self, token: str) -> HttpResponse:
        """Nothing but `active` is said of tokens that are not valid, or not this client's."""
        found = find(self.client, token)
        if found is None:
            return answer({"active": False})
        facts = {
            "active": True,
            "exp": int(found.expires.timestamp()),
            "scope": " ".join(found.scopes),
            "sub": str(found.buyer.uuid),
            "username": masked(found.buyer.email),
            "token_type": "Bearer",
        }
        return answer(facts)


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """What client libraries want to know of this server (RFC 8414)."""
    here = settings.PUBLIC_URL
    by_basic = ["client_secret_basic"]
    facts = {
        "issuer": here,
        "authorization_endpoint": f"{here}/pay/authorize",
        "token_endpoint": f"{here}/oauth/token",
        "revocation_endpoint": f"{here}/oauth/revoke",
        "introspection_endpoint": f"{here}/oauth/introspect",
        "scopes_supported": list(oauth2_settings.SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(REQUIRED),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": by_basic,
        "revocation_endpoint_auth_methods_supported": by_basic,
        "introspection_endpoint_auth_methods_supported": by_basic,
        "authorization_response_iss_parameter_supported": True,
    }
    return answer(facts, headers={"Cache-Control": "public, max-age=3600"})
