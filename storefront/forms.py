"""What a visitor fills in."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from orders.services import MAX_PASSES
from shops.focus import FaultFirst
from shops.speaking import points as in_words


class VisitorForm(forms.Form):
    """A form of the shop; its labels stand above the fields, so they need no colon."""

    bound_field_class = FaultFirst

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class QuantityForm(VisitorForm):
    """How many of a coupon."""

    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MAX_PASSES, initial=1)


class BuyerForm(VisitorForm):
    """Who buys, where nobody has signed in."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label=_("Your e-mail address"), widget=forms.EmailInput({"autocomplete": "email"}))


class QuickForm(QuantityForm, BuyerForm):
    """Everything that the quickshop asks."""


class PointsForm(forms.Form):
    """How many points to use: a slider and a field beside it, for the same number.

    Without JavaScript the two do not follow each other. Whichever was moved away from `points_was`, the number that
    the page's sums were made with, is meant; the field, if both were.
    """

    points_was = forms.IntegerField(min_value=0, required=False)
    points_slider = forms.IntegerField(min_value=0, required=False)
    points = forms.IntegerField(label=_("Points to use"), min_value=0, required=False)

    def __init__(self, most: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        too_many = _("You can use up to %(points)s here.") % {"points": in_words(most)}
        for name in ("points", "points_slider"):
            field: Any = self.fields[name]
            field.validators.append(MaxValueValidator(most, too_many))

    @property
    def was(self) -> int:
        """The number that the page's sums were made with."""
        return self.cleaned_data.get("points_was") or 0

    @property
    def chosen(self) -> int:
        """The number that is meant."""
        given = (self.cleaned_data.get(name) for name in ("points", "points_slider"))
        return next((one for one in given if one is not None and one != self.was), self.was)


class SignInForm(VisitorForm):
    """Where the link goes."""

    email = forms.EmailField(label=_("Your e-mail address"), widget=forms.EmailInput({"autocomplete": "email"}))
