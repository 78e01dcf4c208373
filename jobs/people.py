"""What the rows of a member file say, and what is wrong with each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from jobs.errors import JobRefused
from jobs.sheets import Row
from shops.arrivals import LONGEST_REFERENCE, MOST_POINTS, Arrival

COLUMNS = ("email", "name", "points", "reference")
LONGEST_EMAIL = 254
LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell."""

    row: int
    column: str
    text: str


@dataclass(slots=True)
class Reader:
    """Reads the rows of one file, and remembers whom it has seen."""

    header: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)  # the row of each address

    def read(self, rows: Iterator[Row]) -> Iterator[Arrival | list[Problem]]:
        """Each row as somebody who arrives, or as what is wrong with it. Raises JobRefused for a bad header."""
        self.header = _header(next(rows)[1])
        for number, cells in rows:
            yield self._read(number, cells)

    def _read(self, number: int, cells: list[str]) -> Arrival | list[Problem]:
        if len(cells) > len(self.header):
            return [Problem(number, "", _("There are more cells than columns."))]
        said = dict.fromkeys(COLUMNS, "") | dict(zip(self.header, cells, strict=False))
        found = {
            "email": self._wrong_email(number, said["email"]),
            "name": _wrong_text(said["name"], LONGEST_NAME),
            "points": _wrong_points(said["points"]),
            "reference": _wrong_text(said["reference"], LONGEST_REFERENCE),
        }
        problems = [Problem(number, column, text) for column, text in found.items() if text]
        return problems or Arrival(number, said["email"], said["name"], int(said["points"] or 0), said["reference"])

    def _wrong_email(self, number: int, email: str) -> str:
        if not email:
            return _("It is missing.")
        try:
            validate_email(email)
        except ValidationError:
            return _("This is no e-mail address.")
        if len(email) > LONGEST_EMAIL:
            return _("It has more than %d characters.") % LONGEST_EMAIL
        first = self.seen.setdefault(email.lower(), number)
        return "" if first == number else _("The same address stands in row %d.") % first


def _header(cells: list[str]) -> list[str]:
    header = [cell.lower() for cell in cells]
    unknown = [cell for cell in header if cell not in COLUMNS]
    facts = {"columns": ", ".join(COLUMNS), "unknown": ", ".join(unknown)[:100]}
    if "email" not in header:
        raise JobRefused(_("The first row must name the columns, email among them. They are: %(columns)s.") % facts)
    if unknown:
        raise JobRefused(_("There is no column “%(unknown)s”. They are: %(columns)s.") % facts)
    if len(set(header)) < len(header):
        raise JobRefused(_("A column stands there twice."))
    return header


def _wrong_text(text: str, longest: int) -> str:
    if len(text) > longest:
        return _("It has more than %d characters.") % longest
    return _("It holds a control character.") if re.search(r"[\x00-\x1f\x7f]", text) else ""


def _wrong_points(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{1,12}", text):
        return _("Points are a whole number, 0 or more.")
    return _("These are more than %d points.") % MOST_POINTS if int(text or 0) > MOST_POINTS else ""
