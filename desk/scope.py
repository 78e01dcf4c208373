"""Of which brands the dashboard tells: the one that was chosen last, in the session."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from shops.models import Brand
from shops.permissions import brands_where

KEY = "desk_brand"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Scope:
    """The brands to tell of, out of those that the user may see."""

    brands: list[Brand]
    choices: list[Brand]
    chosen: Brand | None  # None: all of them
    may_see_all: bool

    @property
    def keys(self) -> list[int]:
        """The brands' keys."""
        return [brand.pk for brand in self.brands]

    @property
    def today(self) -> date:
        """The date in the brand's own time zone; where several are told of, in the page's."""
        return timezone.localdate(timezone=ZoneInfo(self.chosen.time_zone) if self.chosen else None)

    @property
    def query(self) -> str:
        """What a list's address needs to show the same brand."""
        return f"&brand={self.chosen.pk}" if self.chosen and len(self.choices) > 1 else ""


def scope_of(request: HttpRequest) -> Scope:
    """What this user chose: now by `?brand=`, or before. Another's brand counts as no choice.

    Superusers see all brands unless they choose one, others one at a time.
    """
    choices = list(brands_where(request.user, "view"))
    may_see_all = request.user.is_superuser and len(choices) > 1
    by_key = {str(brand.pk): brand for brand in choices}
    wish = request.GET.get("brand", "")
    if (wish in by_key or (wish == ALL and may_see_all)) and request.session.get(KEY) != wish:
        request.session[KEY] = wish
    chosen = by_key.get(request.session.get(KEY, ""))
    if chosen is None and not may_see_all:
        chosen = choices[0] if choices else None
    return Scope([chosen] if chosen else choices, choices, chosen, may_see_all)
