"""The log line of a request, and the id that all lines of a request share, here and in the worker."""

import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from walletapp.redaction import redacted

DEVICE = re.compile(r"(?<=\d)/devices/[^/]+/")  # a phone's identifier in Apple's web service is a secret
SIGN_IN = re.compile(r"(?<=/sign-in/).+")  # so is the token of a link by mail


class RequestLog:
    """Middleware: one line a request, without its query, where people write e-mail addresses.

    Written straight to standard error: the general formatter would cost more than a token check. django_structlog
    carries the id on into Celery.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and write its line."""
        started = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")[:100] if settings.BEHIND_PROXY else ""
        request_id = given or str(uuid4())
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        if settings.LOG_REQUESTS:
            write_line(request, response.status_code, request_id, time.perf_counter() - started)
        return response


def write_line(request: HttpRequest, status: int, request_id: str, seconds: float) -> None:
    """Write what was asked for and how it went."""
    line = {
        "event": "request",
        "method": request.method,
        "path": redacted(SIGN_IN.sub("…", DEVICE.sub("/devices/…/", request.path))),
        "status": status,
        "ms": round(seconds * 1000, 1),
        "ip": request.META.get("REMOTE_ADDR"),
        "request_id": request_id,
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    write(orjson.dumps(line).decode())


def write(line: str) -> None:
    """Put a line where all others go."""
    sys.stderr.write(line + "\n")
