"""Users, for superusers only: they are no brand's rows."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import ReadOnlyPasswordHashWidget
from django.contrib.auth.hashers import is_password_usable
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.history import SaysWhatChanged
from accounts.models import User
from accounts.pages import SignInPage
from accounts.second_factor import remove
from accounts.sign_in import forgive

# The site is Unfold's; signing in, with its two steps, is ours.
admin.site.login = SignInPage()  # type: ignore[method-assign]


class NewUserForm(UserCreationForm):
    """A new user, named by an e-mail address; there is no way in without a password, so that is not asked."""

    usable_password = None

    class Meta:
        model = User
        fields = ("email",)
        field_classes: dict[str, Any] = {}


class PasswordWidget(ReadOnlyPasswordHashWidget):
    """Says whether there is a password. How it is hashed says nothing to people."""

    def get_context(self, name: str, value: str, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Put words in the place of the hash's parts."""
        context = super().get_context(name, value, attrs)
        if value and is_password_usable(value):
            context["summary"] = [{"label": _("There is one.")}]
        return context


class OldUserForm(UserChangeForm):
    """A user that there is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget = PasswordWidget()


@admin.register(User)
class UserAdmin(SaysWhatChanged, BaseUserAdmin, ModelAdmin):
    """Everybody who can sign in. Brands manage their own teams elsewhere, without seeing this list."""

    form = OldUserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "is_staff", "is_superuser", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    list_filter_submit = True
    search_fields = ["email", "name"]
    ordering = ["-pk"]
    actions = ["reset_second_factor", "unlock_sign_in"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (_("Permissions"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "password1", "password2"]})]
    readonly_fields = ["last_login", "created_at"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: what a user did stays in the history. Make them inactive instead."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Nothing for others, whichever way they come."""
        users = super().get_queryset(request)
        return users if request.user.is_superuser else users.none()

    @admin.action(description=_("Reset the second factor"))
    def reset_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """For whoever lost phone and recovery codes: they sign in with the password alone, and set up another."""
        found = [user for user in users if remove(user)]
        for user in found:
            self.log_change(request, user, str(_("Second factor reset.")))
        text = ngettext("%d second factor is reset.", "%d second factors are reset.", len(found)) % len(found)
        messages.add_message(request, messages.SUCCESS if found else messages.WARNING, text)

    @admin.action(description=_("Let them try to sign in again"))
    def unlock_sign_in(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Forget their failed attempts."""
        found = [user for user in users if forgive(user.email)]
        for user in found:
            self.log_change(request, user, str(_("Failed sign-ins forgotten.")))
        text = ngettext("%d person may try again.", "%d people may try again.", len(found)) % len(found)
        messages.add_message(request, messages.SUCCESS if found else messages.WARNING, text)
