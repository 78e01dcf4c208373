"""Who sees which partner's rows in the admin: superusers all, a client's developers those of their own clients."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from buyers.models import Client
from shops.brand_admin import CappedPaginator, also_welcome


def is_developer(user: Any) -> bool:
    """Whether some client is in this user's care."""
    return user.is_active and user.is_staff and user.clients.exists()


def sees_clients(request: HttpRequest) -> bool:
    """Whether the sidebar shows the buyer wallet."""
    return request.user.is_superuser or is_developer(request.user)


also_welcome.append(is_developer)


class ClientAdminDoor(ModelAdmin):
    """An admin of rows that hang on a client. Lists, typed URLs, searches and actions all start at get_queryset."""

    client_path = "client"  # from a row to its client
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    show_full_result_count = False
    paginator = CappedPaginator
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the user's own clients."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.client_path}__in": Client.objects.filter(developers=request.user.pk)})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Say that an unfiltered list is the whole list, which Django would ask the database for."""
        changelist = super().get_changelist_instance(request)
        if not changelist.has_active_filters and not changelist.query:
            changelist.full_result_count = changelist.result_count
        return changelist

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app stands in the sidebar."""
        return sees_clients(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers, and developers their own."""
        return self.is_own(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def is_own(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this row, or any without one, is in the user's care."""
        if request.user.is_superuser or obj is None:
            return sees_clients(request)
        client = obj if isinstance(obj, Client) else obj.client
        return client is not None and client.developers.filter(pk=request.user.pk).exists()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No deletion in bulk."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions
