"""The log line of a request."""

from django.http import HttpRequest
from django_structlog import middlewares


class RequestLog(middlewares.RequestMiddleware):
    """One line a request, with its id, and without its query: people write e-mail addresses there."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """What was asked for."""
        return f"{request.method} {request.path}"
