"""A pass on phones, for its page: who holds it, what the last push came to, pushing it now, taking it back for good."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applewallet.models import Push, PushState, Subject
from applewallet.services import find_package
from passes import services
from passes.admin_steps import BlockForm, PassSteps
from passes.models import Pass
from passes.phones import push_now
from shops.errors import ShopError

PUSH_COLORS = {PushState.SENT: "success", PushState.DEAD: "danger"}
MOST_DEVICES = 50


class PassWallet(PassSteps):
    """Adds them to the passes' admin."""

    def get_urls(self: Any) -> list[Any]:
        """Put the pages beside the pass's own."""
        own = [
            path("<path:object_id>/push/", self.page("push pass", self.push), name="passes_pass_push"),
            path("<path:object_id>/void/", self.page("void pass", self.void), name="passes_pass_void"),
        ]
        return [*own, *super().get_urls()]

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show how it is doing in Apple Wallet, with the buttons that its state and the user's role allow."""
        issued = context.get("original")
        if issued:
            wallet = wallet_of(issued)
            context |= {
                "wallet": wallet,
                "can_push": bool(wallet["held"]) and self.may(request, "push pass", issued),
                "can_void": bool(issued.qr_code)
                and not issued.voided_at
                and issued.standing in services.VOIDABLE
                and self.may(request, "void pass", issued),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def push(self: Any, request: HttpRequest, issued: Pass) -> HttpResponse:
        """Have the phones fetch it anew."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            held = push_now(issued)
        except ShopError as error:
            messages.warning(request, str(error))
        else:
            self.log_change(request, issued, _("Update pushed to phones: %d.") % held)
            text = ngettext("%d phone is told to fetch it now.", "%d phones are told to fetch it now.", held)
            messages.success(request, text % held)
        return redirect("admin:passes_pass_change", issued.pk)

    def void(self: Any, request: HttpRequest, issued: Pass) -> HttpResponse:
        """Ask why, then take it back for good."""
        form = BlockForm(request.POST or None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            log, said = _("Taken back: %s") % reason, _("The pass is taken back.")
            return self.take(request, issued, log, said, lambda: services.void(issued, reason=reason))
        text = _("Nobody can use it again, and it cannot be undone. Phones show it as void. Nothing is given back.")
        words = {"title": _("Take this pass back for good?"), "text": text, "label": _("Void"), "is_dangerous": True}
        return self.ask(request, issued, form=form, **words)


def wallet_of(issued: Pass) -> dict[str, Any]:
    """What Apple Wallet's side knows of a pass, in four statements at most."""
    package = find_package(issued.brand, Subject.COUPON, issued.uuid)
    if package is None:
        return {"package": None, "held": 0}
    rows = package.registrations.select_related("device").order_by("-registered_at", "-pk")
    registrations = list(rows[:MOST_DEVICES])
    tokens = [one.device.push_token for one in registrations]
    push = package.type.pushes.filter(push_token__in=tokens).order_by("-created_at", "-pk").first()
    return {
        "package": package,
        "url": reverse("admin:applewallet_package_change", args=[package.pk]),
        "held": package.registrations.count(),
        "latest": registrations[0] if registrations else None,
        "push": push,
        "badge": _badge(push) if push else None,
        "stopped": package.type.push_paused_reason if package.type.push_paused_at else "",
    }


def _badge(push: Push) -> dict[str, Any]:
    return {"text": push.get_state_display(), "color": PUSH_COLORS.get(PushState(push.state), "warning")}
