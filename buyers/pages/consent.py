"""/pay/authorize: a client asks, its buyer answers (buyer-wallet.md §A.2).

The request is read anew from the URL each time, before anybody signs in: nothing in the form can change what was asked.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from structlog.contextvars import get_contextvars

from buyers import mails, requests
from buyers.authorizing import Asked, allow, deny, read_request
from buyers.devices import device_of
from buyers.errors import NotRedirected, Redirected
from buyers.masking import masked
from buyers.models import Client
from buyers.pages.base import SEE_OTHER
from buyers.pages.choosing import ChoiceForm, ChoicePage, host_of
from buyers.pages.signing_in import sign_in_page
from buyers.visitors import hinted

ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(:\d+)?|https?://\[[0-9a-f:]+\](:\d+)?", re.ASCII | re.IGNORECASE)
FOUND = 302


class Authorize(ChoicePage):
    """The page on which a buyer allows or refuses."""

    template = "consent"
    asked: Asked

    def answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer; whatever is wrong with the request is said before anybody signs in."""
        try:
            self.asked = read_request(request.GET)
            self.client, self.channel, self.scopes = self.asked.client, self.asked.channel, self.asked.scopes
            if self.buyer is None:
                return self.sign_in()
            return super().answer(request, *args, **kwargs)
        except NotRedirected as refused:
            return self.refused(refused)
        except Redirected as refused:
            return self.leave(refused.url, FOUND, client=refused.client, cause=refused.cause)

    def sign_in(self) -> HttpResponse:
        """The form that signs in, and comes back here."""
        return sign_in_page(self, self.request.get_full_path(), client=self.client, channel=self.channel)

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask."""
        return self.choose()

    def choose(self, status: int = 200, form: ChoiceForm | None = None, **context: Any) -> HttpResponse:
        """The page; only from here may a form lead to the client (Chromium looks at redirects, too)."""
        host = host_of(self.asked.redirect_uri)
        response = super().choose(status, form, host=host, expected=self.expected(), **context)
        return self.may_lead_to(response, self.asked.redirect_uri)

    def expected(self) -> str:
        """Whom the client expects, masked; "" if it is whoever signed in, or it did not say."""
        email = hinted(self.asked.login_hint)
        return masked(email) if email and email.lower() != self.buyer.email.lower() else ""

    def accept(self, form: ChoiceForm) -> HttpResponse:
        """Connect, tell the buyer by mail if that is new, and lead back with a code."""
        with transaction.atomic():
            before = self.connection()
            url = allow(self.buyer, self.asked, **form.answer)
            if before is None or before.revoked_at:
                self.tell()
        return self.leave(url, SEE_OTHER, client=self.client)

    def tell(self) -> None:
        """Tell the buyer that an app is new."""
        connection = self.connection()
        if connection is not None:
            mails.connected(connection, device_of(self.request.headers.get("User-Agent", "")))

    def refuse(self) -> HttpResponse:
        """Lead back without one."""
        return self.leave(deny(self.asked), SEE_OTHER, client=self.client, cause="access_denied: The buyer refused.")

    def leave(self, url: str, status: int, *, client: Client, cause: str = "") -> HttpResponse:
        """To the client. Never with 307, which would take the form along (RFC 9700 §4.12)."""
        requests.note(self.request, client=client, status=status, cause=cause)
        return HttpResponse(status=status, headers={"Location": url})

    def may_lead_to(self, response: HttpResponse, uri: str) -> HttpResponse:
        """Let forms of this page lead to the origin of `uri` besides our own."""
        parts = urlsplit(uri)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if ORIGIN.fullmatch(origin):
            vars(response)["_csp_update"] = {"form-action": [origin]}
        return response

    def refused(self, refused: NotRedirected) -> HttpResponse:
        """A plain page without any link of the client's; JSON for whoever wants no page."""
        requests.note(self.request, client=refused.client, status=refused.status, cause=refused.cause)
        if "text/html" not in self.request.headers.get("Accept", ""):
            return JsonResponse(refused.body, status=refused.status)
        request_id = get_contextvars().get("request_id", "")
        return self.page(
            "refused", refused.status, reason=refused.error, message=refused.message, request_id=request_id
        )
