"""What staff do with an endpoint beside changing it: test it, rotate its key, replay, cancel what is pending.

The signature clinic and the receiver exam have files of their own.
"""

from collections.abc import Callable
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
from webhooks import services
from webhooks.admin_clinic import clinic_page
from webhooks.admin_exam import exam_page
from webhooks.admin_health import health_of
from webhooks.admin_words import HEALTH, HEALTH_COLORS
from webhooks.models import DeliveryState, Endpoint

LONGEST_ANSWER = 300  # characters of a receiver's answer in a message


class ReplayForm(forms.Form):
    """What to send again."""

    what = forms.ChoiceField(
        label=gettext_lazy("What to send again"),
        choices=[
            ("given_up", gettext_lazy("All that was given up")),
            ("since", gettext_lazy("All since a time, also what was delivered")),
        ],
        widget=UnfoldAdminRadioSelectWidget(),
    )
    since = forms.DateTimeField(
        label=gettext_lazy("Since (UTC)"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}, "%Y-%m-%dT%H:%M"),
    )

    def clean(self) -> dict[str, Any]:
        """A time is needed where it counts, and counts for nothing elsewhere."""
        data = super().clean() or self.cleaned_data
        if data.get("what") == "given_up":
            data["since"] = None
        elif not self.errors and data.get("since") is None:
            self.add_error("since", _("Say since when."))
        elif data.get("since") and data["since"] > timezone.now():
            self.add_error("since", _("This moment has not come yet."))
        return data


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
            wanted = services.to_replay(endpoint, form.cleaned_data["since"])
            if request.method == "POST":
                count = services.send_again(wanted)
                self.log_change(request, endpoint, _("%d deliveries sent again.") % count)
                text = ngettext("%d delivery is sent again.", "%d deliveries are sent again.", count)
                messages.add_message(request, messages.SUCCESS if count else messages.WARNING, text % count)
                return redirect("admin:webhooks_endpoint_change", endpoint.pk)
            context["count"] = wanted.count()
        return self._show(request, endpoint, "replay", title=_("Send again"), **context)

    def cancel_pending(self: Any, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """Say how many are pending, and cancel them when that is confirmed."""
        if request.method == "POST":
            count = services.cancel_pending(endpoint.deliveries.all())
            self.log_change(request, endpoint, _("%d pending deliveries canceled.") % count)
            text = ngettext("%d delivery is canceled.", "%d deliveries are canceled.", count)
            messages.add_message(request, messages.SUCCESS if count else messages.WARNING, text % count)
            return redirect("admin:webhooks_endpoint_change", endpoint.pk)
        count = endpoint.deliveries.filter(state=DeliveryState.PENDING).count()
        text = ngettext(
            "%d delivery is pending. The receiver will not hear of it, unless it is sent again.",
            "%d deliveries are pending. The receiver will not hear of them, unless they are sent again.",
            count,
        )
        label = ngettext("Cancel %d delivery", "Cancel %d deliveries", count) % count if count else ""
        return self._ask(request, endpoint, _("Cancel what is pending"), text % count, label, is_dangerous=True)

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
