"""A buyer's account: the password, all that is held as a file, and its end."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import User
from buyers import mails
from buyers.devices import device_of
from buyers.erasing import StillStaff, close, preview
from buyers.knowing import known_about
from buyers.pages.base import BuyerPage, FreshPage
from buyers.visitors import keep_signed_in, sign_out
from shops.exported import as_file
from shops.focus import FaultFirst
from shops.throttling import WINDOW, counter

PLACE = "/wallet/account"
MOST_TRIES = 10  # in a minute: each costs as much as a sign-in


class PasswordForm(forms.Form):
    """A new password, once: browsers write it down, and a mailed link helps whoever mistyped it."""

    bound_field_class = FaultFirst
    password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        max_length=200,
        help_text=gettext_lazy("At least 10 characters; no common password, and nothing like your name or address."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, buyer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buyer = buyer

    def clean_password(self) -> str:
        """Apply the rules that the settings name."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.buyer)
        return password


class Account(BuyerPage):
    """Who it is, and the ways to the rest."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it."""
        apps = self.buyer.connections.filter(revoked_at=None).count()
        return self.page("account", at="account", has_password=self.buyer.has_usable_password(), apps=apps)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class Password(FreshPage):
    """Sets, changes or removes the password."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form."""
        return self.show(PasswordForm(buyer=self.buyer))

    def show(self, form: PasswordForm, status: int = 200, **context: Any) -> HttpResponse:
        """The page. It names the account, so that browsers know what the password is of."""
        has_password = self.buyer.has_usable_password()
        return self.page("password", status, at="account", form=form, has_password=has_password, **context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do what was asked for."""
        if counter.count(f"buyer password {self.buyer.pk}") > MOST_TRIES:
            response = self.page("too_much", 429)
            response["Retry-After"] = str(WINDOW)
            return response
        return self.remove() if request.POST.get("step") == "remove" else self.choose()

    def choose(self) -> HttpResponse:
        """Set it, or say why not."""
        form = PasswordForm(self.request.POST, buyer=self.buyer)
        if not form.is_valid():
            return self.show(form, 422)
        self.write(form.cleaned_data["password"])
        return self.go(PLACE)

    def remove(self) -> HttpResponse:
        """Take it away. Who opens the admin with it keeps it."""
        if self.buyer.is_staff:
            fault = _("You open the admin with this password, so it can only be changed.")
            return self.show(PasswordForm(buyer=self.buyer), 422, fault=fault)
        if self.buyer.has_usable_password():
            self.write(None)
        return self.go(PLACE)

    def write(self, password: str | None) -> None:
        """Keep it, end all other sessions, and tell the buyer by mail: all of it or nothing."""
        tell = mails.password_set if password else mails.password_removed
        with transaction.atomic():
            self.buyer.set_password(password)
            self.buyer.save(update_fields=["password"])
            tell(self.buyer, device_of(self.request.headers.get("User-Agent", "")))
        keep_signed_in(self.request, self.buyer)


class Export(FreshPage):
    """All that is held about the buyer, as a file (GDPR, articles 15 and 20)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Give it."""
        return as_file(known_about(self.buyer), f"wallet-{self.buyer.uuid}")


class Close(FreshPage):
    """The end of a wallet."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Tell what goes and what stays."""
        return self.page("close", at="account", due=preview(self.buyer))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Forget the buyer, and say so."""
        try:
            close(self.buyer)
        except StillStaff:
            return self.page("close", 409, at="account", due=preview(self.buyer))
        sign_out(request)
        self.buyer = None  # type: ignore[assignment] # as for whoever is not signed in
        return self.page("closed")
