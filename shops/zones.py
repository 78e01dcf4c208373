"""Whose time it is on a page of the admin.

On a page about one brand's row, and in a list of one brand, that brand's; elsewhere the one that all of the user's
brands share; settings.TIME_ZONE where they share none.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shops.models import Brand
from shops.numbers import whole_number
from shops.permissions import places_of


class StaffTimeZone:
    """Begins every page of the admin in the zone of its user. Whatever a page sets ends with the page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if not request.path_info.startswith("/admin/"):
            return self.get_response(request)
        with timezone.override(zone_of(request.user)):
            return self.get_response(request)


def zones_of(user: Any) -> Mapping[int, str]:
    """The time zones of the user's brands, by the brand's key. Asked of the database once per request."""
    if not user.is_superuser:
        return {place.brand_id: place.brand.time_zone for place in places_of(user)}
    if not hasattr(user, "known_zones"):
        user.known_zones = dict(Brand.objects.values_list("pk", "time_zone"))
    zones: dict[int, str] = user.known_zones
    return zones


def zone_of(user: Any) -> str:
    """The zone that the user's brands share, or else settings.TIME_ZONE."""
    zones = set(zones_of(user).values())
    return zones.pop() if len(zones) == 1 else settings.TIME_ZONE


def zone_of_list(request: HttpRequest) -> str:
    """The zone of the brand that the list is narrowed to, or else of its user."""
    zones = zones_of(request.user)
    brand = whole_number(request.GET.get("brand"))
    return (zones.get(brand) if brand else None) or zone_of(request.user)


def enter_zone_of(user: Any, brand_id: int) -> None:
    """From here to the end of the page, times are those of this brand of the user's."""
    zone = zones_of(user).get(brand_id)
    if zone:
        timezone.activate(zone)


def said_zone(_request: HttpRequest) -> Any:
    """What stands below the name of the site: whose time it is, once the page knows."""
    return format_lazy(_("Times: {zone}"), zone=lazy(timezone.get_current_timezone_name, str)())
