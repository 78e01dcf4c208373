"""A page on which owners take a colleague's second factor away: for who lost phone and recovery codes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _

from accounts.history import note
from accounts.second_factor import factor_of, remove
from shops.brand_admin import question_page
from shops.models import Staff
from shops.permissions import may


class ResetsFactor:
    """Adds the page to the team's admin."""

    admin_site: Any
    opts: Any
    change_form_outer_before_template = "admin/shops/staff_factor.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the page beside the colleague's own."""
        view = self.admin_site.admin_view(self.reset_factor)
        return [path("<path:object_id>/second-factor/", view, name="shops_staff_factor"), *super().get_urls()]  # type: ignore[misc]

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Lead there those who may, where there is a factor."""
        place: Any = context.get("original")
        may_be = place is not None and may_reset(request.user, place)
        context["can_reset_factor"] = may_be and factor_of(place.user) is not None
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def reset_factor(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and take it away."""
        place = self.get_object(request, object_id)
        if place is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not may_reset(request.user, place):
            raise PermissionDenied
        if request.method == "POST":
            if remove(place.user):
                self.log_change(request, place, str(_("Second factor reset.")))
                note(request.user, place.user, str(_("Second factor reset.")))
                messages.success(request, _("The second factor is reset."))
            return redirect("admin:shops_staff_change", place.pk)
        title = _("Reset the second factor of %(user)s") % {"user": place.user}
        text = _(
            "They sign in with their password alone, and can set up another. Make sure that it is they who ask: "
            "call them."
        )
        return question_page(self, request, place, title=title, text=text, label=_("Reset it"))


def may_reset(user: Any, place: Staff) -> bool:
    """Whether `user` may take the factor of a colleague away.

    It guards all brands in which the colleague has a place, so one must be an owner in each of them.
    """
    if user.is_superuser:
        return True
    if place.user_id == user.pk or place.user.is_superuser:
        return False
    return all(may(user, "change staff", brand_id) for brand_id in place.user.places.values_list("brand_id", flat=True))
