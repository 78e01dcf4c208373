"""Packages in the admin, to look at: what they show, which version, and who has them. Their tokens are never shown."""

import json
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from applewallet.credentials import is_for_tests
from applewallet.models import Package, Registration
from shops.brand_admin import BrandAdmin, OwnRowsFilter, ReadOnly

SUBJECT_COLORS = {"coupon": "info", "store_card": "primary", "order": "success", "sign_up": "warning"}
MOST_DEVICES = 50  # on a package's page


def held(**of: Any) -> Subquery:
    """How many registrations hang on a row, counted for the rows of one page only."""
    rows = Registration.objects.filter(**of).order_by().values(*of).annotate(count=Count("pk"))
    return Subquery(rows.values("count"))


class PackageAdmin(ReadOnly, BrandAdmin):
    """Passes and orders as phones get them."""

    list_display = ["serial", "subject_badge", "type", "version", "devices", "last_modified"]
    list_filter = [("subject", ChoicesDropdownFilter), ("type", OwnRowsFilter)]
    list_select_related = ["brand", "type"]
    search_fields = ["serial", "subject_uuid"]
    search_help_text = _("A serial number, or the identifier of what it is about")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Package]:
        """With the number of devices, and what its page names."""
        rows = super().get_queryset(request).select_related("brand", "type")
        return rows.annotate(held=held(package=OuterRef("pk")))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Package], search_term: str
    ) -> tuple[QuerySet[Package], bool]:
        """Search by what an index can find."""
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(serial=wanted) | Q(subject_uuid=wanted)), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the package's page."""
        package = self.get_object(request, object_id)
        if package is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": package,
            "title": f"{package.get_subject_display()} {package.serial}",
            "is_for_tests": is_for_tests(package.type),
            "sees_brand": self.asks_for_brand(request),
            "source": json.dumps(package.content, indent=2, ensure_ascii=False),
            "texts": json.dumps(package.strings, indent=2, ensure_ascii=False) if package.strings else "",
            "others": [package.type.kind.content, "manifest.json", "signature", *package.images, *package.extras],
            "registrations": package.registrations.select_related("device").order_by("-pk")[:MOST_DEVICES],
            "most": MOST_DEVICES,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/applewallet/package/page.html", context)

    @display(description=_("about"), ordering="subject", label=SUBJECT_COLORS)
    def subject_badge(self, package: Package) -> tuple[str, str]:
        """What it is about."""
        return package.subject, package.get_subject_display()

    @display(description=_("devices"))
    def devices(self, package: Any) -> int:
        """How many hold it and hear of its changes."""
        return package.held or 0
