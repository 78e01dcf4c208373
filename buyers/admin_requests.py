"""The log of a client's calls in the admin: how each ended, and why."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from buyers.admin_doors import ClientAdminDoor
from buyers.models import Client, ClientRequest
from shops.brand_admin import ReadOnly
from shops.columns import spoken
from shops.numbers import whole_number
from shops.sentences import in_language
from shops.speaking import second

STATUSES = ["200", "204", "302", "400", "401", "403", "404", "405", "422", "429", "500"]
FINE, REFUSED = 400, 500
COLORS = {"fine": "success", "refused": "warning", "ours": "danger"}


def _why(cause: str) -> str:
    """What was wrong with a call, in the reader's language; OAuth's word in front of it is everybody's."""
    word, colon, text = cause.partition(": ")
    return f"{word}: {in_language(text)}" if colon and word.isidentifier() else in_language(cause)


class StatusFilter(DropdownFilter):
    """How calls ended. The statuses are named here: to ask the rows for them would read all of them."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Those that occur."""
        return [("refused", _("All that were refused")), *((status, status) for status in STATUSES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ClientRequest]) -> QuerySet[ClientRequest]:
        """Narrow the list."""
        chosen = self.value()
        if chosen == "refused":
            return queryset.filter(status__gte=FINE)
        return queryset.filter(status=chosen) if chosen in STATUSES else queryset


class ClientFilter(DropdownFilter):
    """One of the clients that the user sees."""

    title = _("client")
    parameter_name = "client"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The user's own clients; for superusers all."""
        rows = Client.objects.order_by("name")
        own = rows if request.user.is_superuser else rows.filter(developers=request.user.pk)
        return [(str(client.pk), f"{client.name} ({client.get_environment_display()})") for client in own]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ClientRequest]) -> QuerySet[ClientRequest]:
        """Narrow the list, which holds rows of the user's own clients only."""
        chosen = whole_number(self.value())
        return queryset if chosen is None else queryset.filter(client=chosen)


class ClientRequestAdmin(ReadOnly, ClientAdminDoor):
    """Clients' calls of the last seven days. Neither bodies nor secrets are in them."""

    list_display = ["came", "client", "method", "path", "status_badge", "why", "request_id"]
    list_filter = [StatusFilter, ClientFilter]
    list_select_related = ["client"]
    sortable_by = ["created_at", "client"]  # what an index sorts by
    search_fields = ["request_id__exact"]
    search_help_text = _("A whole request ID, from the answer's X-Request-Id header")
    fields = ["client", "method", "path", "status", "why", "request_id", "came"]
    readonly_fields = ["came", "why"]
    came = spoken("created_at", _("at"), second)
    why = spoken("cause", _("cause"), _why)
    ordering = ["-id"]

    @display(
        description=_("status"), ordering="status", label={"fine": "success", "refused": "warning", "ours": "danger"}
    )
    def status_badge(self, request: ClientRequest) -> tuple[str, str]:
        """How it ended."""
        kind = "fine" if request.status < FINE else "refused" if request.status < REFUSED else "ours"
        return kind, str(request.status)
