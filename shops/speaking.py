"""Languages and time zones of pages and mails: dates, money and numbers as Babel writes them there.

Everything follows the language and the time zone that are active; `speaking` sets both.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import available_timezones

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LOCALES = {"en": "en_GB", "nl": "nl_NL"}  # by language: where days come before months


def validate_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` names a zone of the IANA time zone database."""
    if value not in available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone, such as Europe/Amsterdam."), params={"value": value})


@contextmanager
def speaking(language: str, time_zone: str) -> Iterator[None]:
    """Within this, texts, dates and money are those of `language`, and times those of `time_zone`."""
    with translation.override(language), timezone.override(time_zone):
        yield


def language_of(request: HttpRequest, preset: str) -> str:
    """What the visitor chose, by a link or earlier, kept in a cookie; else `preset`, the brand's own."""
    chosen = (request.GET.get("lang"), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME), preset)
    return next((code for code in chosen if code in LOCALES), "en")


def _locale() -> str:
    return LOCALES.get((translation.get_language() or "en")[:2], LOCALES["en"])


def _months() -> str:
    """The locale for months of three letters: without a country, so that September is Sep as Django has it."""
    return _locale()[:2]


def money(amount: Decimal, currency: str) -> str:
    """An amount with its currency, no digit of it hidden: €3.50 in English, € 3,50 in Dutch."""
    return format_currency(amount, currency, locale=_locale(), decimal_quantization=False)


def money_and_points(amount: Decimal, currency: str, some: int) -> str:
    """Both, where one thing has both: €3.50 and 1,200 points."""
    return _("%(money)s and %(points)s") % {"money": money(amount, currency), "points": points(some)}


def day(value: date) -> str:
    """A date, or the day of a moment in the active time zone: 22 November 2026."""
    return format_date(_date(value), "long", locale=_locale())


def last_day(end: datetime) -> str:
    """The last day, or part of one, of what ends at `end`: what ends at midnight is over the day that begins then."""
    return day(end - timedelta(microseconds=1))


def short_day(value: date) -> str:
    """The same without its year, where there is little room: 22 Nov."""
    return format_date(_date(value), "d MMM", locale=_months())


def _date(value: date) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def moment(value: datetime) -> str:
    """A moment to the minute, in the active time zone: 22 Nov 2026, 14:05."""
    return _moment(value, "d MMM y, HH:mm")


def second(value: datetime) -> str:
    """A moment to the second, for logs: 22 Nov 2026, 14:05:09."""
    return _moment(value, "d MMM y, HH:mm:ss")


def clock(value: datetime) -> str:
    """The time of day, for a chart: 14:05."""
    return _moment(value, "HH:mm")


def _moment(value: datetime, pattern: str) -> str:
    local = timezone.localtime(value)
    return format_datetime(local, pattern, tzinfo=local.tzinfo, locale=_months())


def number(value: Decimal | int) -> str:
    """A number with its groups, no digit of it hidden: 1,200 in English, 1.200 in Dutch."""
    return format_decimal(value, locale=_locale(), decimal_quantization=False)


def counted(text: str, count: int) -> str:
    """`text` with `count`, and its groups, for each %d."""
    return text.replace("%d", number(count))


def percent(share: float) -> str:
    """A share of 1, to a tenth of a hundredth: 98.5% in English, 98,5% in Dutch."""
    return format_percent(share, format="#,##0.#%", locale=_locale())


def points(value: int) -> str:
    """A number of points, in words: 1 point, 1,200 points."""
    return ngettext("%(number)s point", "%(number)s points", value) % {"number": number(value)}


def signed(value: int) -> str:
    """A whole number that says whether it came or went, with a sign in front."""
    return format_decimal(value, format="+#,##0;−#,##0", locale=_locale())  # noqa: RUF001 -- a minus sign is meant
