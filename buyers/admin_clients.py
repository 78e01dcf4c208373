"""A partner's client in the admin: what it is called and may do, its secrets, and where its answers go."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from oauth2_provider.settings import oauth2_settings
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from buyers import clients, tokens
from buyers.admin_doors import ClientAdminDoor
from buyers.models import Client, Merchant
from buyers.redirects import check_redirect_uris, differences
from buyers.scopes import ENCRYPTED
from buyers.vaults import can_encrypt
from shops.brand_admin import ShowsSecretOnce, question_page, secret_page

LARGEST_LOGO = 500_000  # bytes
OVERLAPS = [(0, gettext_lazy("Not at all: it ends now")), (1, gettext_lazy("1 day")), (7, gettext_lazy("7 days"))]
OVERLAPS += [(30, gettext_lazy("30 days")), (90, gettext_lazy("90 days"))]
OWN = ["name", "logo", "redirect_uris"]  # what a client's developers change
GRANTED = [
    "environment",
    "is_active",
    "verified_domain",
    "allowed_scopes",
    "require_pkce",
    "order_checks",
    "developers",
]


class ClientForm(forms.ModelForm):
    """What a client is called and may do. Fields that the user may not change are not in it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, widget=UnfoldAdminTextInputWidget())
    redirect_uris = forms.CharField(
        label=gettext_lazy("Redirect URIs"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy("One a line. A request must name one of them, letter by letter."),
    )
    allowed_scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes it may ask for"), widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )

    class Meta:
        model = Client
        fields = [*OWN, *GRANTED]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "redirect_uris" in self.fields:
            self.initial["redirect_uris"] = "\n".join(self.instance.redirect_uris.split())
        if "allowed_scopes" in self.fields:
            known = [(name, f"{text} ({name})") for name, text in oauth2_settings.SCOPES.items()]
            self.fields["allowed_scopes"].choices = known  # type: ignore[attr-defined]

    def clean_logo(self) -> Any:
        """Buyers' browsers load it: not a large one."""
        logo = self.cleaned_data["logo"]
        if logo and "logo" in self.changed_data and logo.size > LARGEST_LOGO:
            raise forms.ValidationError(_("The logo is larger than %(size)s kB.") % {"size": LARGEST_LOGO // 1000})
        return logo

    def clean_developers(self) -> Any:
        """They must be able to sign in here at all."""
        developers = self.cleaned_data["developers"]
        strangers = [person.email for person in developers if not person.is_staff]
        if strangers:
            text = _("These may not open the admin, so they could not manage it: %(people)s.")
            raise forms.ValidationError(text % {"people": ", ".join(strangers)})
        return developers

    def clean(self) -> dict[str, Any]:
        """Redirect URIs and scopes depend on what the client is for."""
        data = super().clean() or self.cleaned_data
        environment = data.get("environment") or self.instance.environment
        client = Client(environment=environment)
        if "redirect_uris" in data:
            uris = list(dict.fromkeys(data["redirect_uris"].split()))
            data["redirect_uris"] = " ".join(uris)
            try:
                check_redirect_uris(uris, is_live=client.is_live)
            except forms.ValidationError as error:
                self.add_error("redirect_uris", error)
        if ENCRYPTED in data.get("allowed_scopes", []) and not can_encrypt(client):
            text = _("Card numbers are for live clients only where a vault encrypts them: set WALLET_VAULT.")
            self.add_error("allowed_scopes", text)
        return data


class RotationForm(forms.Form):
    """How long the present secret goes on working."""

    days = forms.TypedChoiceField(
        label=gettext_lazy("How long the present secret stays valid"),
        widget=UnfoldAdminRadioSelectWidget(),
        coerce=int,
        choices=OVERLAPS,
        initial=7,
    )


class MerchantInline(TabularInline):
    """Which brand the client means by its merchant IDs."""

    model = Merchant
    extra = 0
    fields = ["merchant_id", "brand"]
    autocomplete_fields = ["brand"]
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers: it lists brands."""
        return bool(request.user.is_superuser)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class ClientAdmin(ShowsSecretOnce, ClientAdminDoor):
    """Partners' clients. A secret is shown once, when the client is made or the secret is rotated."""

    client_path = "pk"
    form = ClientForm
    list_display = ["name", "environment_badge", "client_id", "secret_ends", "is_active", "created"]
    list_filter = ["environment", "is_active"]
    search_fields = ["name", "=client_id"]
    search_help_text = gettext_lazy("A part of the name, or a whole client ID")
    autocomplete_fields = ["developers"]
    inlines = [MerchantInline]
    change_form_outer_before_template = "admin/buyers/client/panel.html"

    def get_fields(self, request: HttpRequest, obj: Client | None = None) -> list[str]:
        """Those to fill in; later also what is known of it."""
        if obj is None:
            return [*OWN, *(name for name in GRANTED if name != "is_active")]
        granted = GRANTED if request.user.is_superuser else [name for name in GRANTED if name != "developers"]
        return ["client_id", *OWN, *granted, "secret_ends", "previous_secret_until", "created"]

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> list[str]:
        """What is the client's for good, and what its developers may not give themselves."""
        if obj is None:
            return []
        kept = ["client_id", "environment", "secret_ends", "previous_secret_until", "created"]
        return kept if request.user.is_superuser else [*kept, *GRANTED]

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the buttons beside the developers that would open another form in a window."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "developers" and field:
            for button in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, button, False)
        return field

    def get_urls(self) -> list[Any]:
        """Put the pages of the buttons beside the client's own."""
        pages = {"secret": self.rotate, "end-tokens": self.end_tokens}
        return [
            *(
                path(f"<path:object_id>/{name}/", self._page(view), name=f"buyers_client_{name.replace('-', '_')}")
                for name, view in pages.items()
            ),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: Any) -> None:
        """A new one gets a secret, which goes to the answer and nowhere else."""
        if not change:
            obj.client_type = Client.CLIENT_CONFIDENTIAL
            obj.authorization_grant_type = Client.GRANT_AUTHORIZATION_CODE
            request.new_secret = clients.give_secret(obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(self, request: Any, obj: Client, post_url_continue: Any = None) -> HttpResponse:
        """Show the secret, once."""
        heading = _("The client “%(name)s” is made. Its ID: %(id)s") % {"name": obj.name, "id": obj.client_id}
        return secret_page(self, request, obj, heading=heading, label=_("Client secret"), secret=request.new_secret)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the buttons, and what the redirect URI tester found."""
        client, uri = context.get("original"), request.GET.get("uri", "").strip()
        context["input_classes"] = " ".join(INPUT_CLASSES)
        if client and uri:
            context |= {"tested": uri, "difference": differences(client, uri)}
        return super().render_change_form(request, context, *args, **kwargs)

    def rotate(self, request: HttpRequest, client: Client) -> HttpResponse:
        """Ask how long the present secret stays valid, then show the new one once."""
        form = RotationForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            context = {**self.admin_site.each_context(request), "opts": self.opts, "original": client, "form": form}
            context["title"] = _("Rotate the secret")
            return TemplateResponse(request, "admin/buyers/client/rotate.html", context)
        secret = clients.rotate_secret(client, form.cleaned_data["days"])
        self.log_change(request, client, _("Secret rotated."))
        heading = _("The client has a new secret")
        return secret_page(self, request, client, heading=heading, label=_("Client secret"), secret=secret)

    def end_tokens(self, request: HttpRequest, client: Client) -> HttpResponse:
        """Ask, then end every token of the client."""
        if request.method != "POST":
            text = _(
                "All its access and refresh tokens end now, and codes that were not used yet. Its buyers stay "
                "connected: the partner has to ask each of them again to get new tokens."
            )
            verb = _("Revoke all tokens")
            return question_page(self, request, client, title=verb, text=text, label=verb, about=client)
        count = tokens.end_all(client)
        self.log_change(request, client, _("All tokens revoked: %d.") % count)
        text = ngettext("%d buyer's tokens are revoked.", "%d buyers' tokens are revoked.", count) % count
        messages.success(request, text)
        return redirect("admin:buyers_client_change", client.pk)

    def _page(self, view: Callable[..., HttpResponse]) -> Any:
        """The door: a client of the user's own."""

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            client: Any = self.get_object(request, object_id)
            if client is None or not self.has_change_permission(request, client):
                raise PermissionDenied
            return view(request, client)

        return self.admin_site.admin_view(page)

    @display(description=gettext_lazy("environment"), ordering="environment", label={"live": "success", "sandbox": ""})
    def environment_badge(self, client: Client) -> tuple[str, str]:
        """What it is for."""
        return client.environment, client.get_environment_display()

    @display(description=gettext_lazy("secret ends in"))
    def secret_ends(self, client: Client) -> str:
        """The only part that is kept."""
        return f"…{client.secret_hint}"
