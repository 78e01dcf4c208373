"""The pages before the admin: e-mail address and password, the second step, and a password that was forgotten."""

import time
from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as verified_by

from accounts import inviting
from accounts.forms import CodeForm, ForgotForm, PasswordForm
from accounts.history import note
from accounts.models import User
from accounts.second_factor import factor_of, passes, seconds_to_wait
from accounts.sign_in import SignInForm, forgive

PENDING = "second step of"  # in the session of somebody whose password was right
PENDING_LASTS = 600  # seconds
BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignIn(LoginView):
    """E-mail address and password. Who has a second factor is signed in only after it."""

    template_name = "admin/login.html"
    authentication_form = SignInForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, or ask for the second factor."""
        user = form.get_user()
        if settings.STAFF_SECOND_FACTOR == "off" or factor_of(user) is None:
            return super().form_valid(form)
        self.request.session[PENDING] = {"user": user.pk, "hash": user.get_session_auth_hash(), "at": time.time()}
        return redirect(f"{reverse('second-step')}?{urlencode({'next': self.get_success_url()})}")


@method_decorator(never_cache, name="__call__")
class SignInPage:
    """Stands in the admin site's place of `login`."""

    login_required = False  # what Django's login_not_required sets

    def __call__(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the form, or the admin to who is signed in."""
        if request.method == "GET" and admin.site.has_permission(request):
            return redirect("admin:index")
        context = _frame(request, _("Log in")) | {"app_path": request.get_full_path(), "username": str(request.user)}
        if "next" not in request.GET and "next" not in request.POST:
            context["next"] = reverse("admin:index")
        return cast("HttpResponse", SignIn.as_view(extra_context=context | (extra_context or {}))(request))


@never_cache
@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for a code of the app, or a recovery code."""
    user = _pending(request) or (request.user if request.user.is_authenticated else None)
    if user is None or factor_of(user) is None:
        return redirect("admin:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        factor = passes(user, form.cleaned_data["code"])
        if factor is not None:
            if not request.user.is_authenticated:
                login(request, factor.user, BACKEND)
            verified_by(request, factor)
            request.session.pop(PENDING, None)
            return redirect(_next(request))
        form.add_error("code", wrong_code(user))
    return _page(request, "second_step", _("Second step"), form=form, next=_next(request))


def wrong_code(user: User) -> str:
    """Why a code was not taken."""
    wait = seconds_to_wait(user)
    text = _("This code is wrong, was used before, or is too old.")
    return f"{text} {_('Wait %d seconds before the next.') % wait}" if wait > 1 else text


def _pending(request: HttpRequest) -> User | None:
    """Whose password was right in this browser a moment ago."""
    pending = request.session.get(PENDING)
    if not pending or time.time() - pending["at"] > PENDING_LASTS:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True, is_staff=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), pending["hash"]) else None


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")


@never_cache
def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for an address and mail a link there. The answer is the same whoever it belongs to."""
    form = ForgotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        inviting.forgot(form.cleaned_data["email"])
        return _page(request, "forgot", _("Look into your mail"), email=form.cleaned_data["email"])
    return _page(request, "forgot", _("Forgotten your password?"), form=form)


@never_cache
@sensitive_post_parameters()
def choose_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Let whoever has a good link choose a password. Their second factor stays."""
    user = inviting.whose(uid, token)
    if user is None:
        answer = _page(request, "choose_password", _("This link is spent"))
        answer.status_code = 403
        return answer
    form = PasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        forgive(user.email)
        note(user, user, _("Password chosen by a mailed link."))
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("admin:login")
    return _page(request, "choose_password", _("Choose your password"), form=form, email=user.email)


def _frame(request: HttpRequest, title: str) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": title, "subtitle": None}


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    return TemplateResponse(request, f"accounts/{template}.html", _frame(request, title) | context)
