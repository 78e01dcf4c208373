"""A package type's page in the admin: how its packages, phones and pushes are doing, and what phones complain of."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from applewallet.admin_credentials import content_of, file_field
from applewallet.admin_health import DAYS, HOURS, MOST_LINES, health_of
from applewallet.admin_words import CREDENTIAL_COLORS, credential_badge, reason_words
from applewallet.credentials import install_push_key, remove_push_key
from applewallet.models import Credential, PackageType
from applewallet.push_queue import resume
from applewallet.services import web_service_url
from shops.brand_admin import BrandAdmin, ReadOnly, question_page
from shops.errors import InvalidInput


class PushKeyForm(forms.Form):
    """A key for pushes, as Apple gives it once."""

    key_id = forms.CharField(
        label=gettext_lazy("Key identifier"),
        help_text=gettext_lazy("The ten characters in the file's name, AuthKey_….p8."),
        max_length=20,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    key = file_field(gettext_lazy("Key (.p8)"), gettext_lazy("It must belong to the same team as the type identifier."))


class PackageTypeAdmin(ReadOnly, BrandAdmin):
    """What a brand's passes or orders carry. Nothing of it changes; its page is the diagnosis."""

    list_display = ["identifier", "kind_name", "team_id", "certificate_badge", "pushes_badge", "created_at"]
    list_filter = ["kind_name"]
    search_fields = ["identifier"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PackageType]:
        """With the certificate in use."""
        in_use = Prefetch("credentials", Credential.objects.filter(is_active=True), to_attr="in_use")
        return super().get_queryset(request).select_related("brand").prefetch_related(in_use)

    def get_urls(self) -> list[Any]:
        """Put the pages behind the buttons beside the type's own."""
        pages = [
            ("resume", "resume pushes", self.resume),
            ("push-key", "change push key", self.push_key),
            ("remove-push-key", "change push key", self.remove_push_key),
        ]
        own = [
            path(
                f"<path:object_id>/{name}/",
                self._door(permission, view),
                name=f"applewallet_packagetype_{name.replace('-', '_')}",
            )
            for name, permission, view in pages
        ]
        return [*own, *super().get_urls()]

    def _door(self, permission: str, view: Callable[..., HttpResponse]) -> Any:
        """One of the user's own brands' types, and a role that allows it."""

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            package_type = self.get_object(request, object_id)
            if package_type is None:
                answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return answer
            if not self.may(request, permission, package_type):
                raise PermissionDenied
            return view(request, package_type)

        return self.admin_site.admin_view(page)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show how it is doing."""
        package_type = self.get_object(request, object_id)
        if package_type is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        health = health_of(package_type)
        context = {
            "title": str(package_type),
            "sees_brand": self.asks_for_brand(request),
            "health": health,
            "badge": {**health.badge, "color": CREDENTIAL_COLORS[health.badge["color"]]},
            "paused_words": self._why_paused(package_type),
            "web_service_url": web_service_url(package_type),
            "can_resume": self.may(request, "resume pushes", package_type),
            "can_upload": self.may(request, "add credential", package_type),
            "can_change_key": self.may(request, "change push key", package_type),
            "hours": HOURS,
            "days": DAYS,
            "most_lines": MOST_LINES,
        }
        return self._show(request, package_type, "page", context)

    @staticmethod
    def _why_paused(package_type: PackageType) -> Any:
        """What Apple's answer means that stopped the pushes: `403 BadCertificate`."""
        status, _space, reason = package_type.push_paused_reason.partition(" ")
        return reason_words(int(status) if status.isdecimal() else None, reason)

    def resume(self, request: HttpRequest, package_type: PackageType) -> HttpResponse:
        """Push again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        resume(package_type)
        self.log_change(request, package_type, _("Pushes resumed."))
        messages.success(request, _("Pushes go out again."))
        return redirect("admin:applewallet_packagetype_change", package_type.pk)

    def push_key(self, request: HttpRequest, package_type: PackageType) -> HttpResponse:
        """Store a key for pushes."""
        form = PushKeyForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
        if form.is_valid():
            try:
                install_push_key(package_type, form.cleaned_data["key_id"], content_of(form.cleaned_data["key"]))
            except InvalidInput as error:
                for field, reasons in error.errors.items():
                    form.add_error(field, [forms.ValidationError(str(reason)) for reason in reasons])
            else:
                self.log_change(request, package_type, _("Key for pushes stored."))
                messages.success(request, _("Pushes are sent with this key now."))
                return redirect("admin:applewallet_packagetype_change", package_type.pk)
        return self._show(request, package_type, "push_key", {"title": _("Key for pushes"), "form": form})

    def remove_push_key(self, request: HttpRequest, package_type: PackageType) -> HttpResponse:
        """Ask, then push with the certificate again."""
        if request.method == "POST":
            remove_push_key(package_type)
            self.log_change(request, package_type, _("Key for pushes removed."))
            messages.success(request, _("Pushes are sent with the certificate now."))
            return redirect("admin:applewallet_packagetype_change", package_type.pk)
        text = _("Pushes are sent with the certificate again. We keep no copy of the key.")
        texts = {"title": _("Remove the key for pushes"), "text": text, "label": _("Remove it"), "about": package_type}
        return question_page(self, request, package_type, **texts)

    def _show(
        self, request: HttpRequest, package_type: PackageType, template: str, context: dict[str, Any]
    ) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "original": package_type, **context}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/applewallet/packagetype/{template}.html", context)

    @display(description=gettext_lazy("certificate"), label=CREDENTIAL_COLORS)
    def certificate_badge(self, package_type: Any) -> tuple[str, Any]:
        """How the certificate in use is doing."""
        credential = next(iter(package_type.in_use), None)
        return credential_badge(credential, timezone.now())

    @display(description=gettext_lazy("pushes"), label={"stopped": "danger", "on": "success"})
    def pushes_badge(self, package_type: PackageType) -> tuple[str, Any]:
        """Whether they go out."""
        return ("stopped", gettext_lazy("Stopped")) if package_type.push_paused_at else ("on", gettext_lazy("On"))
