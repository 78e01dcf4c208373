"""Reads a CSV or XLSX file that somebody made, row by row. What is wrong with it as a whole is said in one sentence.

Its author may mean harm: sizes are checked before anything is unpacked, and XML is read by defusedxml.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from jobs.errors import JobRefused

MOST_ROWS = 100_000
MOST_COLUMNS = 50
MOST_IN_CELL = 1000  # characters
MOST_UNPACKED = 200_000_000  # bytes of all parts of a workbook; 100,000 rows have about 40,000,000
MOST_PARTS = 1000
Row = tuple[int, list[str]]  # its number in the file, its cells
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"


def rows_of(file: IO[bytes]) -> Iterator[Row]:
    """The rows of `file` that hold anything, the first being the header. Raises JobRefused."""
    start = file.read(4)
    file.seek(0)
    if start == OLD_EXCEL:
        raise JobRefused(_("This is an old Excel file. Save it as .xlsx or as CSV."))
    rows = _of_workbook(file) if start == ZIP else _of_csv(file)
    count = 0
    for number, cells in rows:
        if len(cells) > MOST_COLUMNS:
            raise JobRefused(_("Row %(row)d has more than %(most)d cells.") % {"row": number, "most": MOST_COLUMNS})
        if not any(cells):
            continue
        if count > MOST_ROWS:  # the header is one of them
            raise JobRefused(_("The file has more than %d rows. Split it.") % MOST_ROWS)
        count += 1
        yield number, cells
    if not count:
        raise JobRefused(_("The file is empty."))


def _of_csv(file: IO[bytes]) -> Iterator[Row]:
    lines = _lines(file)
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_and(first, lines), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            text = _("Line %d is no CSV: look at its quotation marks.")  # all that a strict reader refuses
            raise JobRefused(text % reader.line_num) from error
        if cells is None:
            return
        yield reader.line_num, [_checked(cell, reader.line_num) for cell in cells]


def _lines(file: IO[bytes]) -> Iterator[str]:
    """The file's lines as text, with their ends."""
    if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise JobRefused(_("The file is in UTF-16. Save it as “CSV UTF-8”."))
    file.seek(0)
    line, text = 0, io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        for line, part in enumerate(_limited(text), 1):  # noqa: B007 -- the message needs it
            yield part
    except UnicodeDecodeError as error:
        raise JobRefused(_("The file is not UTF-8 (after line %d). Save it as “CSV UTF-8”.") % line) from error
    finally:
        if not file.closed:
            text.detach()  # or it would close the file with itself


def _limited(text: io.TextIOWrapper) -> Iterator[str]:
    most = MOST_COLUMNS * MOST_IN_CELL
    while part := text.readline(most + 1):
        if len(part) > most:
            raise JobRefused(_("A line has more than %d characters.") % most)
        yield part


def _and(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others


UNREADABLE = (  # what openpyxl raises for files that are none
    InvalidFileException,
    zipfile.BadZipFile,
    DefusedXmlException,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    SyntaxError,
)


def _of_workbook(file: IO[bytes]) -> Iterator[Row]:
    _check_sizes(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # they are what the author says
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), 1):
            yield number, _trimmed([_checked(_text(cell), number) for cell in cells])
            if number > MOST_ROWS * 2:
                break
        else:
            return
    except UNREADABLE as error:
        raise _no_workbook() from error
    raise JobRefused(_("The file has more than %d rows. Split it.") % MOST_ROWS)


def _no_workbook() -> JobRefused:
    return JobRefused(_("This is no workbook that can be read. Save it anew as .xlsx, or as CSV."))


def _check_sizes(file: IO[bytes]) -> None:
    """Refuse what would fill the memory before a byte of it is unpacked. What lies about its size breaks off there."""
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _no_workbook() from error
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise JobRefused(_("This workbook is too large once unpacked. Save it as CSV."))
    file.seek(0)


def _text(cell: Any) -> str:
    """A workbook's cell as one would type it: 100.0 is 100."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _checked(cell: str, row: int) -> str:
    if "\0" in cell:
        raise JobRefused(_("Row %d holds a NUL character: the file is damaged.") % row)
    if len(cell) > MOST_IN_CELL:
        raise JobRefused(
            _("Row %(row)d has a cell of more than %(most)d characters.") % {"row": row, "most": MOST_IN_CELL}
        )
    return cell.strip()
