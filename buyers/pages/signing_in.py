"""Buyers sign in with a link by mail, or with a password if they have one.

Page, words and timing are the same whether an account exists or not: every address gets a mail, and one that nobody has
gets a link that makes an account.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import User
from buyers import mails
from buyers.masking import masked
from buyers.pages.base import Page
from buyers.visitors import (
    HOME,
    MOST_CARRIED,
    WAITING,
    Link,
    hinted,
    own_page,
    sign_in,
    sign_out,
    with_password,
)
from shops.focus import FaultFirst
from shops.throttling import WINDOW, counter, ip_of

MOST_OF_ADDRESS = 5  # attempts in a minute, to have a link mailed or with a password
MOST_OF_IP = 30  # likewise, from one IP address


class SignInForm(forms.Form):
    """Who it is. Without a password a link is mailed."""

    bound_field_class = FaultFirst
    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class NewBuyerForm(forms.Form):
    """Whom an account is for."""

    bound_field_class = FaultFirst
    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"}))


def hint_of(after: str) -> str:
    """The e-mail address that a page's `login_hint` means, "" if none (buyer-wallet.md §A.2)."""
    hints = parse_qs(urlsplit(after).query).get("login_hint", [""])
    return hinted(hints[0])


def sign_in_page(page: Page, after: str, status: int = 200, **context: Any) -> HttpResponse:
    """The form that signs in and leads on to `after`, of whichever page."""
    hint = hint_of(after)
    facts = {"form": SignInForm(), "after": after, "hint": masked(hint) if hint else "", **context}
    return page.page("sign_in", status, **facts)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class SignIn(Page):
    """Asks who it is."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form."""
        return sign_in_page(self, own_page(request.GET.get("next", "")))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign in with a password, or mail a link."""
        after = own_page(request.POST.get("next", ""))
        if "other" in request.POST:
            return sign_in_page(self, after, hint="")
        hint = "" if request.POST.get("email") else hint_of(after)
        form = SignInForm({**request.POST.dict(), "email": hint}) if hint else SignInForm(request.POST)
        if not form.is_valid():
            return sign_in_page(self, after, 422, form=form, hint=masked(hint) if hint else "")
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        if self.is_too_much(email):
            return self.too_much()
        return self.check(form, after, hint) if password else self.mail(email, after, hint)

    def is_too_much(self, email: str) -> bool:
        """Whether there were too many attempts in this minute."""
        of_ip = counter.count(f"buyer {ip_of(self.request)}")
        return max(of_ip - MOST_OF_IP, counter.count(f"buyer {email.lower()}") - MOST_OF_ADDRESS) > 0

    def too_much(self) -> HttpResponse:
        """Ask for patience."""
        response = self.page("too_much", 429)
        response["Retry-After"] = str(WINDOW)
        return response

    def check(self, form: SignInForm, after: str, hint: str) -> HttpResponse:
        """Sign in, or show the form again."""
        found = with_password(form.cleaned_data["email"], form.cleaned_data["password"])
        if found is None:
            form.add_error("password", _("That is not the password of this account, or the account has none."))
            return sign_in_page(self, after, 422, form=form, hint=masked(hint) if hint else "")
        sign_in(self.request, found)
        return self.go(after)

    def mail(self, email: str, after: str, hint: str) -> HttpResponse:
        """Mail a link, and say so."""
        carried = after if len(after) <= MOST_CARRIED else ""
        self.request.session.pop(WAITING, None)
        if not carried:
            self.request.session[WAITING] = after
        if not mails.sign_in_link(email, carried):
            return self.page("not_sent", 503)
        return self.page("link_sent", email=masked(hint) if hint else email)


class UseLink(Page):
    """The link's page. A button signs in: programs that look at links in mails press none."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show the button, and whom it signs in."""
        link = self.link(token)
        return self.page("use_link", link=link, form=NewBuyerForm()) if link else self.spent()

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Sign in, and go on where the buyer was."""
        link = self.link(token)
        if link is None:
            return self.spent()
        form = NewBuyerForm(request.POST)
        if link.buyer is None and not form.is_valid():
            return self.page("use_link", 422, link=link, form=form)
        buyer = link.spend(form.cleaned_data["name"] if link.buyer is None else "")
        return self.signed_in(buyer, link) if buyer else self.spent()

    def link(self, token: str) -> Link | None:
        """What the token says, None if it is void."""
        try:
            link = Link(token)
        except (signing.BadSignature, ValueError):
            return None
        return link if link.is_good else None

    def spent(self) -> HttpResponse:
        """Say that this link is void."""
        return self.page("use_link", 403, link=None)

    def signed_in(self, buyer: User, link: Link) -> HttpResponse:
        """Go on where the buyer was."""
        waiting = self.request.session.pop(WAITING, "")
        sign_in(self.request, buyer)
        return self.go(link.after or own_page(waiting))


class SignOut(Page):
    """Forgets who signed in."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign out, and show the page again that asked to (or the wallet's), which asks to sign in."""
        sign_out(request)
        return self.go(own_page(request.POST.get("next", HOME)))
