"""What a visitor fills in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.services import MAX_PASSES
from passes.models import Coupon
from shops.models import Brand


class CheckoutForm(forms.Form):
    """Who buys how many of which coupon. Points need a sign-in, so here everything is paid in money."""

    coupon: Any = forms.ModelChoiceField(queryset=None, to_field_name="uuid", widget=forms.HiddenInput)
    quantity = forms.IntegerField(label=_("How many"), min_value=1, max_value=MAX_PASSES, initial=1)
    name = forms.CharField(label=_("Your name"), max_length=150)
    email = forms.EmailField(label=_("Your e-mail address"))

    def __init__(self, brand: Brand, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["coupon"].queryset = brand.coupons.filter(is_active=True).select_related("brand")  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"

    @property
    def chosen(self) -> Coupon | None:
        """The coupon that this form is about, also while the rest is not filled in."""
        wanted = self["coupon"].value()
        try:
            return self.fields["coupon"].clean(wanted) if wanted else None
        except forms.ValidationError:
            return None


class SignInForm(forms.Form):
    """Where the link goes."""

    email = forms.EmailField(label=_("Your e-mail address"), widget=forms.EmailInput({"autocomplete": "email"}))
