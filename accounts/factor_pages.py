"""A person's own second factor: set up, confirmed by a code, recovery codes made anew, taken away."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as verified_by

from accounts import second_factor
from accounts.forms import CodeForm
from accounts.history import note
from accounts.models import SecondFactor, User
from accounts.pages import wrong_code


@never_cache
@sensitive_post_parameters("code")
def own_factor(request: HttpRequest) -> HttpResponse:
    """Show how it stands, and do what was asked and confirmed by a code."""
    if settings.STAFF_SECOND_FACTOR == "off" or not admin.site.has_permission(request):
        return redirect("admin:login")
    user = cast("User", request.user)
    factor = second_factor.factor_of(user)
    if factor and not user.is_verified():  # type: ignore[attr-defined]
        return redirect(f"{reverse('second-step')}?next={request.path}")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _do(request, user, factor, form)
        if answer is not None:
            return answer
    return _show(request, user, factor, form)


def _do(request: HttpRequest, user: User, factor: SecondFactor | None, form: CodeForm) -> HttpResponse | None:
    """What was asked for; None, with the form saying why, if the code is wrong."""
    code, is_removal = form.cleaned_data["code"], request.POST.get("what") == "remove"
    codes = None
    if factor is None:
        codes = second_factor.confirm(user, code)
    elif second_factor.passes(user, code):
        if is_removal and settings.STAFF_SECOND_FACTOR == "optional":
            return _removed(request, user)
        codes = second_factor.new_codes(user)
    if codes is None:
        form.add_error("code", wrong_code(user))
        return None
    note(user, user, _("Recovery codes made anew.") if factor else _("Second factor set up."))
    verified_by(request, second_factor.factor_of(user))
    return _page(request, _("Your recovery codes"), codes=codes)


def _removed(request: HttpRequest, user: User) -> HttpResponse:
    second_factor.remove(user)
    note(user, user, _("Second factor switched off."))
    messages.success(request, _("Your second factor is switched off."))
    return redirect("second-factor")


def _show(request: HttpRequest, user: User, factor: SecondFactor | None, form: CodeForm) -> HttpResponse:
    if factor:
        left = user.recovery_codes.filter(used_at=None).count()
        return _page(request, _("Second factor"), form=form, factor=factor, left=left)
    new = second_factor.begin(user)
    facts = {"qr": second_factor.qr_of(new), "secret": second_factor.secret_of(new)}
    return _page(request, _("Set up a second factor"), form=form, **facts)


def _page(request: HttpRequest, title: str, **context: Any) -> HttpResponse:
    context |= {
        **admin.site.each_context(request),
        "title": title,
        "is_required": settings.STAFF_SECOND_FACTOR == "required",
    }
    answer = TemplateResponse(request, "accounts/second_factor.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
