"""What every page of a brand's shop is made on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views import View

from shops.models import Brand
from storefront.visitors import member_of


class BrandPage(View):
    """A page of one brand; the slug in its address leads to `self.brand`, and that to everything else."""

    brand: Brand

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the brand."""
        super().setup(request, *args, **kwargs)
        self.brand = get_object_or_404(Brand, slug=kwargs["slug"])

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        """Render a template of this brand."""
        context |= {"brand": self.brand, "member": member_of(self.request, self.brand)}
        return render(self.request, f"storefront/{template}.html", context, status=status)
