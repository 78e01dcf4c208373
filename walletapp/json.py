"""JSON in and out: whatever the client says it accepts, the API speaks JSON."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JSONRenderer(BaseRenderer):
    """Writes JSON with orjson; an orjson.Fragment that PostgreSQL built goes out as it is."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Return the bytes of `data`; nothing for None."""
        return b"" if data is None else orjson.dumps(data)


class TooLarge(APIException):
    """More than anybody's order needs."""

    status_code = 413
    default_detail = "The body is too large."


class JSONParser(BaseParser):
    """Reads a JSON body."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the value. Raises ParseError, which is answered with 400, and TooLarge."""
        text = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(text) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error


class AlwaysJSON(BaseContentNegotiation):
    """Ignores the Accept header, as the original API does."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """The JSON parser for any kind of JSON, or None, which is answered with 415."""
        content_type = request.content_type or ""
        json = next(iter(parsers))
        return json if not content_type or "/json" in content_type or "+json" in content_type else None

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """The first renderer."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
