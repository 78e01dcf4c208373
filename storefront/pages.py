"""What every page of a brand's shop is made on."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.views import View

from shops.models import Brand
from shops.speaking import language_of, speaking
from storefront.cart import Cart
from storefront.theme import css_of
from storefront.visitors import member_of

YEAR = 365 * 24 * 60 * 60  # seconds


class BrandPage(View):
    """A page of one brand; the slug in its address leads to `self.brand`, and that to everything else."""

    brand: Brand

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the brand, also for a page that tells of an error (templates/error.html)."""
        super().setup(request, *args, **kwargs)
        self.brand = request.shop = get_object_or_404(Brand, slug=kwargs["slug"])  # type: ignore[attr-defined]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer in the visitor's language and the brand's time zone; a language that was chosen is kept."""
        language = language_of(request, self.brand.language)
        with speaking(language, self.brand.time_zone):
            response = super().dispatch(request, *args, **kwargs)
        response["Content-Language"] = language
        patch_vary_headers(response, ["Cookie"])
        if request.GET.get("lang") == language:
            self.keep_language(response, language)
        return response

    def keep_language(self, response: HttpResponseBase, language: str) -> None:
        """Remember the language in a cookie."""
        options: dict[str, Any] = {"max_age": YEAR, "secure": settings.SECURE_HTTPS, "samesite": "Lax"}
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, **options)

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        """Render a template of this brand."""
        context |= {
            "brand": self.brand,
            "member": member_of(self.request, self.brand),
            "cart_count": Cart(self.request, self.brand).count,
            "languages": self.languages(),
            "theme": self.brand.primary_color[1:],
        }
        return render(self.request, f"storefront/{template}.html", context, status=status)

    def languages(self) -> list[tuple[str, str]]:
        """This page in each language."""
        query = self.request.GET.copy()
        found = []
        for code, _name in settings.LANGUAGES:
            query["lang"] = code
            found.append((code, f"?{query.urlencode()}"))
        return found


class BrandColors(View):
    """The brand's colour as a stylesheet: the pages' policy allows no inline styles."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Answer with it. Its address carries the colour, so it may be kept for long."""
        css = css_of(get_object_or_404(Brand, slug=slug))
        response = HttpResponse(css, content_type="text/css; charset=utf-8")
        response["Cache-Control"] = f"public, max-age={YEAR}"
        return response
