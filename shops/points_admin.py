"""A page on which managers put a member's points right."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from shops.errors import NotEnoughPoints
from shops.models import PointsReason
from shops.services import book_points
from shops.speaking import number, signed


class CorrectionForm(forms.Form):
    """How many points, and what for."""

    points = forms.IntegerField(
        label=_("Points"),
        help_text=_("Negative to take points away."),
        min_value=-1_000_000_000,
        max_value=1_000_000_000,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    what_for = forms.CharField(label=_("What for"), max_length=40, widget=UnfoldAdminTextInputWidget())
    slip = forms.UUIDField(widget=forms.HiddenInput())  # tells a form that is sent twice from a second correction

    def clean_points(self) -> int:
        """A correction by nothing is a slip."""
        points: int = self.cleaned_data["points"]
        if not points:
            raise forms.ValidationError(_("Zero points correct nothing."))
        return points

    @property
    def reference(self) -> str:
        """What the ledger says it belongs to."""
        return f"{self.cleaned_data['what_for']} #{self.cleaned_data['slip'].hex[:12]}"


class CorrectPoints:
    """Adds the page to the members' admin."""

    admin_site: Any
    change_form_outer_before_template = "admin/shops/member_points.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the page beside the member's own."""
        view = self.admin_site.admin_view(self.correct_points)
        return [path("<path:object_id>/points/", view, name="shops_member_points"), *super().get_urls()]  # type: ignore[misc]

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Lead there those who may."""
        member = context.get("original")
        context["can_correct_points"] = bool(member) and self.may(request, "correct points", member)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def correct_points(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how many points and what for, and book them."""
        member = self.get_object(request, object_id)
        if member is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.may(request, "correct points", member):
            raise PermissionDenied
        form = CorrectionForm(request.POST or None, initial={"slip": uuid.uuid4()})
        if form.is_valid() and self._book(request, member, form):
            return redirect("admin:shops_member_change", member.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": member,
            "title": _("Correct the points of %(member)s") % {"member": member},
            "form": form,
        }
        return TemplateResponse(request, "admin/shops/correct_points.html", context)

    def _book(self: Any, request: HttpRequest, member: Any, form: CorrectionForm) -> bool:
        points = form.cleaned_data["points"]
        try:
            with transaction.atomic():
                entry = book_points(member, points, PointsReason.CORRECTION, reference=form.reference)
        except NotEnoughPoints as error:
            form.add_error("points", str(error))
            return False
        except IntegrityError:
            messages.warning(request, _("This correction was booked already."))
            return True
        self.log_change(request, member, str(_("Points corrected by %+d.") % points))
        booked = {"points": signed(entry.points), "balance": number(entry.balance)}
        messages.success(request, _("%(points)s points; the balance is %(balance)s.") % booked)
        return True
