"""Clients' certificates in the admin: uploaded with a diagnosis, issued for a signing request, downloaded, revoked."""

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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget

from buyers.admin_doors import ClientAdminDoor, sees_clients
from buyers.certificates import MOST_BYTES, receive, revoke
from buyers.models import Client, ClientCertificate
from shops.brand_admin import question_page
from shops.errors import InvalidInput

COLORS = {"valid": "success", "revoked": "danger", "expired": "danger", "later": "warning"}
WORDS = {
    "valid": gettext_lazy("Valid"),
    "revoked": gettext_lazy("Revoked"),
    "expired": gettext_lazy("Expired"),
    "later": gettext_lazy("Not valid yet"),
}


def clients_of(user: Any) -> QuerySet[Client]:
    """The clients that somebody may manage: all for a superuser, for developers their own."""
    clients = Client.objects.order_by("name", "pk")
    return clients if user.is_superuser else clients.filter(developers=user)


def state_of(certificate: ClientCertificate) -> str:
    """How a certificate is doing."""
    now = timezone.now()
    if certificate.revoked_at is not None:
        return "revoked"
    if certificate.valid_until < now:
        return "expired"
    return "later" if certificate.valid_from > now else "valid"


class UploadForm(forms.Form):
    """For which client, and the file."""

    client = forms.ModelChoiceField(
        label=gettext_lazy("Client"), queryset=Client.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    file = forms.FileField(
        label=gettext_lazy("Certificate or certificate signing request"),
        help_text=gettext_lazy(
            "A request (.csr) is answered with a certificate, for every client. A sandbox may also bring a certificate"
            " of its own, which may be signed by itself. The key is on P-256; it stays with you."
        ),
        allow_empty_file=True,
        widget=forms.FileInput({"class": " ".join(INPUT_CLASSES)}),
    )

    def __init__(self, *args: Any, clients: QuerySet[Client], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client"].queryset = clients  # type: ignore[attr-defined]

    def receive(self) -> ClientCertificate | None:
        """Take the file; None if it does not do, and then the form says why."""
        try:
            return receive(self.cleaned_data["client"], self.cleaned_data["file"].read(MOST_BYTES + 1))
        except InvalidInput as error:
            self.add_error("file", error.errors["file"][0])
            return None


class ClientCertificateAdmin(ClientAdminDoor):
    """Certificates of the clients that one manages. They are public; no key of a client is ever here."""

    list_display = ["__str__", "client", "state", "valid_until", "is_issued_here", "created_at"]
    list_filter = ["is_issued_here"]
    list_select_related = ["client"]
    search_fields = ["fingerprint", "client__name", "client__client_id"]
    list_before_template = "admin/buyers/clientcertificate/tools.html"
    change_form_outer_before_template = "admin/buyers/clientcertificate/panel.html"
    fields = ["client", "subject", "issuer", "digest", "valid_from", "valid_until", "is_issued_here", "revoked_at"]
    readonly_fields = ["subject", "issuer", "digest"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever manages a client."""
        return sees_clients(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: it is uploaded and revoked."""
        return False

    def get_urls(self) -> list[Any]:
        """Put the other pages beside Django's."""
        own = [
            path(f"<path:object_id>/{word}/", self.admin_site.admin_view(view), name=f"buyers_clientcertificate_{word}")
            for word, view in (("download", self.download), ("revoke", self.revoke))
        ]
        return [*own, *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Upload a certificate or a signing request. Nothing is kept of what does not do."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(*asked, clients=clients_of(request.user), initial={"client": request.GET.get("client")})
        if asked and form.is_valid() and (row := form.receive()):
            self.log_addition(request, row, _("Registered."))
            issued = _("The certificate is issued. Download it here.")
            messages.success(request, issued if row.is_issued_here else _("The certificate is registered."))
            return redirect("admin:buyers_clientcertificate_change", row.pk)
        title = _("Upload a certificate")
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "form": form}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/buyers/clientcertificate/upload.html", context)

    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The certificate as text."""
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        name = f"{row.client.client_id}-{row.fingerprint[:8]}.pem"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(row.certificate, content_type="application/x-pem-file", headers=disposition)

    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and then encrypt nothing to it any more."""
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if row.revoked_at is not None:
            return redirect("admin:buyers_clientcertificate_change", row.pk)
        if request.method != "POST":
            text = _("Once it is revoked, nothing is encrypted to it any more. That cannot be undone.")
            texts = {"title": _("Revoke the certificate?"), "text": text, "label": _("Revoke it")}
            return question_page(self, request, row, about=row.fingerprint, **texts)
        revoke(row)
        self.log_change(request, row, _("Revoked."))
        messages.success(request, _("The certificate is revoked. Nothing is encrypted to it any more."))
        return redirect("admin:buyers_clientcertificate_change", row.pk)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Say how it is doing, above what it is."""
        state = state_of(context["original"])
        context["badge"] = {"text": WORDS[state], "color": COLORS[state]}
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=gettext_lazy("state"), label=COLORS)
    def state(self, certificate: ClientCertificate) -> tuple[str, Any]:
        """How it is doing."""
        state = state_of(certificate)
        return state, WORDS[state]

    @display(description=gettext_lazy("name"))
    def subject(self, certificate: ClientCertificate) -> str:
        """Whom it names."""
        return _loaded(certificate).subject.rfc4514_string()

    @display(description=gettext_lazy("issuer"))
    def issuer(self, certificate: ClientCertificate) -> str:
        """Who issued it."""
        return _loaded(certificate).issuer.rfc4514_string()

    @display(description=gettext_lazy("SHA-256 fingerprint"))
    def digest(self, certificate: ClientCertificate) -> str:
        """In groups, so that it can be compared by eye."""
        return " ".join(re.findall(".{8}", certificate.fingerprint))


def _loaded(certificate: ClientCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.certificate.encode())
