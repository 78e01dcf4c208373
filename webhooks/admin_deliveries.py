"""The delivery log: what is on its way to an endpoint, arrived there, or did not; what was sent and answered."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from shops.brand_admin import BrandAdmin, OwnRowsFilter, ReadOnly
from shops.permissions import may
from shops.sentences import state_in_language
from webhooks import services
from webhooks.admin_request import body_shown, curl_of, headers_shown
from webhooks.admin_words import OUTCOME_COLORS, STATE_COLORS, STATUSES
from webhooks.models import Delivery, DeliveryState

MOST_AT_ONCE = 1000  # in one request; an endpoint's page replays more
MOST_CALLS = 50  # on a delivery's page
ON_ITS_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)
HISTORY = {"send again": gettext_lazy("Send again"), "cancel delivery": gettext_lazy("Cancel delivery")}


class StatusToldFilter(DropdownFilter):
    """Of which status the webhook tells."""

    title = gettext_lazy("status told")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """All that an order can reach."""
        return list(STATUSES)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list; what is no status counts for nothing."""
        return queryset.filter(event__order_status=self.value()) if self.value() in dict(STATUSES) else queryset


class DeliveryAdmin(ReadOnly, BrandAdmin):
    """The log, to look at; managers send again and cancel."""

    list_display = ["event", "endpoint", "state_badge", "attempts", "next_attempt", "done_at"]
    list_filter = [("state", ChoicesDropdownFilter), ("endpoint", OwnRowsFilter), StatusToldFilter]
    list_select_related = ["brand", "event", "endpoint"]
    sortable_by = ["event", "endpoint"]  # what an index sorts by
    search_fields = ["uuid", "order_uuid"]
    search_help_text = gettext_lazy("A message id, or the identifier of an order")
    actions = ["send_again", "cancel_pending"]

    def has_send_again_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table of roles."""
        return self.may(request, "send again", obj)

    def has_cancel_pending_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table of roles."""
        return self.may(request, "cancel delivery", obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """With all that its page names."""
        return super().get_queryset(request).select_related("brand", "event", "endpoint")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Search by what an index can find."""
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(uuid=wanted) | Q(order_uuid=wanted)), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the delivery's page."""
        delivery = self.get_object(request, object_id)
        if delivery is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": delivery,
            "sees_brand": self.asks_for_brand(request),
            "title": _("Delivery of “%(status)s”") % {"status": state_in_language(delivery.event.order_status)},
            "state": {"text": delivery.get_state_display(), "color": STATE_COLORS.get(DeliveryState(delivery.state))},
            "can_send_again": self.fits_again(delivery) and self.has_send_again_permission(request, delivery),
            "can_cancel": delivery.state == "pending" and self.has_cancel_pending_permission(request, delivery),
            "can_ask_clinic": delivery.endpoint.removed_at is None and self.may(request, "ask clinic", delivery),
            **parts_of(delivery),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/webhooks/delivery/page.html", context)

    @staticmethod
    def fits_again(delivery: Delivery) -> bool:
        """Whether it can be sent again: not while it is on its way, nor to an endpoint that was removed."""
        return delivery.state not in ON_ITS_WAY and delivery.endpoint.removed_at is None

    @admin.action(description=gettext_lazy("Send again"), permissions=["send_again"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> HttpResponse:
        """Send the chosen ones again, under their old message ids."""
        fitting = chosen.filter(endpoint__removed_at=None).exclude(state__in=ON_ITS_WAY)
        done, left = self._run(request, chosen, fitting, "send again", services.send_again)
        if done:
            text = ngettext("%d delivery is sent again.", "%d deliveries are sent again.", done)
            messages.success(request, text % done)
        if left:
            text = ngettext(
                "%d delivery stays as it is: on its way, of an endpoint that was removed, or not for your role.",
                "%d deliveries stay as they are: on their way, of an endpoint that was removed, or not for your role.",
                left,
            )
            messages.warning(request, text % left)
        return self._back(request)

    @admin.action(description=gettext_lazy("Cancel what is pending"), permissions=["cancel_pending"])
    def cancel_pending(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> HttpResponse:
        """Give up those of the chosen ones that wait to be sent."""
        fitting = chosen.filter(state=DeliveryState.PENDING)
        done, left = self._run(request, chosen, fitting, "cancel delivery", services.cancel_pending)
        if done:
            messages.success(request, ngettext("%d delivery is canceled.", "%d deliveries are canceled.", done) % done)
        if left:
            text = ngettext(
                "%d delivery stays as it is: not pending, or not for your role.",
                "%d deliveries stay as they are: not pending, or not for your role.",
                left,
            )
            messages.warning(request, text % left)
        return self._back(request)

    @transaction.atomic
    def _run(
        self,
        request: HttpRequest,
        chosen: QuerySet[Delivery],
        fitting: QuerySet[Delivery],
        permission: str,
        verb: Callable[[QuerySet[Delivery]], int],
    ) -> tuple[int, int]:
        """How many of the chosen ones were changed, and how many stay; those beyond the most at once are told of."""
        user: Any = request.user
        count = chosen.order_by()[: MOST_AT_ONCE + 1].count()
        found = fitting.select_related(None).order_by("pk").select_for_update(of=["self"])[:MOST_AT_ONCE]
        rows = [row for row in found if may(user, permission, row.brand_id)]
        done = verb(self.get_queryset(request).filter(pk__in=[row.pk for row in rows])) if rows else 0
        if rows:
            LogEntry.objects.log_actions(user.pk, rows, CHANGE, str(HISTORY[permission]))
        if count > MOST_AT_ONCE:
            messages.warning(request, _("At most %d at once: choose again for more.") % MOST_AT_ONCE)
        return done, min(count, MOST_AT_ONCE) - done

    def _back(self, request: HttpRequest) -> HttpResponse:
        page = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
        return redirect(page if is_ours else request.get_full_path())

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLORS)
    def state_badge(self, delivery: Delivery) -> tuple[str, str]:
        """Where it stands."""
        return delivery.state, delivery.get_state_display()

    @display(description=gettext_lazy("next attempt"), ordering="due_at")
    def next_attempt(self, delivery: Delivery) -> Any:
        """When it is due, as long as it is."""
        return delivery.due_at if delivery.state == DeliveryState.PENDING else None


def parts_of(delivery: Delivery) -> dict[str, Any]:
    """What a delivery's page shows beside its own columns."""
    calls = list(delivery.calls.order_by("-pk")[:MOST_CALLS])
    for call in calls:
        call.headers_shown = headers_shown(delivery, call.attempt)  # type: ignore[attr-defined]
        call.color = OUTCOME_COLORS.get(call.outcome)  # type: ignore[attr-defined,call-overload]
    paused = delivery.endpoint.open_until
    return {
        "calls": calls,
        "body": body_shown(delivery),
        "curl": curl_of(delivery),
        "paused_until": paused if paused and paused > timezone.now() else None,
    }
