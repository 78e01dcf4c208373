"""Which middleware runs for what: the API has no sessions, cookies, languages or forms, and does not pay for them."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.module_loading import import_string

WALLET_API = ("/oauth/", "/pay/wallet", "/.well-known/")  # for partners of buyers
API = ("/shops", "/passes", "/search", "/w/", "/payments/", *WALLET_API)  # for partners, phones, and payment providers
NO_CONTENT = 204
GetResponse = Callable[[HttpRequest], HttpResponse]


class ForPages:
    """Runs settings.PAGE_MIDDLEWARE for every path that is not the API's, in their order."""

    def __init__(self, get_response: GetResponse) -> None:
        self.api = get_response
        self.pages = get_response
        self.inner: list[Any] = []
        for path in reversed(settings.PAGE_MIDDLEWARE):
            middleware = import_string(path)(self.pages)
            self.inner.insert(0, middleware)
            self.pages = cast("GetResponse", convert_exception_to_response(middleware))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, by way of the others if it is for a page."""
        if not request.path_info.startswith(API):
            return self.pages(request)
        translation.deactivate()  # a page that this thread served before may have been Dutch
        response = self.api(request)
        if response.status_code == NO_CONTENT:
            del response["Content-Type"]  # a 204 has no body to describe, nor a length (RFC 9110 §8.6)
        elif not response.streaming and "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))  # CommonMiddleware's work
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Let each of them look at the view, as Django would; CSRF protection lives there."""
        if request.path_info.startswith(API):
            return None
        hooks = (getattr(middleware, "process_view", None) for middleware in self.inner)
        answers = (hook(request, view, args, kwargs) for hook in hooks if hook)
        return next((answer for answer in answers if answer is not None), None)
