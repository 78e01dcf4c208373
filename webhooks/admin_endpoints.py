"""What staff do with an endpoint beside changing it: test it, rotate its key, replay, cancel what is pending.

The signature clinic and the receiver exam have files of their own.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import INPUT_CLASSES, UnfoldAdminRadioSelectWidget

from shops.brand_admin import secret_page
from shops.errors import TooSoon
from shops.speaking import counted
from webhooks import services
from webhooks.admin_clinic import clinic_page
from webhooks.admin_exam import exam_page
from webhooks.admin_health import health_of
from webhooks.admin_words import HEALTH, HEALTH_COLORS
from webhooks.models import DeliveryState, Endpoint
from webhooks.signing import USER_AGENT

LONGEST_ANSWER = 300  # characters of a receiver's answer in a message


class ReplayForm(forms.Form):
    """What to send again."""

    what = forms.ChoiceField(
        label=gettext_lazy("What to send again"),
        choices=[
            ("given_up", gettext_lazy("What was given up")),
            ("since", gettext_lazy("All since a time, also what was delivered")),
        ],
        widget=UnfoldAdminRadioSelectWidget(),
    )
    since = forms.DateTimeField(
        label=gettext_lazy("Since"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}, "%Y-%m-%dT%H:%M"),
    )

    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}, "%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.fields[name].label = f"{self.fields[name].label} ({timezone.get_current_timezone_name()})"

    def clean(self) -> dict[str, Any]:
        """A beginning is needed for what arrived too; a range has one before its end."""
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if data.get("what") == "since" and not self.errors and since is None:
            self.add_error("since", _("Say since when."))
        elif since and since > timezone.now():
            self.add_error("since", _("This moment has not come yet."))
        elif since and until and until <= since:
            self.add_error("until", _("It ends before it begins."))
        return data

    def chosen(self) -> dict[str, Any]:
        """What `to_replay` takes."""
        data = self.cleaned_data
        return {"since": data["since"], "until": data["until"], "only_given_up": data["what"] == "given_up"}


def key_used_at(endpoint: Endpoint) -> datetime | None:
    """When the present key last signed a webhook; None before the first one since it was made."""
    used, until = endpoint.last_served_at, endpoint.previous_key_until
    return None if used and until and used < until - services.OVERLAP else used


class EndpointTools:
    """Adds the health panel and the pages behind its buttons to the endpoints' admin."""

    admin_site: Any
    opts: Any
    change_form_outer_before_template = "admin/webhooks/endpoint/panel.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the pages beside the endpoint's own."""
        pages = [
            ("test", "test endpoint", self.send_test),
            ("key", "rotate key", self.rotate_key),
            ("replay", "send again", self.replay),
            ("cancel", "cancel delivery", self.cancel_pending),
            ("clinic", "ask clinic", partial(clinic_page, self)),
            ("exam", "hold exam", partial(exam_page, self)),
        ]
        own = [
            path(f"<path:object_id>/{name}/", self._page(permission, view), name=f"webhooks_endpoint_{name}")
            for name, permission, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def _page(self: Any, permission: str, view: Callable[..., HttpResponse]) -> Any:
        """The door: one of the user's own brands' endpoints, and a role that allows it."""

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            endpoint = self.get_object(request, object_id)
            if endpoint is None:
                answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return answer
            if not self.may(request, permission, endpoint):
                raise PermissionDenied
            return view(request, endpoint)

        return self.admin_site.admin_view(page)

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show how it is doing, with the buttons that the user's role allows."""
        endpoint = context.get("original")
        if endpoint:
            context |= {
                "health": health_of(endpoint),
                "health_badge": {"text": HEALTH[endpoint.state], "color": HEALTH_COLORS[endpoint.state]},
                "key_used_at": key_used_at(endpoint),
                "api_version": USER_AGENT.rpartition("/")[2],
                "user_agent": USER_AGENT,
                "is_paused": bool(endpoint.open_until and endpoint.open_until > timezone.now()),
                "can_test": self.may(request, "test endpoint", endpoint),
                "can_rotate": self.may(request, "rotate key", endpoint),
                "can_send_again": self.may(request, "send again", endpoint),
                "can_cancel": self.may(request, "cancel delivery", endpoint),
                "can_ask_clinic": self.may(request, "ask clinic", endpoint),
                "can_hold_exam": self.may(request, "hold exam", endpoint),
                "can_remove": self.has_delete_permission(request, endpoint),
                "show_delete": False,  # the button would say that the row is deleted
                "last_exam": endpoint.exam_reports.defer("steps").order_by("-pk").first(),
            }
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def send_test(self: Any, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Send a test call now and tell how it went."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            result = services.send_test(endpoint)
        except TooSoon as error:
            messages.error(request, str(error))
            return redirect("admin:webhooks_endpoint_change", endpoint.pk)
        self.log_change(request, endpoint, _("Test call sent."))
        facts = {"code": result.http_status_code, "answer": result.response[:LONGEST_ANSWER]}
        if result.delivered:
            messages.success(request, _("The test call arrived (HTTP %(code)s). The URL is validated.") % facts)
        elif result.http_status_code is None:
            messages.error(request, _("The test call did not arrive: %(answer)s") % facts)
        else:
            messages.error(request, _("The receiver refused the test call (HTTP %(code)s): %(answer)s") % facts)
        return redirect("admin:webhooks_endpoint_change", endpoint.pk)

    def rotate_key(self: Any, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Ask, then show the new key once."""
        if request.method == "POST":
            key = services.rotate_key(endpoint)
            self.log_change(request, endpoint, _("Key rotated."))
            heading = _("The endpoint has a new key")
            label = _("Key that signs its webhooks")
            return secret_page(self, request, endpoint, heading=heading, label=label, secret=key)
        text = _(
            "It gets a new key, which you will see once. For 24 hours the webhooks are signed with both, so that the"
            " receiver can be changed without losing any. Whatever key it had before the present one ends now."
        )
        return self._ask(request, endpoint, _("Rotate the key"), text, _("Make a new key"))

    def replay(self: Any, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Choose, see how many it would be, and send them again."""
        asked = request.POST if request.method == "POST" else request.GET
        form = ReplayForm(asked if "what" in asked else None, initial={"what": "given_up"})
        context: dict[str, Any] = {"form": form, "is_replay": True, "most": services.MOST_AT_ONCE}
        if form.is_valid():
            wanted = services.to_replay(endpoint, **form.chosen())
            if request.method == "POST":
                count = services.send_again(wanted)
                self.log_change(request, endpoint, counted(_("%d deliveries sent again."), count))
                text = ngettext("%d delivery is sent again.", "%d deliveries are sent again.", count)
                messages.add_message(request, messages.SUCCESS if count else messages.WARNING, counted(text, count))
                return redirect("admin:webhooks_endpoint_change", endpoint.pk)
            context["count"] = wanted.count()
        return self._show(request, endpoint, "replay", title=_("Send again"), **context)

    def cancel_pending(self: Any, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Say how many are pending, and cancel them when that is confirmed."""
        if request.method == "POST":
            count = services.cancel_pending(endpoint.deliveries.all())
            self.log_change(request, endpoint, counted(_("%d pending deliveries canceled."), count))
            text = ngettext("%d delivery is canceled.", "%d deliveries are canceled.", count)
            messages.add_message(request, messages.SUCCESS if count else messages.WARNING, counted(text, count))
            return redirect("admin:webhooks_endpoint_change", endpoint.pk)
        count = endpoint.deliveries.filter(state=DeliveryState.PENDING).count()
        text = ngettext(
            "%d delivery is pending. The receiver will not hear of it, unless it is sent again.",
            "%d deliveries are pending. The receiver will not hear of them, unless they are sent again.",
            count,
        )
        label = counted(ngettext("Cancel %d delivery", "Cancel %d deliveries", count), count) if count else ""
        return self._ask(request, endpoint, _("Cancel what is pending"), counted(text, count), label, is_dangerous=True)

    def _ask(
        self, request: HttpRequest, endpoint: Endpoint, title: str, text: str, label: str, *, is_dangerous: bool = False
    ) -> HttpResponse:
        return self._show(request, endpoint, "ask", title=title, text=text, label=label, is_dangerous=is_dangerous)

    def _show(self, request: HttpRequest, endpoint: Endpoint, template: str, **context: Any) -> HttpResponse:
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": endpoint,
            "object": endpoint,
        }
        return TemplateResponse(request, f"admin/webhooks/endpoint/{template}.html", context)
