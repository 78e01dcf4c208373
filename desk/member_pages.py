"""What the desk adds to a member's page: orders and passes; merging, the export of what is known, and erasing."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget

from desk import erasing, merging
from desk.knowing import known_about
from shops.errors import InvalidInput, ShopError
from shops.exported import as_file
from shops.models import Member
from shops.speaking import number

LATEST = 20  # orders and passes on the page


class MergeForm(forms.Form):
    """Who stays."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address of the member who stays"), widget=UnfoldAdminEmailInputWidget()
    )


class MemberDesk:
    """Adds them to the members' admin."""

    admin_site: Any
    opts: Any
    change_form_outer_before_template = "desk/member_tools.html"
    change_form_outer_after_template = "desk/member_more.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the pages beside the member's own."""
        pages = [
            ("merge", "merge member", self.merge),
            ("export", "export member", self.export),
            ("erase", "erase member", self.erase),
        ]
        own = [
            path(f"<path:object_id>/{name}/", self._member_page(permission, view), name=f"shops_member_{name}")
            for name, permission, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def _member_page(self: Any, permission: str, view: Callable[..., HttpResponse]) -> Any:
        """The door: a member of one of the user's own brands, and a role that allows it."""

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            member = self.get_object(request, object_id)
            if member is None:
                answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return answer
            if not self.may(request, permission, member):
                raise PermissionDenied
            return view(request, member)

        return self.admin_site.admin_view(page)

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the latest orders and passes, and lead those who may to the rest."""
        member = context.get("original")
        if member:
            context |= {
                "latest_orders": list(member.orders.order_by("-number")[:LATEST]),
                "latest_passes": list(member.passes.select_related("coupon").order_by("-pk")[:LATEST]),
                "can_merge": self.may(request, "merge member", member),
                "can_export": self.may(request, "export member", member),
                "can_erase": self.may(request, "erase member", member),
            }
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def merge(self: Any, request: HttpRequest, member: Member) -> HttpResponse:
        """Ask who stays, show what would move, and move it when that is confirmed."""
        form = MergeForm(request.POST or None)
        due = _merge_of(member, form) if form.is_valid() else None
        if due and "agreed" in request.POST:
            try:
                merging.merge(member, due.stays, agreed=request.POST["agreed"])
            except ShopError as error:
                messages.warning(request, str(error))
                member.refresh_from_db()
                due = _merge_of(member, form)
            else:
                return self._merged(request, due)
        title = _("Merge %(member)s into another member") % {"member": member}
        return self._ask(request, member, "merge", title=title, form=form, due=due)

    def _merged(self: Any, request: HttpRequest, done: merging.Merge) -> HttpResponse:
        self.log_change(request, done.goes, _("Merged into %s.") % done.stays.uuid)
        text = _("Merged with %(goes)s: %(orders)s orders, %(points)s points.")
        facts = {"goes": done.goes.uuid, "orders": number(done.orders), "points": number(done.points)}
        self.log_change(request, done.stays, text % facts)
        names = {"goes": done.goes, "stays": done.stays}
        messages.success(request, _("All that %(goes)s had is %(stays)s's now.") % names)
        return redirect("admin:shops_member_change", done.stays.pk)

    def export(self: Any, request: HttpRequest, member: Member) -> HttpResponse:
        """Give all that is known of this person, as a file."""
        answer = as_file(known_about(member), f"member-{member.uuid}")
        self.log_change(request, member, _("What is known was exported."))
        return answer

    def erase(self: Any, request: HttpRequest, member: Member) -> HttpResponse:
        """Show what would go, and forget the person when that is confirmed."""
        if request.method == "POST":
            try:
                erasing.erase(member, agreed=request.POST.get("agreed", ""))
            except ShopError as error:
                messages.warning(request, str(error))
                member.refresh_from_db()
            else:
                member.refresh_from_db()
                self.log_change(request, member, _("Erased."))
                messages.success(request, _("The person is forgotten."))
                return redirect("admin:shops_member_change", member.pk)
        title = _("Forget who %(member)s is") % {"member": member}
        return self._ask(request, member, "erase", title=title, due=erasing.preview(member))

    def _ask(self: Any, request: HttpRequest, member: Member, template: str, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "opts": self.opts, "original": member}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"desk/{template}.html", context)


def _merge_of(member: Member, form: MergeForm) -> merging.Merge | None:
    try:
        return merging.preview(member, merging.find_other(member, form.cleaned_data["email"]))
    except InvalidInput as error:
        form.add_error("email", str(error))
        return None
