"""API tokens in the admin: chosen abilities, a secret that is shown once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from shops.brand_admin import BrandAdmin, BrandForm, ShowsSecretOnce, secret_page
from shops.models import ApiToken
from shops.services import issue_token

EVERYTHING = _("Everything, also what comes later (*)")
ABILITIES = [
    ("shops.get", _("List the brand (shops.get)")),
    ("shops.orders.get", _("Read orders (shops.orders.get)")),
    ("shops.orders.store", _("Place orders (shops.orders.store)")),
    ("shops.orders.update", _("Change orders (shops.orders.update)")),
    ("passes.get", _("Look at a member's passes (passes.get)")),
    ("search.pass", _("Find a pass by its code (search.pass)")),
    ("passes.update", _("Redeem, block and unblock passes (passes.update)")),
    ("shops.webhooks.get", _("List webhook endpoints (shops.webhooks.get)")),
    ("shops.webhooks.store", _("Add webhook endpoints (shops.webhooks.store)")),
    (
        "shops.webhooks.update",
        _("Change webhook endpoints, rotate keys, test and send again (shops.webhooks.update)"),
    ),
    ("shops.webhooks.delete", _("Remove webhook endpoints (shops.webhooks.delete)")),
    ("*", EVERYTHING),
]


class TokenForm(BrandForm):
    """What a new token is called and may do."""

    abilities = forms.MultipleChoiceField(
        label=_("Abilities"), choices=ABILITIES, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )

    def clean_expires_at(self) -> Any:
        """A token that is dead from the start is a slip."""
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError(_("This moment has passed."))
        return expires_at


@admin.register(ApiToken)
class ApiTokenAdmin(ShowsSecretOnce, BrandAdmin):
    """The brand's API tokens. The text of one is shown once, when it is made."""

    list_display = ["name", "ends_in", "ability_list", "state", "last_used_at", "expires_at", "created_at"]
    search_fields = ["name", "hint"]
    actions = ["revoke"]
    change_form_outer_before_template = "admin/shops/apitoken_revoke.html"
    add_form_fields = ["name", "abilities", "expires_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What there is to fill in, or to look at."""
        looked_at = ["name", "ends_in", "ability_list", "last_used_at", "expires_at", "revoked_at", "created_at"]
        return looked_at if obj else self.add_form_fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A token never changes."""
        return [*super().get_readonly_fields(request, obj), *self.get_fields(request, obj)] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        """Offer the abilities as check boxes."""
        return super().get_form(request, obj, change, **({} if obj else {"form": TokenForm}), **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: make another and revoke this one."""
        return False

    has_delete_permission = has_change_permission  # it is revoked, so that its last use can still be seen

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table of roles."""
        return self.may(request, "revoke apitoken", obj)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: Any) -> None:
        """Issue the token; its text goes to the answer and nowhere else."""
        token, request.new_secret = issue_token(  # type: ignore[attr-defined]
            obj.brand, name=obj.name, abilities=form.cleaned_data["abilities"], expires_at=obj.expires_at
        )
        vars(obj).update(vars(token))

    def response_add(self, request: Any, obj: ApiToken, post_url_continue: Any = None) -> HttpResponse:
        """Show the text, once."""
        heading = _("The token “%(name)s” is made") % {"name": obj.name}
        return secret_page(self, request, obj, heading=heading, label=_("API token"), secret=request.new_secret)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer to revoke a token that still works."""
        token = context.get("original")
        context["can_revoke"] = token and not token.revoked_at and self.has_revoke_permission(request, token)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> HttpResponse:
        """Ask, and then make the tokens useless from now on."""
        chosen = [t for t in tokens.filter(revoked_at=None) if self.has_revoke_permission(request, t)]
        if chosen and "confirmed" not in request.POST:
            return self._ask(request, chosen)
        for token in chosen:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            self.log_change(request, token, str(_("Revoked.")))
        text = ngettext("%d token revoked.", "%d tokens revoked.", len(chosen)) % len(chosen)
        messages.add_message(request, messages.SUCCESS if chosen else messages.WARNING, text)
        return redirect("admin:shops_apitoken_changelist")

    def _ask(self, request: HttpRequest, chosen: list[ApiToken]) -> HttpResponse:
        title = ngettext("Revoke %d token", "Revoke %d tokens", len(chosen)) % len(chosen)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "tokens": chosen}
        return TemplateResponse(request, "admin/shops/revoke_tokens.html", context)

    @display(description=_("ends in"))
    def ends_in(self, token: ApiToken) -> str:
        """The only part that is kept."""
        return f"…{token.hint}"

    @display(description=_("abilities"))
    def ability_list(self, token: ApiToken) -> str:
        """All of them in one line."""
        return ", ".join(str(EVERYTHING) if one == "*" else one for one in token.abilities)

    @display(description=_("state"), label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, token: ApiToken) -> tuple[str, Any]:
        """Whether it still opens doors."""
        if token.revoked_at:
            return "revoked", _("Revoked")
        if token.expires_at and token.expires_at <= timezone.now():
            return "expired", _("Expired")
        return "active", _("Active")
