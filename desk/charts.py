"""Bar charts without a program on the page: the server draws them, and a table holds the same numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shops.speaking import number

HEIGHT = 60
STEP = 10  # a bar and the gap beside it
BAR = 8

Number = int | Decimal


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart."""

    name: str  # of its style
    label: Any
    values: Mapping[date, Number]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar."""

    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A day."""

    day: date
    x: int
    parts: list[Part]
    values: list[str]  # as people read them
    sum: str  # all pieces together, likewise


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of days, stacked."""

    title: Any
    keys: list[tuple[Series, str]]  # with the sum over all days
    bars: list[Bar]
    sum: str  # of all bars

    @property
    def width(self) -> int:
        """Of the drawing."""
        return len(self.bars) * STEP

    @property
    def height(self) -> int:
        """Of the drawing."""
        return HEIGHT


def chart(title: Any, days: Sequence[date], series: Sequence[Series], write: Callable[[Number], str] = number) -> Chart:
    """Draw `series` over `days`, with figures as `write` writes them; the highest bar is as high as the chart."""
    columns: list[list[Number]] = [[one.values.get(day, 0) for one in series] for day in days]
    sums = [sum(values, 0) for values in columns]
    most = max(sums, default=0) or 1
    bars = [
        Bar(day, place * STEP, _stacked(series, values, most), [write(value) for value in values], write(whole))
        for place, (day, values, whole) in enumerate(zip(days, columns, sums, strict=True))
    ]
    keys = [(one, write(sum(one.values.values(), 0))) for one in series]
    return Chart(title, keys, bars, write(sum(sums, 0)))


def _stacked(series: Sequence[Series], values: Sequence[Number], most: Number) -> list[Part]:
    parts = []
    top = float(HEIGHT)
    for one, value in zip(series, values, strict=True):
        if value > 0:
            height = round(float(value) * HEIGHT / float(most), 2)
            top = round(top - height, 2)
            parts.append(Part(one.name, top, height))
    return parts
