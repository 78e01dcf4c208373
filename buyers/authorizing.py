"""What a partner asks a buyer for, and the buyer's answer (buyer-wallet.md §A.2; RFC 6749 §4.1, RFC 7636, RFC 9207)."""

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext_noop as _
from oauth2_provider.settings import oauth2_settings

from accounts.models import User
from buyers.errors import NotRedirected, Redirected
from buyers.models import Address, Card, Client, Connection
from buyers.redirects import differences
from buyers.scopes import ADDRESS, CARD_SCOPES
from buyers.tokens import digest, new_secret

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256, base64url, unpadded
LONGEST_VALUE = 4096  # characters, of our choice
CHANNEL_LENGTH = 64
HINT_LENGTH = 254


@dataclass(frozen=True)
class Asked:
    """An authorization request that is in order. `login_hint` is whatever was written there."""

    client: Client
    redirect_uri: str
    scopes: list[str]
    state: str
    channel: str
    code_challenge: str
    login_hint: str


def read_request(query: QueryDict) -> Asked:
    """What the query of /pay/authorize asks for.

    Raises NotRedirected while client, redirect URI and state are not known to be good, Redirected after that.
    """
    client = _client(query)
    redirect_uri = _redirect_uri(query, client)
    state = _state(query, client)
    try:
        _check_type(query)
        return Asked(
            client=client,
            redirect_uri=redirect_uri,
            scopes=_scopes(query, client),
            state=state,
            channel=_channel(query),
            code_challenge=_code_challenge(query, client),
            login_hint=_text(query, "login_hint")[:HINT_LENGTH],
        )
    except _Fault as fault:
        url = _answer(redirect_uri, state, error=fault.error, error_description=str(fault))
        raise Redirected(url, error=fault.error, message=str(fault), client=client) from None


def allow(buyer: User, asked: Asked, *, scopes: list[str], card: Card | None, address: Address | None) -> str:
    """Connect the buyer with the client, and return the URL that takes the code there.

    The buyer may allow fewer scopes than were asked for. Raises NotRedirected, and connects nobody, if more is allowed
    than was asked for, if the card or the address is another buyer's, or if the client has been switched off since.
    """
    code = new_secret()
    with transaction.atomic():
        client = Client.objects.select_for_update(of=("self",), no_key=True).get(pk=asked.client.pk)
        _check_client(client, asked, scopes)
        _check_buyer(buyer, card, address)
        connection, _created = Connection.objects.update_or_create(
            buyer=buyer,
            client=client,
            channel=asked.channel,
            defaults={
                "scopes": [scope for scope in asked.scopes if scope in scopes],
                # What no scope opens need not be known.
                "card": card if CARD_SCOPES.intersection(scopes) else None,
                "address": address if ADDRESS in scopes else None,
                "revoked_at": None,
            },
        )
        connection.grants.create(
            user=buyer,
            application=client,
            code=digest(code),
            expires=timezone.now() + timedelta(seconds=oauth2_settings.AUTHORIZATION_CODE_EXPIRE_SECONDS),
            redirect_uri=asked.redirect_uri,
            scope=" ".join(connection.scopes),
            code_challenge=asked.code_challenge,
            code_challenge_method="S256" if asked.code_challenge else "",
        )
    return _answer(asked.redirect_uri, asked.state, code=code)


def deny(asked: Asked) -> str:
    """The URL that takes the buyer's refusal to the client."""
    return _answer(asked.redirect_uri, asked.state, error="access_denied", error_description=_("The buyer refused."))


class _Fault(Exception):
    """What is wrong with a request whose client and redirect URI are in order."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


def _check_client(client: Client, asked: Asked, scopes: list[str]) -> None:
    if not client.is_active:
        raise NotRedirected(
            "invalid_client", _("The client is not known."), cause=_("The client is off."), client=client
        )
    if not scopes or not set(scopes) <= set(asked.scopes) & set(client.allowed_scopes):
        raise NotRedirected("invalid_scope", _("Only what was asked for can be allowed."), client=client)


def _check_buyer(buyer: User, card: Card | None, address: Address | None) -> None:
    if not User.objects.select_for_update(no_key=True).get(pk=buyer.pk).is_active:
        raise NotRedirected("access_denied", _("This account is not active."))
    if any(kept is not None and kept.buyer_id != buyer.pk for kept in (card, address)):
        raise NotRedirected("invalid_request", _("Only a card and an address of one's own can be chosen."))


def _single(query: QueryDict, name: str, longest: int = LONGEST_VALUE) -> str:
    """A parameter; "" if it is missing or empty, which is the same (RFC 6749 §3.1). Raises _Fault."""
    values = query.getlist(name)
    if len(values) > 1:
        raise _Fault("invalid_request", _("The parameter %(name)s is given more than once.") % {"name": name})
    value = values[0] if values else ""
    if "\x00" in value or "\ufffd" in value:  # the latter is how Django reads what is not UTF-8
        raise _Fault("invalid_request", _("The parameter %(name)s is not readable text.") % {"name": name})
    if len(value) > longest:
        raise _Fault(
            "invalid_request",
            _("The parameter %(name)s is longer than %(most)s characters.") % {"name": name, "most": longest},
        )
    return value


def _text(query: QueryDict, name: str) -> str:
    return _single(query, name).strip()


def _client(query: QueryDict) -> Client:
    try:
        client_id = _single(query, "client_id")
    except _Fault as fault:
        raise NotRedirected(fault.error, str(fault)) from None
    if not client_id:
        raise NotRedirected("invalid_request", _("The parameter client_id is missing."))
    client: Client | None = Client.objects.filter(client_id=client_id).first()
    if client is None:
        raise NotRedirected("invalid_client", _("The client is not known."))
    if not client.is_active:
        raise NotRedirected(
            "invalid_client", _("The client is not known."), cause=_("The client is off."), client=client
        )
    return client


def _redirect_uri(query: QueryDict, client: Client) -> str:
    try:
        uri = _single(query, "redirect_uri")
    except _Fault as fault:
        raise NotRedirected(fault.error, str(fault), client=client) from None
    if not uri:
        raise NotRedirected("invalid_request", _("The parameter redirect_uri is missing."), client=client)
    if uri not in client.redirect_uris.split():
        message = _("The redirect_uri is not one of those registered for this client.")
        with translation.override("en"):  # the buyer's language is not the developers'
            cause = differences(client, uri)
        raise NotRedirected("invalid_request", message, cause=cause, client=client)
    return uri


def _state(query: QueryDict, client: Client) -> str:
    """The state. A faulty one cannot be handed back unchanged, so the partner could not tell whose answer it is."""
    try:
        return _single(query, "state")
    except _Fault as fault:
        raise NotRedirected(fault.error, str(fault), client=client) from None


def _check_type(query: QueryDict) -> None:
    kind = _single(query, "response_type")
    if not kind:
        raise _Fault("invalid_request", _("The parameter response_type is missing."))
    if kind != "code":
        raise _Fault("unsupported_response_type", _("The response_type must be code."))


def _scopes(query: QueryDict, client: Client) -> list[str]:
    scopes = list(dict.fromkeys(_single(query, "scope").split()))
    if not scopes:
        raise _Fault("invalid_scope", _("The parameter scope is missing."))
    if not set(scopes) <= set(client.allowed_scopes):
        raise _Fault("invalid_scope", _("The scope holds something that this client may not ask for."))
    return scopes


def _channel(query: QueryDict) -> str:
    channel = _text(query, "channel")
    if len(channel) > CHANNEL_LENGTH or not channel.isprintable():
        raise _Fault(
            "invalid_request",
            _("The channel must be printable, and at most %(most)s characters.") % {"most": CHANNEL_LENGTH},
        )
    return channel


def _code_challenge(query: QueryDict, client: Client) -> str:
    challenge, method = _single(query, "code_challenge"), _single(query, "code_challenge_method")
    if not challenge and not method:
        if client.require_pkce:
            raise _Fault("invalid_request", _("This client has to send a code_challenge."))
        return ""
    if method != "S256":
        raise _Fault("invalid_request", _("The code_challenge_method must be S256."))
    if not CHALLENGE.fullmatch(challenge):
        raise _Fault("invalid_request", _("The code_challenge must be 43 characters of base64url, without padding."))
    return challenge


def _answer(redirect_uri: str, state: str, **parameters: str) -> str:
    """The registered URI, letter by letter, with the answer behind it."""
    parameters |= {"state": state} if state else {}
    parameters["iss"] = settings.PUBLIC_URL
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(parameters)
