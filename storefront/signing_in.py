"""Members sign in with a link by mail."""

from typing import Any

from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from shops.models import Member
from shops.throttling import counter
from storefront.cart import Cart
from storefront.forms import SignInForm
from storefront.pages import BrandPage
from storefront.visitors import sign_in, sign_in_url, sign_out

MOST_LINKS = 5  # to one address in a minute


class AskForLink(BrandPage):
    """Asks for an e-mail address and mails a link there, if it is a member's. The answer is the same if it is none."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the form."""
        return self.page("sign_in", form=SignInForm())

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Mail the link."""
        form = SignInForm(request.POST)
        if not form.is_valid():
            return self.page("sign_in", 422, form=form)
        email = form.cleaned_data["email"]
        member = self.brand.members.select_related("brand").filter(email__iexact=email).first()
        if member and counter.count(f"sign-in {member.pk}") <= MOST_LINKS:
            _mail_link(member)
        return self.page("link_sent", email=email)


def _mail_link(member: Member) -> None:
    facts = {"brand": member.brand, "url": sign_in_url(member)}
    subject = _("Sign in to %(brand)s") % {"brand": member.brand.name}
    send_mail(subject, render_to_string("storefront/sign_in_mail.txt", facts), None, [member.email])


class UseLink(BrandPage):
    """The link's page. A button signs in: programs that look at links in mails press none."""

    def get(self, request: HttpRequest, slug: str, token: str) -> HttpResponse:
        """Show the button."""
        return self.page("use_link")

    def post(self, request: HttpRequest, slug: str, token: str) -> HttpResponse:
        """Sign in."""
        if sign_in(request, self.brand, token) is None:
            return self.page("use_link", 403, is_spent=True)
        return redirect("checkout" if Cart(request, self.brand).count else "my-wallet", slug)


class SignOut(BrandPage):
    """Forgets who signed in."""

    def post(self, request: HttpRequest, slug: str, **_kwargs: Any) -> HttpResponse:
        """Sign out."""
        sign_out(request, self.brand)
        return redirect("shop", slug)
