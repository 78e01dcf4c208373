"""What is known of a person, as a file that the person can take along (GDPR, articles 15 and 20)."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.db.models import Model
from django.http import HttpResponse


def column_values(row: Model, *names: str) -> dict[str, Any]:
    """These columns of `row`, by name."""
    return {name: getattr(row, name) for name in names}


def each_row(rows: Iterable[Model], *names: str) -> list[dict[str, Any]]:
    """These columns of each row."""
    return [column_values(row, *names) for row in rows]


def as_file(known: dict[str, Any], name: str) -> HttpResponse:
    """`known` as JSON to download, which nobody on the way keeps."""
    content = orjson.dumps(known, default=str, option=orjson.OPT_INDENT_2)
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/json", headers=headers)
