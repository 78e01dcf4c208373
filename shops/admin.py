"""Staff's view of the brand's team, its members and their points, and its API tokens."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminEmailInputWidget,
)

from accounts.inviting import invite
from accounts.models import User
from shops.admin_lists import find_entries, find_members
from shops.brand_admin import BrandAdmin, BrandForm, BrandInline, ReadOnly
from shops.columns import spoken
from shops.models import Brand, Member, PointsEntry, Role, Staff
from shops.points_admin import CorrectPoints
from shops.speaking import signed
from shops.team_admin import ResetsFactor
from shops.token_admin import ApiTokenAdmin

__all__ = ["ApiTokenAdmin", "BrandAdmin", "BrandSettingsAdmin"]

ROLE_COLORS = {Role.OWNER: "primary", Role.MANAGER: "info", Role.SUPPORT: "", Role.VIEWER: ""}
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

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A brand that is being made has no identifier yet: the form would show one that is never kept."""
        (name, options), *rest = super().get_fieldsets(request, obj)
        fields = [field for field in options["fields"] if obj or field != "identifier"]
        return [(name, {**options, "fields": fields}), *rest]

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

    @display(description=_("role"), ordering="role", label=ROLE_COLORS)
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


class MemberForm(BrandForm):
    """A member, whom no other of the brand shares the address with."""

    def clean(self) -> dict[str, Any]:
        """Say so in words; the database would name a constraint."""
        data = super().clean() or self.cleaned_data
        brand = data.get("brand") or self.only_brand
        if brand and "email" in data and brand.members.filter(email__lower=data["email"].lower()).exists():
            self.add_error("email", _("This address is another member's."))
        return data


@admin.register(Member)
class MemberAdmin(CorrectPoints, BrandAdmin):
    """The brand's customers, with their points."""

    form = MemberForm
    list_display = ["email", "name", "points_held", "created_at"]
    search_fields = ["email", "name"]
    search_help_text = _("Beginning of an e-mail address, or a part of a name")
    fields = ["email", "name", "points_held", "uuid", "created_at"]
    readonly_fields = ["email", "points_held", "uuid", "created_at"]
    inlines = [PointsEntryInline]
    points_held = spoken("points", _("points"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A new member has no more than an address and a name."""
        return self.fields if obj else ["email", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whose the points are stays as it was; a new member is named by the address."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj else [field for field in fields if field != "email"]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """A new member's ledger is empty."""
        return self.inlines if obj else []

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


admin.site.unregister(Group)  # what staff may do follows from their role
