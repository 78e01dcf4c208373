"""Staff's view of the brand's team, its members and their points, and its API tokens."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminColorInputWidget,
    UnfoldAdminEmailInputWidget,
)

from accounts.inviting import invite
from accounts.models import User
from shops.admin_lists import find_entries, find_members
from shops.brand_admin import BrandAdmin, BrandForm, BrandInline, ReadOnly, ShowsSecretOnce, secret_page
from shops.columns import spoken
from shops.models import ApiToken, Brand, Member, PointsEntry, Staff
from shops.points_admin import CorrectPoints
from shops.services import issue_token
from shops.speaking import signed
from shops.team_admin import ResetsFactor

__all__ = ["BrandAdmin", "BrandSettingsAdmin"]

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
    ("*", _("Everything, also what comes later (*)")),
]


SHOP_FIELDS = ["language", "time_zone", "frame_hosts"]


class BrandSettingsAdmin(BrandAdmin):
    """A brand's own settings. Registered in orders/admin.py, which knows the payment providers."""

    brand_path = "pk"
    list_select_related = False
    list_display = ["name", "slug", "currency", "point_value", "minutes_to_pay"]
    search_fields = ["name", "slug"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "identifier", "logo", "primary_color"]}),
        (_("Money"), {"fields": ["currency", "point_value", "earn_rate", "minutes_to_pay", "payment_provider"]}),
        (_("Shop"), {"fields": SHOP_FIELDS}),
        (_("Mail"), {"fields": ["mails_orders"]}),
        (_("Returns"), {"fields": ["return_policy_url", "return_policy_description", "return_days"]}),
    ]
    form = forms.ModelForm

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What URLs and amounts rest on stays as it was. A manager may change the shop's own settings only."""
        if obj and not self.may(request, "change brand", obj):
            fields = [field for _name, options in self.fieldsets for field in options["fields"]]
            return [field for field in fields if field not in SHOP_FIELDS]
        return ["identifier", "slug", "currency"] if obj else ["identifier"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Owners change everything, managers what the shop's pages need."""
        return super().has_change_permission(request, obj) or self.may(request, "change shop", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: its orders stay."""
        return False

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Let a colour be picked."""
        if db_field.name == "primary_color":
            kwargs["widget"] = UnfoldAdminColorInputWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description=_("identifier"))
    def identifier(self, brand: Brand) -> str:
        """What the API calls the brand."""
        return str(brand.uuid)


class StaffForm(BrandForm):
    """Names a colleague by e-mail address: a list of users would show those of other brands."""

    email = forms.EmailField(label=_("E-mail address"), widget=UnfoldAdminEmailInputWidget())

    def clean(self) -> dict[str, Any]:
        """Find the user, or make one who has no password yet; either way the page says the same."""
        data = super().clean() or self.cleaned_data
        brand = data.get("brand") or self.only_brand
        if brand and "email" in data and brand.staff.filter(user__email__lower=data["email"].lower()).exists():
            self.add_error("email", _("This person is on the team already."))
        return data

    def save(self, commit: bool = True) -> Staff:  # noqa: FBT001, FBT002 -- Django's signature
        """Give the user a place in the team, and with it the admin."""
        new = {"email": self.cleaned_data["email"], "is_staff": True, "password": make_password(None)}
        user, _made = User.objects.get_or_create(email__lower=new["email"].lower(), defaults=new)
        if not user.is_staff:
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        self.instance.user = user
        return super().save(commit)


@admin.register(Staff)
class StaffAdmin(ResetsFactor, BrandAdmin):
    """Who belongs to the brand's team, and as what."""

    list_display = ["user", "role_badge", "created_at"]
    list_filter = ["role"]
    list_select_related = ["brand", "user"]
    search_fields = ["user__email", "user__name"]
    readonly_fields = ["user", "created_at"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A new colleague is named by e-mail address."""
        return ["user", "role", "created_at"] if obj else ["email", "role"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        """Ask for the e-mail address when a colleague is added."""
        return super().get_form(request, obj, change, **({} if obj else {"form": StaffForm}), **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes their own place: so a brand never loses its last owner."""
        return super().has_change_permission(request, obj) and not self._own_place(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor gives it up."""
        return super().has_delete_permission(request, obj) and not self._own_place(request, obj)

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: Any) -> None:
        """Mail who is new: a link to choose a password, or that they are on the team."""
        super().save_model(request, obj, form, change)
        if not change:
            invite(obj.user, obj.brand.name)

    def _own_place(self, request: HttpRequest, obj: Any) -> bool:
        return obj is not None and obj.user_id == request.user.pk

    @display(description=_("role"), ordering="role", label={"owner": "primary", "manager": "info"})
    def role_badge(self, staff: Staff) -> tuple[str, str]:
        """The role."""
        return staff.role, staff.get_role_display()


class PointsEntryInline(BrandInline):
    """The member's ledger, newest first."""

    model = PointsEntry
    fields = ["created_at", "points_booked", "balance_after", "reason", "reference"]
    readonly_fields = fields
    points_booked = spoken("points", _("points"), signed)
    balance_after = spoken("balance", _("balance"))


@admin.register(Member)
class MemberAdmin(CorrectPoints, BrandAdmin):
    """The brand's customers, with their points."""

    list_display = ["email", "name", "points_held", "created_at"]
    search_fields = ["email", "name"]
    search_help_text = _("Beginning of an e-mail address, or a part of a name")
    fields = ["email", "name", "points_held", "uuid", "created_at"]
    readonly_fields = ["email", "points_held", "uuid", "created_at"]
    inlines = [PointsEntryInline]
    points_held = spoken("points", _("points"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Member], search_term: str
    ) -> tuple[QuerySet[Member], bool]:
        """Search by what an index can find."""
        return find_members(queryset, search_term), False


@admin.register(PointsEntry)
class PointsEntryAdmin(ReadOnly, BrandAdmin):
    """The points ledger, to look at."""

    list_display = ["created_at", "member", "points_booked", "balance_after", "reason", "reference"]
    list_filter = ["reason"]
    list_select_related = ["brand", "member"]
    sortable_by = ["member"]  # what an index sorts by
    search_fields = ["member__email", "reference"]
    search_help_text = _("Beginning of a member's e-mail address, or of a reference")
    fields = ["member", "points_booked", "balance_after", "reason", "reference", "created_at"]
    readonly_fields = ["points_booked", "balance_after"]
    points_booked = spoken("points", _("points"), signed)
    balance_after = spoken("balance", _("balance"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PointsEntry], search_term: str
    ) -> tuple[QuerySet[PointsEntry], bool]:
        """Search by what an index can find."""
        return find_entries(queryset, search_term), False


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
        """Make the tokens useless from now on."""
        chosen = [t for t in tokens.filter(revoked_at=None) if self.has_revoke_permission(request, t)]
        for token in chosen:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            self.log_change(request, token, str(_("Revoked.")))
        text = ngettext("%d token revoked.", "%d tokens revoked.", len(chosen)) % len(chosen)
        messages.add_message(request, messages.SUCCESS if chosen else messages.WARNING, text)
        return redirect("admin:shops_apitoken_changelist")

    @display(description=_("ends in"))
    def ends_in(self, token: ApiToken) -> str:
        """The only part that is kept."""
        return f"…{token.hint}"

    @display(description=_("abilities"))
    def ability_list(self, token: ApiToken) -> str:
        """All of them in one line."""
        return ", ".join(token.abilities)

    @display(description=_("state"), label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, token: ApiToken) -> tuple[str, Any]:
        """Whether it still opens doors."""
        if token.revoked_at:
            return "revoked", _("Revoked")
        if token.expires_at and token.expires_at <= timezone.now():
            return "expired", _("Expired")
        return "active", _("Active")


admin.site.unregister(Group)  # what staff may do follows from their role
