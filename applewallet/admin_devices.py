"""Devices, pushes and the device log in the admin, to look at. No page shows a push token or a whole identifier."""

from typing import Any

from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from applewallet.admin_packages import held
from applewallet.admin_words import PUSH_COLORS, reason_words
from applewallet.device_log import mask, masked, parse, trouble_of
from applewallet.models import Device, DeviceLog, Push, PushState, Registration
from shops.brand_admin import BrandAdmin, BrandInline, OwnRowsFilter, ReadOnly
from shops.columns import spoken
from shops.sentences import in_language
from shops.speaking import second

MOST_LINKS = 5


class RegistrationInline(BrandInline):
    """The packages that a device holds."""

    model = Registration
    tab = False
    fields = ["package", "registered_at"]
    readonly_fields = fields
    verbose_name = _("package")
    verbose_name_plural = _("packages")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        """With the names of the packages."""
        return super().get_queryset(request).select_related("package")


class DeviceAdmin(ReadOnly, BrandAdmin):
    """Phones that hold packages and want to hear of their changes."""

    list_display = ["masked_identifier", "type", "packages", "updated_at"]
    list_filter = [("type", OwnRowsFilter)]
    list_select_related = ["brand", "type"]
    fields = ["masked_identifier", "type", "updated_at"]
    readonly_fields = ["masked_identifier"]
    inlines = [RegistrationInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        """With the number of packages."""
        rows = super().get_queryset(request).select_related("brand", "type")
        return rows.annotate(held=held(device=OuterRef("pk")))

    @display(description=_("device"))
    def masked_identifier(self, device: Device) -> str:
        """The end of it: the whole opens the device's list of packages."""
        return mask(device.library_identifier)

    @display(description=_("packages"))
    def packages(self, device: Any) -> int:
        """How many it holds."""
        return device.held or 0


class PushAdmin(ReadOnly, BrandAdmin):
    """Words to phones that something changed: on their way, accepted, or given up."""

    list_display = ["asked", "type", "state_badge", "attempts", "next_attempt", "answer", "done"]
    list_filter = [("state", ChoicesDropdownFilter), ("type", OwnRowsFilter)]
    list_select_related = ["brand", "type"]
    fieldsets = [
        (None, {"fields": ["type", "state", "attempts", "next_attempt", "asked", "done"]}),
        (_("Last answer"), {"fields": ["last_status", "reason", "meaning"]}),
        (_("To"), {"fields": ["devices"]}),
    ]
    readonly_fields = ["next_attempt", "asked", "done", "reason", "meaning", "devices"]
    asked = spoken("created_at", _("created"), second)
    done = spoken("done_at", _("done at"), second)

    @display(description=_("state"), ordering="state", label=PUSH_COLORS)
    def state_badge(self, push: Push) -> tuple[str, str]:
        """Where it stands."""
        return push.state, push.get_state_display()

    @display(description=_("next attempt"), ordering="due_at")
    def next_attempt(self, push: Push) -> str | None:
        """When it is due, as long as it is."""
        return second(push.due_at) if push.state == PushState.PENDING else None

    @display(description=_("last answer"))
    def answer(self, push: Push) -> str | None:
        """What Apple said."""
        return f"{push.last_status or ''} {in_language(push.last_reason)}".strip() or None

    @display(description=_("last reason"))
    def reason(self, push: Push) -> str:
        """Apple's word, or ours where Apple said nothing."""
        return in_language(push.last_reason)

    @display(description=_("meaning"))
    def meaning(self, push: Push) -> Any:
        """What that means, and what to do."""
        if push.state == PushState.SENT:
            return _("Apple took it and tells the phone as soon as it can be reached.")
        if not push.last_status and not push.last_reason:
            return None
        return reason_words(push.last_status, push.last_reason)

    @display(description=_("devices"))
    def devices(self, push: Push) -> Any:
        """The devices that the push token belongs to: one, as a rule."""
        rows = push.type.devices.filter(push_token=push.push_token)[:MOST_LINKS]
        links = (
            (reverse("admin:applewallet_device_change", args=[device.pk]), mask(device.library_identifier))
            for device in rows
        )
        return format_html_join(", ", '<a class="text-link" href="{}">{}</a>', links) or _("forgotten")


class DeviceLogAdmin(ReadOnly, BrandAdmin):
    """What phones wrote about trouble. Anybody can write there, so it is shown and believed no further."""

    list_display = ["received", "type", "task", "trouble", "text"]
    list_filter = [("type", OwnRowsFilter)]
    list_select_related = ["brand", "type"]
    search_fields = ["serial", "task"]
    search_help_text = _("A serial number, or what the device was doing")
    fieldsets = [
        (None, {"fields": ["received", "type", "task", "package"]}),
        (_("Trouble"), {"fields": ["trouble", "meaning", "cure", "whole_text"]}),
    ]
    readonly_fields = ["received", "package", "trouble", "meaning", "cure", "whole_text"]
    received = spoken("received_at", _("received"), second)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Name the page by the kind of line; the line itself may hold what nobody should see."""
        return super().change_view(request, object_id, form_url, {"subtitle": None, **(extra_context or {})})

    @display(description=_("trouble"))
    def trouble(self, entry: DeviceLog) -> Any:
        """The kind of trouble."""
        found = trouble_of(parse(entry.line))
        return found.title if found else None

    @display(description=_("meaning"))
    def meaning(self, entry: DeviceLog) -> Any:
        """What that means."""
        trouble = trouble_of(parse(entry.line))
        return trouble.meaning if trouble else _("We do not know this message.")

    @display(description=_("what to do"))
    def cure(self, entry: DeviceLog) -> Any:
        """What to do about it."""
        trouble = trouble_of(parse(entry.line))
        return trouble.cure if trouble else None

    @display(description=_("line"))
    def text(self, entry: DeviceLog) -> str:
        """Its end, which says what went wrong."""
        error = parse(entry.line).error or entry.line
        return masked(error)[:120]

    @display(description=_("line"))
    def whole_text(self, entry: DeviceLog) -> str:
        """All of it but identifiers and what looks like a secret."""
        return masked(entry.line)

    @display(description=_("package"))
    def package(self, entry: DeviceLog) -> Any:
        """The package that the line names, if the list of packages finds it."""
        if not entry.serial:
            return None
        url = reverse("admin:applewallet_package_changelist")
        return format_html('<a class="text-link" href="{}?q={}">{}</a>', url, entry.serial, entry.serial)
