"""How a brand's passes and orders look."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shops.brand_admin import BrandAdmin
from shops.permissions import brands_where


class DesignAdmin(BrandAdmin):
    """A brand's one design."""

    list_display = ["brand", "logo_text", "background_color", "merchant_identifier"]
    fieldsets = [
        (
            _("Look"),
            {
                "fields": ["logo_text", "background_color", "foreground_color", "label_color"],
                "description": _("Colours as #rrggbb. What is empty follows the brand's own colour, logo and name."),
            },
        ),
        (_("Questions"), {"fields": ["website", "email", "phone_number"]}),
        (_("Terms"), {"fields": ["terms_en", "terms_nl"]}),
        (_("Orders"), {"fields": ["merchant_identifier"]}),
    ]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The brand stands in the list already."""
        return list(self.list_display)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only for a brand that has none yet."""
        free = brands_where(request.user, "add design").filter(design=None)
        return super().has_add_permission(request, obj) and free.exists()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """A brand has one design: there is no other to add."""
        return super().render_change_form(request, context | {"show_save_and_add_another": False}, *args, **kwargs)
