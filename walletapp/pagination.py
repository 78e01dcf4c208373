"""The page shape of the API: Laravel's LengthAwarePaginator to the letter (shop-orders.md §B.1)."""

import re
from typing import Any
from urllib.parse import quote

from rest_framework.pagination import BasePagination
from rest_framework.request import Request

PER_PAGE = 10
WINDOW = 7  # twice Laravel's onEachSide of 3, and one
LARGEST = 2**63 - 1
INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]*)", re.ASCII)

Link = dict[str, Any]


def read_page(value: object) -> int:
    """The page that `value` asks for, or 1 if it is no whole number of at least 1; never an error.

    PHP's FILTER_VALIDATE_INT: "5", " 5 " and "+5" are 5; "05", "1.0", "1e1", lists and numbers over 64 bits are not.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return 1
    if isinstance(value, float):
        value = int(value) if value.is_integer() and abs(value) < 1e15 else 0  # noqa: PLR2004 -- PHP writes 1.0E+15
    text = str(value).strip(" \t\n\r\v\f")
    if not INTEGER.fullmatch(text) or len(text) > 20:  # noqa: PLR2004 -- digits of 64 bits and a sign
        return 1
    number = int(text)
    return number if 1 <= number <= LARGEST else 1


def page_url(path: str, query: str, page: int) -> str:
    """The address of a page: `path?page=3`, with the other parameters of the query before it."""
    return f"{path}?{query}&page={max(page, 1)}" if query else f"{path}?page={max(page, 1)}"


def numbers(current: int, last: int) -> list[int | None]:
    """The page numbers to link to; None stands for "..."."""
    if last < WINDOW * 2:
        return list(range(1, last + 1))
    if current <= WINDOW:
        return [*range(1, WINDOW + 4), None, last - 1, last]
    if current > last - WINDOW:
        return [1, 2, None, *range(last - WINDOW - 2, last + 1)]
    return [1, 2, None, *range(current - 3, current + 4), None, last - 1, last]


def envelope(
    data: Any, *, count: int, total: int, page: int, path: str, query: str = "", per_page: int = PER_PAGE
) -> dict[str, Any]:
    """One page as Laravel prints it: `count` rows in `data`, of `total` in all.

    `path` is the request's address without its query; `query` holds the parameters to keep, encoded, without `page`.
    """
    last = max(-(-total // per_page), 1)
    first_row = (page - 1) * per_page + 1 if count else None
    before = page_url(path, query, page - 1) if page > 1 else None
    after = page_url(path, query, page + 1) if page < last else None
    links: list[Link] = [{"url": before, "label": "&laquo; Previous", "active": False}]
    for number in numbers(page, last):
        if number is None:
            links.append({"url": None, "label": "...", "active": False})
        else:
            links.append({"url": page_url(path, query, number), "label": str(number), "active": number == page})
    links.append({"url": after, "label": "Next &raquo;", "active": False})
    return {
        "current_page": page,
        "data": data,
        "first_page_url": page_url(path, query, 1),
        "from": first_row,
        "last_page": last,
        "last_page_url": page_url(path, query, last),
        "links": links,
        "next_page_url": after,
        "path": path,
        "per_page": per_page,
        "prev_page_url": before,
        "to": first_row + count - 1 if first_row else None,
        "total": total,
    }


def kept_query(request: Request) -> str:
    """The query's other parameters, encoded by RFC 3986, so that a client that follows the links keeps its filter.

    As Laravel reads them: trimmed, and without those that are empty.
    """
    if not request.META.get("QUERY_STRING"):
        return ""
    pairs = [
        (key, text)
        for key, value in request.query_params.items()
        if (text := str(value).strip()) and key != "page" and not key.startswith("page[")
    ]
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs)


class LaravelPagination(BasePagination):
    """What the views call as `self.paginator`. Pages are cut by the statement that reads them, not here."""

    def read_page(self, value: object) -> int:
        """See read_page."""
        return read_page(value)

    def envelope(self, request: Request, data: Any, *, count: int, total: int, page: int) -> dict[str, Any]:
        """The page of this request."""
        path = request.build_absolute_uri(request.path)
        return envelope(data, count=count, total=total, page=page, path=path, query=kept_query(request))

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The shape for the OpenAPI file."""
        url = {"type": "string", "format": "uri"}
        maybe_url = {**url, "nullable": True}
        number = {"type": "integer"}
        link = {
            "type": "object",
            "required": ["url", "label", "active"],
            "properties": {"url": maybe_url, "label": {"type": "string"}, "active": {"type": "boolean"}},
        }
        properties: dict[str, Any] = {
            "current_page": number,
            "data": schema,
            "first_page_url": url,
            "from": {**number, "nullable": True},
            "last_page": number,
            "last_page_url": url,
            "links": {"type": "array", "items": link},
            "next_page_url": maybe_url,
            "path": url,
            "per_page": number,
            "prev_page_url": maybe_url,
            "to": {**number, "nullable": True},
            "total": number,
        }
        return {"type": "object", "required": list(properties), "properties": properties}
