"""Columns and read-only fields of the admin that shops/speaking.py writes, where Django would write a bare number."""

from collections.abc import Callable
from typing import Any

from unfold.decorators import display

from shops.speaking import number


def spoken(name: str, label: Any, how: Callable[[Any], str] = number) -> Any:
    """A column for the field `name` of a row, written by `how`; empty where the row has nothing there."""

    @display(description=label, ordering=name)
    def column(_model_admin: Any, row: Any) -> str | None:
        value = getattr(row, name)
        return None if value is None else how(value)

    return column
