"""The demo's last month: orders of every day, so that lists, pages and the dashboard have something to show."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

from django.utils import timezone

from orders import bulk
from shops.models import Brand

DAYS = 30
BY_WEEKDAY = [7, 6, 8, 9, 12, 17, 11]  # orders, from Monday on
OPENS, CLOSES = 8 * 60, 20 * 60  # minutes of the day


def make_history(brand: Brand) -> None:
    """Invent the orders of the DAYS days before today, in the brand's own time zone."""
    times = placed_at(timezone.now().astimezone(ZoneInfo(brand.time_zone)), random.Random(brand.slug))  # noqa: S311 -- no secret
    joined = times[0] - dt.timedelta(days=1)
    bulk.seed_orders(brand, len(times), seed=1, calendar=lambda number: times[number - 1] if number else joined)


def placed_at(now: dt.datetime, chance: random.Random) -> list[dt.datetime]:
    """The times of the orders, in order: more of them near the weekend, none in the night, none today."""
    times = []
    for ago in range(DAYS, 0, -1):
        day = (now - dt.timedelta(days=ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        count = BY_WEEKDAY[day.weekday()] + chance.randrange(-2, 3)
        times += [day + dt.timedelta(minutes=chance.randrange(OPENS, CLOSES)) for _ in range(count)]
    return sorted(times)
