"""What the wallet adds to a user's page, for superusers: the export of what is held of a buyer, and forgetting them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from accounts.models import User
from buyers.erasing import StillStaff, close, preview
from buyers.knowing import known_about
from shops.exported import as_file


class BuyerDesk:
    """Adds them to the users' admin."""

    admin_site: Any
    opts: Any
    change_form_outer_before_template = "admin/buyers/user_tools.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the pages beside the user's own."""
        pages = [("export", self.export), ("forget", self.forget)]
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(self._of_user(view)), name=f"accounts_user_{name}")
            for name, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def _of_user(self: Any, view: Any) -> Any:
        """The door: superusers only."""

        def page(request: HttpRequest, pk: int) -> HttpResponse:
            if not self.has_change_permission(request):
                raise PermissionDenied
            user = self.get_object(request, str(pk))
            if user is None:
                missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
                return missing
            answer: HttpResponse = view(request, user)
            return answer

        return page

    def export(self: Any, request: HttpRequest, user: User) -> HttpResponse:
        """Give all that the wallet holds of this person, as a file."""
        answer = as_file(known_about(user), f"wallet-{user.uuid}")
        self.log_change(request, user, _("What is known was exported."))
        return answer

    def forget(self: Any, request: HttpRequest, user: User) -> HttpResponse:
        """Show what would go, and forget the person when that is confirmed."""
        if request.method == "POST":
            try:
                close(user)
            except StillStaff as error:
                messages.warning(request, str(error))
            else:
                user.refresh_from_db()
                self.log_change(request, user, _("Erased."))
                messages.success(request, _("The person is forgotten."))
                return redirect("admin:accounts_user_change", user.pk)
        title = _("Close the wallet of %(user)s") % {"user": user}
        context = {**self.admin_site.each_context(request), "opts": self.opts, "original": user, "title": title}
        return TemplateResponse(request, "admin/buyers/forget.html", {**context, "due": preview(user)})
