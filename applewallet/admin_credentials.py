"""Certificates in the admin: uploaded with a diagnosis, made for tests, looked at. Their keys are never shown."""

import re
from typing import Any

from cryptography import x509
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from applewallet.admin_words import CREDENTIAL_COLORS, credential_badge
from applewallet.credentials import Upload, install, install_test, is_for_tests, read
from applewallet.kinds import KINDS
from applewallet.models import Credential, KindName, PackageType
from applewallet.uploads import MOST_BYTES
from shops.brand_admin import BrandAdmin, OwnRowsFilter, ReadOnly
from shops.errors import InvalidInput
from shops.models import Brand
from shops.permissions import brands_where

FILE_CLASSES = " ".join(INPUT_CLASSES)


def file_field(label: Any, help_text: Any) -> forms.FileField:
    """A file to upload, judged by us and not by Django."""
    widget = forms.FileInput({"class": FILE_CLASSES})
    return forms.FileField(label=label, help_text=help_text, required=False, allow_empty_file=True, widget=widget)


def content_of(file: Any) -> bytes:
    """The bytes of an uploaded file, and no more of a huge one than shows that it is too large."""
    return file.read(MOST_BYTES + 1) if file else b""


class KindForm(forms.Form):
    """For which brand, and for passes or orders."""

    brand = forms.ModelChoiceField(
        label=gettext_lazy("Brand"), queryset=Brand.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it signs"), choices=KindName, initial="pass", widget=UnfoldAdminRadioSelectWidget()
    )

    def __init__(self, *args: Any, brands: QuerySet[Brand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.brands = brands
        self.fields["brand"].queryset = brands  # type: ignore[attr-defined]
        if len(brands) == 1:
            del self.fields["brand"]

    @property
    def chosen_brand(self) -> Brand | None:
        """The brand, chosen or the only one."""
        return self.cleaned_data.get("brand") if "brand" in self.fields else self.brands[0]

    def blame(self, error: InvalidInput) -> None:
        """Put each fault beside the field that it is about."""
        for field, reasons in error.errors.items():
            for reason in reasons:
                self.add_error(field if field in self.fields else None, str(reason))


class UploadForm(KindForm):
    """A certificate with its key. What is wrong with the files stands beside each."""

    certificate = file_field(
        gettext_lazy("Certificate"),
        gettext_lazy(
            "As Apple gave it (.cer), as text (.pem), or together with its key as exported from a keychain (.p12)."
        ),
    )
    key = file_field(gettext_lazy("Private key"), gettext_lazy("Leave it out when the file above holds it."))
    password = forms.CharField(
        label=gettext_lazy("Password of the file"),
        help_text=gettext_lazy("If it has one. We do not keep it."),
        required=False,
        strip=False,
        max_length=200,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
    )
    intermediate = file_field(
        gettext_lazy("Certificate of its issuer"),
        gettext_lazy(
            "Apple's “Worldwide Developer Relations” certificate that issued yours, at present generation G4. Apple"
            " publishes it on its page of certificate authorities. A .p12 file may hold it already."
        ),
    )
    replace_test = forms.BooleanField(
        label=gettext_lazy("Replace the test certificate, whatever its identifier"),
        help_text=gettext_lazy("Packages that were made for tests are forgotten; no phone has them."),
        required=False,
        widget=UnfoldBooleanWidget(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = PackageType.objects.filter(brand__in=self.brands)
        if not types.exclude(credentials__is_test=False).exists():
            del self.fields["replace_test"]

    def clean(self) -> dict[str, Any]:
        """Diagnose the files."""
        data = super().clean() or self.cleaned_data
        kind = KINDS.get(data.get("kind", ""))
        if kind and self.chosen_brand:
            present = self.chosen_brand.packagetypes.filter(kind_name=kind.name).first()
            if present and data.get("replace_test") and is_for_tests(present):
                present = None
            files = {name: content_of(data.get(name)) for name in ("certificate", "key", "intermediate")}
            try:
                self.reading = read(Upload(**files, password=data.get("password", "")), kind, present)
            except InvalidInput as error:
                self.blame(error)
        return data

    def install(self) -> Credential:
        """Put it into use. Raises InvalidInput."""
        assert self.chosen_brand, "the form is valid"  # noqa: S101 -- for types
        return install(self.chosen_brand, self.reading, replace_test=self.cleaned_data.get("replace_test", False))


class TestForm(KindForm):
    """What to make a test certificate for."""

    def install(self) -> Credential:
        """Make it and put it into use. Raises InvalidInput."""
        assert self.chosen_brand, "the form is valid"  # noqa: S101 -- for types
        return install_test(self.chosen_brand, KINDS[self.cleaned_data["kind"]])


class CredentialAdmin(ReadOnly, BrandAdmin):
    """Certificates, to look at; owners upload them. A key goes to the database, encrypted, and to no page."""

    list_display = ["type", "state_badge", "valid_until", "team", "created_at"]
    list_filter = ["is_active", "is_test", ("type", OwnRowsFilter)]
    list_select_related = ["brand", "type"]
    list_before_template = "admin/applewallet/credential/tools.html"
    change_form_outer_before_template = "admin/applewallet/credential/panel.html"
    fieldsets = [
        (None, {"fields": ["type", "kind", "team", "is_test", "is_active", "valid_from", "valid_until", "created_at"]}),
        (gettext_lazy("Certificate"), {"fields": ["subject", "issuer", "digest"]}),
    ]
    readonly_fields = ["kind", "team", "subject", "issuer", "digest"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table of roles."""
        return self.may(request, "add credential", obj)

    def get_urls(self) -> list[Any]:
        """Put the other pages beside Django's."""
        own = [
            path("test/", self.admin_site.admin_view(self.make_test), name="applewallet_credential_test"),
            path(
                "<path:object_id>/download/",
                self.admin_site.admin_view(self.download),
                name="applewallet_credential_download",
            ),
        ]
        return [*own, *super().get_urls()]

    @method_decorator(sensitive_post_parameters("password"))
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Upload a certificate. Nothing of it is kept, and nothing changes, unless all is well with it."""
        return self._page(request, UploadForm, "upload", _("Upload a certificate"))

    def make_test(self, request: HttpRequest) -> HttpResponse:
        """Make a certificate for tests."""
        return self._page(request, TestForm, "test", _("Make a test certificate"))

    def _page(self, request: HttpRequest, form_class: Any, template: str, title: str) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked = (request.POST, request.FILES) if request.method == "POST" else ()
        form = form_class(*asked, brands=brands_where(request.user, "add credential"), initial=request.GET.dict())
        if asked and form.is_valid():
            try:
                credential = form.install()
            except InvalidInput as error:
                form.blame(error)
            else:
                self.log_addition(request, credential, _("Put into use."))
                messages.success(request, _("Packages of %(type)s are signed with it now.") % {"type": credential.type})
                return redirect("admin:applewallet_credential_change", credential.pk)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "form": form}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/applewallet/credential/{template}.html", context)

    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The certificate, which is public; its key stays."""
        credential = self.get_object(request, object_id)
        if credential is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        name = f"{credential.type.identifier}-{credential.valid_until:%Y-%m-%d}.pem"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(credential.certificate, content_type="application/x-pem-file", headers=disposition)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Say how it is doing, above what it is."""
        state, words = credential_badge(context["original"], timezone.now())
        context |= {
            "badge": {"text": words, "color": CREDENTIAL_COLORS[state]},
            "can_renew": self.has_add_permission(request, context["original"]),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=gettext_lazy("state"), label=CREDENTIAL_COLORS)
    def state_badge(self, credential: Credential) -> tuple[str, Any]:
        """How it is doing."""
        return credential_badge(credential, timezone.now())

    @display(description=gettext_lazy("what it signs"))
    def kind(self, credential: Credential) -> str:
        """Passes or orders."""
        return credential.type.get_kind_name_display()

    @display(description=gettext_lazy("team"))
    def team(self, credential: Credential) -> str:
        """Apple's name for the account."""
        return credential.type.team_id

    @display(description=gettext_lazy("name"))
    def subject(self, credential: Credential) -> str:
        """Whom it certifies."""
        return _spelled(_loaded(credential).subject)

    @display(description=gettext_lazy("issuer"))
    def issuer(self, credential: Credential) -> str:
        """Who certified it."""
        return _spelled(_loaded(credential).issuer)

    @display(description=gettext_lazy("SHA-256 fingerprint"))
    def digest(self, credential: Credential) -> str:
        """In groups, so that it can be compared by eye."""
        return " ".join(re.findall(".{8}", credential.fingerprint))


def _loaded(credential: Credential) -> x509.Certificate:
    return x509.load_pem_x509_certificate(credential.certificate.encode())


def _spelled(name: x509.Name) -> str:
    return ", ".join(part.rfc4514_string() for part in name.rdns)
