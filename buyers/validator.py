"""What the toolkit's server asks us: codes, tokens and clients (buyer-wallet.md §A.3, §A.4, §B.1).

One validator serves one call, within a transaction: the token view passes the client that has authenticated itself.
"""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from buyers.authentication import find_client, read_basic, secret_is_right
from buyers.models import Client, Grant
from buyers.tokens import digest, end_family, end_token, ends, lasting_scopes, lock, save_access, save_refresh


class WalletValidator(OAuth2Validator):
    """The toolkit's validator, with its faults mended: a code is good once, a refresh token for a year, Basic only.

    `cause` says why a code or token was not taken, for the request log.
    """

    def __init__(self, client: Client | None = None) -> None:
        super().__init__()
        self.client = client
        self.cause = ""

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Whether the client is who it says, by HTTP Basic alone; credentials in the body count for nothing."""
        request.client = self.client or _by_header(request.headers.get("Authorization", ""))
        return request.client is not None

    def authenticate_client_id(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Never: all clients are confidential."""
        return False

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Always."""
        return True

    # --- Codes ---

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Whether this code may be exchanged now. Raises MissingCodeVerifierError.

        A used one ends the tokens it was used for (RFC 6749 §4.1.2); a mistake with a good one uses it up.
        """
        grant = _lock_grant(client, code)
        if grant is None:
            return self._because(_("The code is not known, or was issued to another client."))
        if grant.used_at is not None:
            end_family(grant.connection, grant.family)
            return self._because(_("The code was used before. The tokens that it was exchanged for have been revoked."))
        cause = _why_not(grant, request)
        if cause:
            self._use_up(grant)
            return self._because(cause)
        if grant.code_challenge and not request.code_verifier:
            self._use_up(grant)
            self._because(_("The code_verifier is missing."))
            raise errors.MissingCodeVerifierError(request=request)
        request.grant, request.connection, request.user = grant, grant.connection, grant.user
        request.scopes = [scope for scope in lasting_scopes(grant.connection, client) if scope in grant.scope.split()]
        return True

    def confirm_redirect_uri(self, *args: Any, **kwargs: Any) -> bool:
        """It was compared in validate_code, where a wrong one uses up the code and is an invalid_grant."""
        return True

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Whether this client has to send a code challenge."""
        return bool(request.client.require_pkce)

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        """The challenge that came with the request for this code."""
        return request.grant.code_challenge or None

    def get_code_challenge_method(self, code: str, request: Request) -> str | None:
        """S256, or None without a challenge."""
        return request.grant.code_challenge_method or None

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Note that it was used; the row stays, so that a second use is seen."""
        self._use_up(request.grant)

    # --- Tokens ---

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Whether it may be used now. Raises `invalid_refresh_token` for one of the client's own that no longer is."""
        mark = digest(refresh_token)
        for connection in lock(client.connections.filter(refresh_tokens__token_checksum=mark)):
            token = connection.refresh_tokens.get(token_checksum=mark)
            is_over = token.revoked or connection.revoked_at or ends(token) <= timezone.now()
            if is_over or not connection.buyer.is_active:
                text = _("The refresh token has expired or was revoked: ask the buyer again, with login_hint.")
                raise errors.CustomOAuth2Error(error="invalid_refresh_token", description=text, request=request)
            request.refresh_token_instance, request.connection, request.user = token, connection, connection.buyer
            return True
        return self._because(_("The refresh token is not known, or was issued to another client."))

    def get_original_scopes(self, refresh_token: str, request: Request, *args: Any, **kwargs: Any) -> list[str]:
        """What the buyer allows at present: a refresh may narrow it."""
        return lasting_scopes(request.connection, request.client)

    def _save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> None:
        """Keep what was issued. A refresh adds an access token and lets the others live to their own end."""
        is_first = request.grant_type == "authorization_code"
        family = request.grant.family if is_first else request.refresh_token_instance.token_family
        seconds = oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS
        save_access(request.connection, token["access_token"], family=family, scope=token["scope"], seconds=seconds)
        if is_first:
            save_refresh(request.connection, token["refresh_token"], family=family)

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """End a token of this client with its family, whatever the hint says (RFC 7009 §2.1)."""
        end_token(request.client, token)

    def _use_up(self, grant: Grant) -> None:
        grant.used_at = timezone.now()
        grant.save(update_fields=["used_at", "updated"])

    def _because(self, cause: str) -> bool:
        self.cause = cause
        return False


def _by_header(header: str) -> Client | None:
    credentials = read_basic(header)
    client = find_client(credentials[0]) if credentials else None
    if credentials is None or client is None or not client.is_active:
        return None
    return client if secret_is_right(client, credentials[1]) else None


def _lock_grant(client: Client, code: str) -> Grant | None:
    """The code's row, locked with its connection: of several who come at once, each sees what the one before did."""
    mark = digest(code)
    for connection in lock(client.connections.filter(grants__code=mark)):
        grant = connection.grants.select_for_update().select_related("user").get(code=mark)
        grant.connection = connection
        return grant
    return None


def _why_not(grant: Grant, request: Request) -> str:
    """What stands against a code that was not used before; "" if nothing does."""
    verifier, challenge = request.code_verifier or "", grant.code_challenge
    checks = (
        (grant.expires > timezone.now(), _("The code has expired.")),
        (grant.connection.revoked_at is None, _("The buyer has disconnected.")),
        (grant.user.is_active, _("The buyer's account is not active.")),
        (request.redirect_uri == grant.redirect_uri, _("The redirect_uri is not the one that the code was sent to.")),
        # A verifier that answers no challenge: somebody took the challenge out on the way (RFC 9700 §4.8).
        (bool(challenge) or not verifier, _("A code_verifier came, but no code_challenge before it.")),
        (not (challenge and verifier) or _fits(verifier, challenge), _("The code_verifier is wrong.")),
    )
    return next((cause for is_met, cause in checks if not is_met), "")


def _fits(verifier: str, challenge: str) -> bool:
    return bool(code_challenge_method_s256(verifier, challenge))
