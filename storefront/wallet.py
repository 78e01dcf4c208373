"""A member's passes, orders and store card, and the files that add them to Apple Wallet.

Orders are shown to the browser that placed them, or to their member who signed in; nobody else can fetch one, whatever
address they know (apple-wallet.md §A.7). A pass also opens by the key of its link in a mail.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import segno
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString, mark_safe

from applewallet.kinds import MIME_OF_BUNDLE
from applewallet.looks import design_of
from applewallet.models import Package, Subject
from applewallet.package import MOST_IN_BUNDLE, bundle
from applewallet.services import NotSignable, built, package_type_for, token_of, web_service_url
from orders.models import Order, OrderStatus
from orders.phones import order_package
from passes.links import key_of, opens
from passes.models import Pass
from passes.phones import card_package, pass_package
from shops.models import Brand
from storefront.pages import BrandPage
from storefront.visitors import may_see, member_of


def qr_of(text: str) -> SafeString:
    """A QR code as an SVG that takes the page's width."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff")
    return mark_safe(svg)  # noqa: S308 -- segno's own markup; the text is in it as modules only


def has_wallet(brand: Brand, subject: str) -> bool:
    """Whether the brand is set up for packages about this."""
    package_type = package_type_for(brand, subject)
    if package_type is None or (subject == Subject.ORDER and not design_of(brand).merchant_identifier):
        return False
    return package_type.credentials.filter(is_active=True).exists()


def download(package: Callable[[], Package], name: str) -> HttpResponse:
    """A package to open on the phone; 503 with the reason when nothing can be signed."""
    try:
        found = package()
        content = built(found)
    except NotSignable as error:
        return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")
    return _attachment(content, found.type.kind.mime, f"{name}.{found.type.kind.extension}")


def _attachment(content: bytes, mime: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=mime)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


class MyWallet(BrandPage):
    """Everything of the member who signed in."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show passes, orders and the store card; who has not signed in is asked to."""
        member = member_of(request, self.brand)
        if member is None:
            return redirect("sign-in", slug)
        passes = self.brand.passes.filter(member=member).exclude(qr_code="").select_related("coupon__brand")
        orders = self.brand.orders.filter(member=member).order_by("-number")
        return self.page(
            "wallet",
            passes=[(one, key_of(one)) for one in passes.order_by("-pk")[:100]],
            orders=orders[:100],
            qr=qr_of(str(member.uuid)),
            can_add=has_wallet(self.brand, "store_card"),
        )


class MyCard(BrandPage):
    """The store card as a package."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Answer with it."""
        member = member_of(request, self.brand)
        return download(lambda: card_package(member), self.brand.slug) if member else redirect("sign-in", slug)


class OrderPage(BrandPage):
    """One order."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find it, and whether it may be seen."""
        super().setup(request, *args, **kwargs)
        orders = self.brand.orders.select_related("brand", "member", "payment")
        self.order: Order = get_object_or_404(orders, uuid=kwargs["order_id"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Ask whoever may not see it to sign in."""
        if not may_see(request, self.order):
            return redirect("sign-in", self.brand.slug)
        return super().dispatch(request, *args, **kwargs)

    def passes(self) -> list[Pass]:
        """What was bought."""
        items = self.order.items.select_related("issued_pass__coupon__brand").order_by("pk")
        return [item.issued_pass for item in items]

    def get(self, request: HttpRequest, slug: str, order_id: UUID) -> HttpResponse:
        """Show it."""
        passes = self.passes()
        return self.page(
            "order",
            order=self.order,
            passes=[(one, key_of(one)) for one in passes],
            fulfillments=self.order.fulfillments.order_by("pk"),
            is_paid=self.order.status == OrderStatus.PAID,
            bundles=range(1, -(-len(passes) // MOST_IN_BUNDLE) + 1),
            can_add=has_wallet(self.brand, "coupon"),
            can_track=has_wallet(self.brand, "order"),
        )


class OrderFile(OrderPage):
    """An order as a package."""

    def get(self, request: HttpRequest, slug: str, order_id: UUID) -> HttpResponse:
        """Answer with it."""
        return download(lambda: order_package(self.order), f"order-{self.order.number}")


class OrderPasses(OrderPage):
    """An order's passes, to add at once: at most ten in a file, Apple's limit; further ones by `?part=`."""

    def get(self, request: HttpRequest, slug: str, order_id: UUID) -> HttpResponse:
        """Answer with them."""
        part = request.GET.get("part", "1")
        start = (int(part) - 1) * MOST_IN_BUNDLE if part.isascii() and part.isdecimal() and len(part) < 5 else -1  # noqa: PLR2004 -- sane
        passes = [one for one in self.passes() if one.qr_code]
        chosen = passes[start : start + MOST_IN_BUNDLE] if start >= 0 else []
        if not chosen:
            raise Http404
        try:
            content = bundle([built(pass_package(one)) for one in chosen])
        except NotSignable as error:
            return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")
        return _attachment(content, MIME_OF_BUNDLE, f"order-{self.order.number}.pkpasses")


class OrderDetails(OrderPage):
    """What Apple Pay's `orderDetails` wants, so that the phone fetches the order itself (apple-wallet.md §A.7)."""

    def get(self, request: HttpRequest, slug: str, order_id: UUID) -> HttpResponse:
        """Answer with the four texts. They open the order: only this checkout's browser gets them."""
        try:
            package = order_package(self.order)
        except NotSignable as error:
            return JsonResponse({"message": str(error)}, status=error.status)
        details = {
            "orderTypeIdentifier": package.type.identifier,
            "orderIdentifier": str(package.serial),
            "webServiceURL": web_service_url(package.type),
            "authenticationToken": token_of(package),
        }
        response = JsonResponse(details)
        response["Cache-Control"] = "private, no-store"
        return response


class PassPage(BrandPage):
    """One pass, with its QR code."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find it."""
        super().setup(request, *args, **kwargs)
        passes = self.brand.passes.exclude(qr_code="").select_related("coupon__brand", "item__order")
        self.issued: Pass = get_object_or_404(passes, uuid=kwargs["pass_id"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Open it by its key, to the browser that bought it, or to its member; nobody else learns that it exists."""
        item = getattr(self.issued, "item", None)
        member = member_of(request, self.brand)
        is_theirs = member is not None and member.pk == self.issued.member_id
        if not (opens(self.issued, request.GET.get("key", "")) or is_theirs or (item and may_see(request, item.order))):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, slug: str, pass_id: UUID) -> HttpResponse:
        """Show it."""
        return self.page(
            "pass",
            issued=self.issued,
            key=key_of(self.issued),
            qr=qr_of(self.issued.qr_code),
            can_add=has_wallet(self.brand, "coupon"),
        )


class PassFile(PassPage):
    """A pass as a package."""

    def get(self, request: HttpRequest, slug: str, pass_id: UUID) -> HttpResponse:
        """Answer with it."""
        return download(lambda: pass_package(self.issued), f"{self.brand.slug}-{self.issued.qr_code[:6].lower()}")
