"""How a brand's passes and orders look, with a preview that follows while somebody types."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from applewallet.looks import design_of, readable_on
from shops.brand_admin import BrandAdmin
from shops.models import Brand
from shops.permissions import brands_where


class DesignAdmin(BrandAdmin):
    """A brand's one design."""

    change_form_before_template = "admin/applewallet/design/preview.html"
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

    class Media:
        js = ["applewallet/preview.js"]
        css = {"all": ["applewallet/preview.css"]}

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The brand stands in the list already."""
        return list(self.list_display)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only for a brand that has none yet."""
        free = brands_where(request.user, "add design").filter(design=None)
        return super().has_add_permission(request, obj) and free.exists()

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Hand the preview what the design follows where it is empty."""
        obj = kwargs.get("obj")
        brand = obj.brand if obj else brands_where(request.user, "add design").filter(design=None).first()
        if brand is not None:
            context |= {"preview": _preview(brand), "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)


def _preview(brand: Brand) -> dict[str, Any]:
    design = design_of(brand)
    background = design.background_color or brand.primary_color
    foreground = design.foreground_color or readable_on(background)
    return {
        "brand": brand,
        "logo_text": design.logo_text,
        "background": background,
        "foreground": foreground,
        "label": design.label_color or foreground,
    }
