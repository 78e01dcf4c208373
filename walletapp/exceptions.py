"""Errors as HTTP answers, once: Laravel's shapes (shop-orders.md §B.4)."""

import sys
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback
from structlog.contextvars import get_contextvars

from buyers.errors import error_body
from shops.errors import InvalidInput, ShopError, TooSoon
from walletapp.health import is_away
from walletapp.middleware import API, WALLET_API, GetResponse

logger = structlog.get_logger(__name__)

NO_ROUTE = gettext_noop("The route %(route)s could not be found.")  # for pages in the reader's language, as the others
FORM_REFUSED = gettext_noop(
    "This form was open for too long, or cookies are off. Go back, reload the page and send it again."
)
NOT_ALLOWED = 405
WALLET_ERRORS = {404: "not_found", 500: "server_error", 503: "temporarily_unavailable"}
RETRY_AFTER = 5  # seconds; a restart of PostgreSQL takes about as long
# Laravel's words for what the serializers find, by code or, where that says too little, by Django's words; what is not
# here keeps Django's words.
TEXTS = {
    "required": "The {field} field is required.",
    "null": "The {field} field is required.",
    "blank": "The {field} field is required.",
    "empty": "The {field} field is required.",
    "invalid_choice": "The selected {field} is invalid.",
    "Enter a valid email address.": "The {field} field must be a valid email address.",
    "Must be a valid UUID.": "The {field} field must be a valid UUID.",
}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: PLR0911 -- a table of errors
    """DRF's exception handler. None means that nobody foresaw it: Django answers 500."""
    set_rollback()
    if isinstance(error, InvalidInput):
        return Response(invalid(error.errors), status=422)
    if isinstance(error, ShopError):
        headers = {"Retry-After": str(error.wait)} if isinstance(error, TooSoon) else None
        return Response({"message": str(error)}, status=error.status, headers=headers)
    if isinstance(error, exceptions.ValidationError):
        return Response(invalid(flatten(error.get_full_details())), status=422)
    if isinstance(error, Http404 | exceptions.NotFound):
        return Response({"message": "Not found."}, status=404)
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return Response({"message": "Unauthenticated."}, status=401)
    if isinstance(error, PermissionDenied):
        return Response({"message": "This action is unauthorized."}, status=403)
    if isinstance(error, exceptions.APIException):
        return _by_status(error, context)
    return None


def _by_status(error: exceptions.APIException, context: dict[str, Any]) -> Response:
    headers: dict[str, str] = {}
    message = str(error.detail)
    if isinstance(error, exceptions.Throttled):
        message = "Too Many Attempts."
        headers["Retry-After"] = str(int(getattr(error, "wait", None) or 1))
    elif isinstance(error, exceptions.MethodNotAllowed):
        view, request = context["view"], context["request"]
        methods = [method for method in view.allowed_methods if method != "OPTIONS"]
        route = request.path.strip("/")
        message = (
            f"The {request.method} method is not supported for route {route}. Supported methods: {', '.join(methods)}."
        )
        headers["Allow"] = ", ".join(methods)
    return Response({"message": message}, status=error.status_code, headers=headers)


def invalid(errors: dict[str, list[str]]) -> dict[str, Any]:
    """The body of a 422: the first message, how many follow, and all of them by field."""
    messages = [message for of_field in errors.values() for message in of_field]
    more = len(messages) - 1
    tail = f" (and {more} more error{'s' if more > 1 else ''})" if more else ""
    return {"message": f"{messages[0]}{tail}", "errors": errors}


def flatten(details: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested errors by dotted path, in Laravel's words: {"items.0.coupon": ["The items.0.coupon field …"]}."""
    if isinstance(details, dict) and "message" in details and "code" in details:
        path = path or "body"
        return {path: [_text(path, details)]}
    found: dict[str, list[str]] = {}
    pairs = details.items() if isinstance(details, dict) else enumerate(details)
    for key, inner in pairs:
        leaf = isinstance(details, list) and isinstance(inner, dict) and set(inner) == {"message", "code"}
        place = path if leaf or key == "non_field_errors" else f"{path}.{key}".lstrip(".")
        for field, messages in flatten(inner, place).items():
            found.setdefault(field, []).extend(messages)
    return found


def _text(path: str, detail: dict[str, Any]) -> str:
    template = TEXTS.get(detail["code"]) or TEXTS.get(str(detail["message"]))
    return template.format(field=path.replace("_", " ")) if template else str(detail["message"])


def _wants_page(request: HttpRequest) -> bool:
    return not request.path.startswith(API) and "text/html" in request.headers.get("Accept", "")


def _plain(request: HttpRequest, status: int, message: str, **facts: str) -> HttpResponse:
    if _wants_page(request):
        context = {
            "status": status,
            "message": gettext(message) % facts,
            "shop": getattr(request, "shop", None),
        } | facts
        return render(request, "error.html", context, status=status)
    message %= facts
    if request.path.startswith(WALLET_API):
        kind = WALLET_ERRORS.get(status, "invalid_request")
        return JsonResponse(error_body(kind, message), status=status, headers={"Cache-Control": "no-store"})
    return JsonResponse({"message": message}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Answer an unknown route."""
    return _plain(request, 404, NO_ROUTE, route=request.path.strip("/"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Answer what Django itself refuses, such as an unknown host name."""
    return JsonResponse({"message": "Bad Request"}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Answer a page that this person may not see."""
    return _plain(request, 403, gettext_noop("This action is unauthorized."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Answer a form whose token is missing or old (settings.CSRF_FAILURE_VIEW): mostly a tab that was open for long."""
    return _plain(request, 403, FORM_REFUSED, cause="form")


def with_page_of_405(get_response: GetResponse) -> GetResponse:
    """Middleware: Django answers a wrong method with nothing at all; a browser gets a page, as for other errors."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code != NOT_ALLOWED or response.content or not _wants_page(request):
            return response
        page = _plain(request, NOT_ALLOWED, gettext_noop("This address is only there for forms to be sent to."))
        page["Allow"] = response["Allow"]
        return page

    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a fault of ours and say nothing of it but the request's id, by which the log has it.

    While PostgreSQL is away it is a 503, which clients and balancers know to try again.
    """
    found = {"request_id": get_contextvars().get("request_id", "")}
    if not is_away(sys.exception()):
        return _plain(request, 500, gettext_noop("Server Error"), **found)
    answer = _plain(request, 503, gettext_noop("Service Unavailable"), **found)
    answer["Retry-After"] = str(RETRY_AFTER)
    return answer
