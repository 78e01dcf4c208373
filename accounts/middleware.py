"""The second step of signing in stands before every page of the admin."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.second_factor import factor_of

GetResponse = Callable[[HttpRequest], HttpResponse]


class SecondStep:
    """Leads who signed in without their second factor, or must have one and has none, to where that is mended."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or lead elsewhere."""
        if not request.path_info.startswith("/admin/") or settings.STAFF_SECOND_FACTOR == "off":
            return self.get_response(request)
        user = request.user
        if not user.is_authenticated or not user.is_staff or user.is_verified() or _is_open(request.path_info):  # type: ignore[attr-defined]
            return self.get_response(request)
        if factor_of(user):
            return redirect(f"{reverse('second-step')}?next={request.path_info}")
        return redirect("second-factor") if settings.STAFF_SECOND_FACTOR == "required" else self.get_response(request)


def _is_open(path: str) -> bool:
    """Pages that lead to a second factor, or away."""
    return path.startswith("/admin/sign-in/") or path in {reverse("admin:logout"), reverse("admin:jsi18n")}
