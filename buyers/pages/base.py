"""What all pages of a buyer have in common: who is looking, and that nobody keeps a copy."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from accounts.models import User
from buyers.visitors import buyer_of, is_fresh

SEE_OTHER = 303


class Page(View):
    """A page for anybody. `buyer` is who signed in, or None."""

    buyer: User | None

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find the buyer."""
        super().setup(request, *args, **kwargs)
        self.buyer = buyer_of(request)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer, to this browser alone and for now."""
        response = self.answer(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer by get or post."""
        return super().dispatch(request, *args, **kwargs)

    def page(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        """Render a template of the buyers' pages."""
        context = {"buyer": self.buyer, "here": self.request.get_full_path(), **context}
        return render(self.request, f"buyers/{template}.html", context, status=status)

    def go(self, where: str) -> HttpResponse:
        """Send the browser on to `where`, to GET it."""
        response = redirect(where)
        response.status_code = SEE_OTHER
        return response


class BuyerPage(Page):
    """A page for a buyer who signed in; others are asked to."""

    buyer: User

    def answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer, or ask whoever it is to sign in."""
        if self.buyer is None:
            after = urlencode({"next": request.get_full_path()})
            return self.go(f"/pay/sign-in?{after}")
        return super().answer(request, *args, **kwargs)


class FreshPage(BuyerPage):
    """A page for what nobody else may do, though they find this browser open: who it is is asked again."""

    def answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer; or ask for the password or a mailed link, and do nothing."""
        if self.buyer is not None and not is_fresh(request):
            return self.page("confirm", 403, at="account", after=request.path)
        return super().answer(request, *args, **kwargs)
