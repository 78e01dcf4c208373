"""The signature clinic's page: staff paste what a partner's program saw, and read what is wrong with it."""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from shops.errors import InvalidInput
from webhooks.admin_request import body_shown
from webhooks.clinic import LIMITS, Diagnosis, examine
from webhooks.models import Delivery, Endpoint
from webhooks.readings import HEX_DIGITS

SIGNATURES = ("webhook-signature", "wllt-signature")
# A header as HTTP, PHP's $_SERVER, a dictionary or a log writes it.
HEADER = re.compile(
    r"""
    (?P<name> (?:wllt|webhook)[_-] (?:signature|message[_-]id|id|timestamp))
    ["'\]]* \s* (?: : | => | = ) \s*
    (?: "(?P<double>[^"]*)" | '(?P<single>[^']*)' | (?P<bare>[^\r\n]*) )
    """,
    re.IGNORECASE | re.VERBOSE,
)
SIGNATURE_IS_RIGHT = {"too_old", "in_future", "signed_with_old_key", "only_first_entry"}
NO_KNOWN_MISTAKE = {"nothing_fits", "own_result_unexplained"}
ABOUT_ANOTHER_HEADER = {"own_result_unexplained", "made_for_webhook_signature", "made_for_wllt_signature"}


def _text(rows: int) -> UnfoldAdminTextareaWidget:
    return UnfoldAdminTextareaWidget({"rows": rows, "class": "wa-code", "spellcheck": "false", "autocomplete": "off"})


def _line() -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget({"class": "wa-code", "spellcheck": "false", "autocomplete": "off"})


class ClinicForm(forms.Form):
    """What arrived, and what the partner's program made of it."""

    body = forms.CharField(
        label=gettext_lazy("Raw body"),
        help_text=gettext_lazy("Byte by byte as the program signs it, before anything parses it."),
        strip=False,
        widget=_text(4),
    )
    headers = forms.CharField(
        label=gettext_lazy("Headers"),
        help_text=gettext_lazy(
            "All of them, one a line, as they arrived; or only the value of wllt-signature or of webhook-signature."
        ),
        strip=False,
        widget=_text(5),
    )
    own_result = forms.CharField(
        label=gettext_lazy("The program's own result"),
        help_text=gettext_lazy(
            "What it computed and compared with the header. Without it, only half of the mistakes can be found."
        ),
        required=False,
        strip=False,
        widget=_text(2),
    )
    message_id = forms.CharField(
        label=gettext_lazy("webhook-id"),
        help_text=gettext_lazy("For webhook-signature, unless it stands among the headers above."),
        required=False,
        widget=_line(),
    )
    timestamp = forms.CharField(
        label=gettext_lazy("webhook-timestamp"),
        help_text=gettext_lazy("Likewise, in seconds since 1970."),
        required=False,
        widget=_line(),
    )

    def clean(self) -> dict[str, Any]:
        """Take keys out, which have no business here, before a page or a log shows them again."""
        data = super().clean() or self.cleaned_data
        shown: Any = dict(self.data.items())
        for name in self.fields:
            if "whsec_" in shown.get(name, ""):
                shown[name] = ""
                self.add_error(
                    name, _("There was a webhook key in it. Show it to nobody: the clinic knows the key itself.")
                )
        self.data = shown
        return data

    def clean_body(self) -> str:
        """Browsers send every line break of a text as CRLF: undo it."""
        body: str = self.cleaned_data["body"]
        return body.replace("\r\n", "\n")

    def clean_headers(self) -> dict[str, str]:
        """The headers by name; a text without names is a signature by itself."""
        text: str = self.cleaned_data["headers"]
        found = {one["name"].lower().replace("_", "-"): one for one in HEADER.finditer(text)}
        if not found:
            return {"": text}
        return {
            name: (one["double"] or one["single"] or one["bare"] or "").strip(" \t,;'\"") for name, one in found.items()
        }

    def diagnoses(self, endpoint: Endpoint) -> list[Diagnosis]:
        """What the clinic says, of each signature among the headers. What is too long becomes an error of the form."""
        data = self.cleaned_data
        headers = data["headers"]
        asked: dict[str, Any] = {
            "body": data["body"],
            "own_result": data["own_result"],
            "message_id": headers.get("webhook-id") or headers.get("wllt-message-id") or data["message_id"],
            "timestamp": headers.get("webhook-timestamp") or data["timestamp"],
        }
        signatures = [headers[name] for name in ("", *SIGNATURES) if name in headers] or [""]
        try:
            found = [examine(endpoint, header=signature, **asked) for signature in signatures]
        except InvalidInput as error:
            for name, texts in error.errors.items():
                self.add_error("headers" if name == "header" else name, texts)
            return []
        return _about_own(found, data["own_result"])


def _about_own(found: list[Diagnosis], own_result: str) -> list[Diagnosis]:
    """An own result was made for one of two signatures: what is said of the other would only confuse."""
    explained = [one for one in found if one.verdict not in ABOUT_ANOTHER_HEADER]
    if not own_result.strip() or len(explained) <= 1:
        return explained or found
    scheme = "wllt-signature" if HEX_DIGITS.search(own_result) else "webhook-signature"
    return [one for one in explained if one.scheme == scheme]


def clinic_page(model_admin: Any, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    """Ask the clinic. Nothing is stored, changed or sent; a delivery that is named fills in what we know of it."""
    delivery = _delivery(endpoint, request.GET.get("delivery", ""))
    form = ClinicForm(request.POST if request.method == "POST" else None, initial=_known(delivery))
    found = form.diagnoses(endpoint) if form.is_valid() else []
    context = {
        "title": _("Signature clinic"),
        "form": form,
        "delivery": delivery,
        "findings": [{"diagnosis": one, **_badge(one)} for one in found],
        "limit": LIMITS["body"] // 1024,
    }
    return model_admin._show(request, endpoint, "clinic", **context)  # noqa: SLF001 -- a page of this admin


def _delivery(endpoint: Endpoint, text: str) -> Delivery | None:
    try:
        return endpoint.deliveries.select_related("event").filter(uuid=UUID(text)).first()
    except ValueError:
        return None


def _known(delivery: Delivery | None) -> dict[str, str]:
    return {"body": body_shown(delivery), "message_id": str(delivery.uuid)} if delivery else {}


def _badge(diagnosis: Diagnosis) -> dict[str, str]:
    if diagnosis.verdict == "matches":
        return {"text": _("Everything fits"), "color": "success"}
    if diagnosis.verdict in SIGNATURE_IS_RIGHT:
        return {"text": _("Right, with a remark"), "color": "warning"}
    if diagnosis.verdict in NO_KNOWN_MISTAKE:
        return {"text": _("No known mistake"), "color": "danger"}
    return {"text": _("Mistake found"), "color": "danger"}
