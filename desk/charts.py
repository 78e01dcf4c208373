"""Bar charts without a program on the page: the server draws them, and a table holds the same numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

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

    @property
    def sum(self) -> Number:
        """Over all days."""
        return sum(self.values.values(), 0)


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
    values: list[Number]

    @property
    def sum(self) -> Number:
        """All pieces together."""
        return sum(self.values, 0)


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of days, stacked."""

    title: Any
    series: list[Series]
    bars: list[Bar]
    unit: str

    @property
    def width(self) -> int:
        """Of the drawing."""
        return len(self.bars) * STEP

    @property
    def height(self) -> int:
        """Of the drawing."""
        return HEIGHT

    @property
    def sum(self) -> Number:
        """Of all bars."""
        return sum((bar.sum for bar in self.bars), 0)


def chart(title: Any, days: Sequence[date], series: Sequence[Series], unit: str = "") -> Chart:
    """Draw `series` over `days`; the highest bar is as high as the chart."""
    most = max((sum((one.values.get(day, 0) for one in series), 0) for day in days), default=0) or 1
    bars = []
    for number, day in enumerate(days):
        values: list[Number] = [one.values.get(day, 0) for one in series]
        bars.append(Bar(day, number * STEP, _stacked(series, values, most), values))
    return Chart(title, list(series), bars, unit)


def _stacked(series: Sequence[Series], values: Sequence[Number], most: Number) -> list[Part]:
    parts = []
    top = float(HEIGHT)
    for one, value in zip(series, values, strict=True):
        if value > 0:
            height = round(float(value) * HEIGHT / float(most), 2)
            top = round(top - height, 2)
            parts.append(Part(one.name, top, height))
    return parts
