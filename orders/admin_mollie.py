"""A brand's key for Mollie in the admin: written, replaced, removed, tried; never shown."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanWidget

from orders.payments import Provider, ProviderRefused, ProviderSilent
from orders.payments.keys import FORM, forget_key, keep_key
from orders.payments.mollie import methods
from shops.models import Brand
from shops.throttling import counter

MOST_TRIALS = 10  # of one brand's key in a minute
KEY_FIELDS = ["mollie_key_hint", "mollie_key", "remove_mollie_key"]


class BrandSettingsForm(forms.ModelForm):
    """A brand's settings, with a key that goes in and never comes out."""

    mollie_key = forms.CharField(
        label=gettext_lazy("New Mollie key"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("From Mollie's dashboard. It replaces the one before, and nobody sees it again."),
        widget=UnfoldAdminPasswordWidget({"autocomplete": "off"}),
    )
    remove_mollie_key = forms.BooleanField(
        label=gettext_lazy("Remove the Mollie key"), required=False, widget=UnfoldBooleanWidget()
    )

    def clean_mollie_key(self) -> str:
        """Refuse what cannot be a key, without repeating it."""
        key: str = self.cleaned_data["mollie_key"]
        if key and not FORM.fullmatch(key):
            raise forms.ValidationError(
                _("A key of Mollie's is test_ or live_ and then letters and digits. Copy all of it.")
            )
        return key

    def clean(self) -> dict[str, Any]:
        """A shop that is paid by way of Mollie needs a key."""
        data = super().clean() or self.cleaned_data
        key, removes = data.get("mollie_key"), data.get("remove_mollie_key")
        if key and removes:
            self.add_error("remove_mollie_key", _("Either a new key, or none."))
        has_key = bool(key) or (self.instance.encrypted_mollie_key is not None and not removes)
        if data.get("payment_provider") == Provider.MOLLIE and not has_key and "mollie_key" not in self.errors:
            self.add_error("payment_provider", _("Mollie needs a key."))
        return data


class MollieKey:
    """Adds the key to the brands' admin, for owners."""

    admin_site: Any
    opts: Any
    change_form_outer_after_template = "admin/shops/brand/mollie.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the trial beside the brand's own page."""
        page = self.admin_site.admin_view(self.try_key)
        return [path("<path:object_id>/try-key/", page, name="shops_brand_try_key"), *super().get_urls()]  # type: ignore[misc]

    def get_fieldsets(self: Any, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The key's hint is for everybody, its field for owners."""
        fields = KEY_FIELDS if self.may(request, "change brand", obj) else KEY_FIELDS[:1]
        return [*super().get_fieldsets(request, obj), ("Mollie", {"fields": fields})]  # type: ignore[misc]

    def get_readonly_fields(self: Any, request: HttpRequest, obj: Any = None) -> list[str]:
        """The hint."""
        return [*super().get_readonly_fields(request, obj), "mollie_key_hint"]  # type: ignore[misc]

    def get_form(self: Any, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        """The form of everybody else has no field for a key, whatever they send."""
        form = BrandSettingsForm if self.may(request, "change brand", obj) else forms.ModelForm
        return super().get_form(request, obj, change, **{"form": form, **kwargs})  # type: ignore[misc]

    @method_decorator(sensitive_post_parameters("mollie_key"))
    def changeform_view(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Keep the key out of error reports."""
        return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]

    def save_model(self: Any, request: HttpRequest, obj: Brand, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        """Save the brand, and its key by the verbs for it."""
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        if form.cleaned_data.get("mollie_key"):
            keep_key(obj, form.cleaned_data["mollie_key"])
        elif form.cleaned_data.get("remove_mollie_key"):
            forget_key(obj)

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer to try the key."""
        brand = context.get("original")
        context["can_try_key"] = bool(brand and brand.mollie_key_hint and self.may(request, "change brand", brand))
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def try_key(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask Mollie what the key opens, and tell."""
        brand = self.get_object(request, object_id)
        if brand is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        if not self.may(request, "change brand", brand):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if counter.count(f"mollie key {brand.pk}") > MOST_TRIALS:
            messages.warning(request, _("That was often enough for now. Try again in a minute."))
        else:
            _tell(request, brand)
        return redirect("admin:shops_brand_change", brand.pk)


def _tell(request: HttpRequest, brand: Brand) -> None:
    facts = {"key": brand.mollie_key_hint}
    try:
        found = methods(brand)
    except (ProviderSilent, ProviderRefused) as error:
        messages.error(request, _("The key %(key)s was not accepted. %(error)s") % {**facts, "error": error})
        return
    if found:
        text = _("Mollie accepts the key %(key)s. Members can pay by: %(methods)s.")
        messages.success(request, text % {**facts, "methods": ", ".join(found)})
    else:
        text = _("Mollie accepts the key %(key)s, but no payment method is switched on in Mollie's dashboard.")
        messages.warning(request, text % facts)
