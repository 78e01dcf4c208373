"""Whether an order of the wallet API looks as buyers/order_tables.py says: a walk along those tables (§A.17)."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from buyers.order_tables import ENUMS, LENGTHS, OBJECTS
from shops.money import CURRENCIES

MOST_PROBLEMS = 100  # in one answer
MOST_ROWS = 500  # in one list
MOST_PIECES = 2**31 - 1  # of one product
YEARS = range(1900, 3000)  # that every program between here and a phone can count in

AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
ADDRESS = re.compile(r"https?://[^\s/?#\\\"<>\x00-\x1f\x7f]+([/?#][^\s\"<>\x00-\x1f\x7f]*)?", re.IGNORECASE)
LONGEST_ADDRESS = 2048


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field, in the form of the 422 (§A.17): a path such as `lineItems[0].price.amount`."""

    field: str
    code: str
    message: str


Fault = tuple[str, str]  # code, and what the field must be


def moment(text: str) -> datetime:
    """The time that a DateTime names. Raises ValueError."""
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(most: int) -> Callable[[str], Fault | None]:
    def check(value: str) -> Fault | None:
        if "\x00" in value:
            return "invalid_format", "must not hold NUL characters"
        return ("too_long", f"must have at most {most} characters") if len(value) > most else None

    return check


def _amount(value: str) -> Fault | None:
    return None if AMOUNT.fullmatch(value) else ("invalid_format", "must be a decimal such as 1.50")


def _not_negative(value: str) -> Fault | None:
    below_zero = value.startswith("-") and value.strip("-0.") != ""
    return _amount(value) or (("invalid_value", "must not be below zero") if below_zero else None)


def _currency(value: str) -> Fault | None:
    return None if value in CURRENCIES else ("invalid_value", "must be a currency code of ISO 4217")


def _moment(value: str) -> Fault | None:
    try:
        known = moment(value).year in YEARS
    except ValueError:
        known = False
    return None if known else ("invalid_format", "must be an ISO 8601 time in UTC such as 2019-07-03T20:47:55Z")


def _url(value: str) -> Fault | None:
    if len(value) > LONGEST_ADDRESS:
        return "too_long", f"must have at most {LONGEST_ADDRESS} characters"
    try:
        parts = urlsplit(value)
        is_one = bool(ADDRESS.fullmatch(value) and parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    return None if is_one else ("invalid_format", "must be an http or https URL")


def _one_of(words: tuple[str, ...]) -> Callable[[str], Fault | None]:
    fault = ("invalid_value", f"must be one of {', '.join(words)}")
    known = frozenset(words)
    return lambda value: None if value in known else fault


TEXTS: Mapping[str, Callable[[str], Fault | None]] = {
    **{kind: _text(most) for kind, most in LENGTHS.items()},
    **{kind: _one_of(words) for kind, words in ENUMS.items()},
    "Amount": _amount,
    "NotNegative": _not_negative,
    "Currency": _currency,
    "DateTime": _moment,
    "URL": _url,
}
MAY_BE_BLANK = LENGTHS.keys() | {"URL"}  # where it is not required


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a table."""

    name: str
    kind: str
    is_required: bool
    is_list: bool


def _field(name: str, written: str) -> Field:
    return Field(name, written.strip("[]!"), written.endswith("!"), written.startswith("["))


TABLES = {kind: tuple(_field(name, written) for name, written in fields.items()) for kind, fields in OBJECTS.items()}


def problems_of(body: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with the structure of an order, in the order of the tables, MOST_PROBLEMS at most."""
    found: list[Problem] = []
    _walk_object("Order", body, "", found)
    if not found and b"\\u0000" in orjson.dumps(body):  # so that sound orders are not walked twice
        found = [_problem(path, ("invalid_format", "must not hold NUL characters")) for path in _nuls(body, "")]
    return found[:MOST_PROBLEMS]


def _problem(path: str, fault: Fault) -> Problem:
    return Problem(path, fault[0], f"Field {path} {fault[1]}.")


def _walk_object(kind: str, value: Any, path: str, found: list[Problem]) -> None:
    if not isinstance(value, dict):
        found.append(_problem(path, ("invalid_type", "must be an object")))
        return
    for field in TABLES[kind]:
        inner = value.get(field.name)
        place = f"{path}.{field.name}" if path else field.name
        if inner is None:
            if field.is_required:
                found.append(_problem(place, ("field_missing", "cannot be null")))
        elif field.is_list:
            _walk_list(field, inner, place, found)
        else:
            _walk_value(field, inner, place, found)


def _walk_list(field: Field, values: Any, path: str, found: list[Problem]) -> None:
    if not isinstance(values, list):
        found.append(_problem(path, ("invalid_type", "must be a list")))
        return
    if len(values) > MOST_ROWS:
        found.append(_problem(path, ("too_many", f"must hold at most {MOST_ROWS}")))
        return
    for number, value in enumerate(values):
        if len(found) >= MOST_PROBLEMS:
            return
        place = f"{path}[{number}]"
        if value is None:
            found.append(_problem(place, ("field_missing", "cannot be null")))
        else:
            _walk_value(field, value, place, found)


def _walk_value(field: Field, value: Any, path: str, found: list[Problem]) -> None:
    if field.kind in TABLES:
        _walk_object(field.kind, value, path, found)
        return
    fault = _whole_number(value) if field.kind == "Int" else _fault_of(field, value)
    if fault:
        found.append(_problem(path, fault))


def _whole_number(value: Any) -> Fault | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return "invalid_type", "must be a whole number"
    return None if 1 <= value <= MOST_PIECES else ("invalid_value", f"must be between 1 and {MOST_PIECES}")


def _fault_of(field: Field, value: Any) -> Fault | None:
    if not isinstance(value, str):
        return "invalid_type", "must be a string"
    if not value.strip():
        if field.is_required:
            return "field_blank", "cannot be blank"
        if field.kind in MAY_BE_BLANK and len(value) <= LENGTHS["String"]:
            return None
    return TEXTS[field.kind](value)


def _nuls(value: Any, path: str) -> Iterator[str]:
    """The paths of what PostgreSQL cannot keep: NUL characters, wherever they stand."""
    if isinstance(value, str):
        if "\x00" in value:
            yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            place = f"{path}.{key}" if path else key
            yield from [place.replace("\x00", "\\u0000")] if "\x00" in key else _nuls(inner, place)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _nuls(inner, f"{path}[{number}]")
