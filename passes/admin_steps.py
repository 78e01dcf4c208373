"""What staff may do with a pass: redeem it, block it, unblock it, through passes/services.py as tills do."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from passes import services
from passes.models import Pass, PassStatus
from shops.errors import ShopError

LONGEST_NAME = 100


class BlockForm(forms.Form):
    """Why a pass is blocked."""

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Partners read it when they try to redeem the pass."),
        max_length=200,
        widget=UnfoldAdminTextInputWidget(),
    )


class PassSteps:
    """Adds the buttons and the pages behind them to the passes' admin."""

    admin_site: Any
    opts: Any
    change_form_outer_before_template = "admin/passes/pass/steps.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the pages beside the pass's own."""
        pages = [
            ("redeem", "redeem pass", self.redeem),
            ("block", "block pass", self.block),
            ("unblock", "block pass", self.unblock),
        ]
        own = [
            path(f"<path:object_id>/{name}/", self.page(permission, view), name=f"passes_pass_{name}")
            for name, permission, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def page(self: Any, permission: str, view: Callable[..., HttpResponse]) -> Any:
        """The door: one of the user's own brands' passes, and a role that allows it."""

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            issued = self.get_object(request, object_id)
            if issued is None:
                answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return answer
            if not self.may(request, permission, issued):
                raise PermissionDenied
            return view(request, issued)

        return self.admin_site.admin_view(page)

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer what the pass's state and the user's role allow."""
        issued = context.get("original")
        if issued:
            is_active = bool(issued.qr_code) and issued.standing == PassStatus.ACTIVE
            may_block = self.may(request, "block pass", issued)
            context |= {
                "can_redeem": is_active and self.may(request, "redeem pass", issued),
                "can_block": is_active and may_block,
                "can_unblock": bool(issued.blocked_at) and not issued.voided_at and may_block,
            }
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def redeem(self: Any, request: HttpRequest, issued: Pass) -> HttpResponse:
        """Ask, then redeem it in the user's name."""
        if request.method == "POST":
            user: Any = request.user
            by = (user.name or user.email)[:LONGEST_NAME]
            said = _("The pass is redeemed.")
            return self.take(request, issued, _("Redeemed."), said, lambda: services.redeem(issued, by=by))
        text = _("Give out what it is for now. A pass is redeemed once, and it cannot be undone.")
        return self.ask(request, issued, title=_("Redeem this pass?"), text=text, label=_("Redeem"))

    def block(self: Any, request: HttpRequest, issued: Pass) -> HttpResponse:
        """Ask why, then block it."""
        form = BlockForm(request.POST or None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            said = _("The pass is blocked.")
            log = _("Blocked: %s") % reason
            return self.take(request, issued, log, said, lambda: services.block(issued, reason=reason))
        text = _("Nobody can redeem it until it is unblocked.")
        words = {"title": _("Block this pass?"), "text": text, "label": _("Block"), "is_dangerous": True}
        return self.ask(request, issued, form=form, **words)

    def unblock(self: Any, request: HttpRequest, issued: Pass) -> HttpResponse:
        """Undo the block."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        said = _("The pass can be redeemed again.")
        return self.take(request, issued, _("Unblocked."), said, lambda: services.unblock(issued))

    def take(
        self: Any, request: HttpRequest, issued: Pass, log: str, said: str, verb: Callable[[], Pass]
    ) -> HttpResponse:
        """Do it, note it in the pass's history, and say so; or say why not."""
        try:
            verb()
        except ShopError as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, issued, log)
            messages.success(request, said)
        return redirect("admin:passes_pass_change", issued.pk)

    def ask(self: Any, request: HttpRequest, issued: Pass, **context: Any) -> HttpResponse:
        """The page that asks first."""
        context |= {**self.admin_site.each_context(request), "opts": self.opts, "original": issued}
        return TemplateResponse(request, "admin/passes/pass/ask.html", context)
