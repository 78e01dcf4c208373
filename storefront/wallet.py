"""A member's passes, orders and store card, and the files that add them to Apple Wallet.

Orders are shown to the browser that placed them, or to their member who signed in; nobody else can fetch one, whatever
address they know (apple-wallet.md §A.7). A pass also opens by the key of its link in a mail.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import segno
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import SafeString, mark_safe

from applewallet.kinds import MIME_OF_BUNDLE
from applewallet.models import Package
from applewallet.package import MOST_IN_BUNDLE, bundle
from applewallet.services import NotSignable, built, has_wallet, token_of, web_service_url
from orders.models import Order, OrderStatus
from orders.paying import catch_up
from orders.payments import checkout_url
from orders.phones import order_package
from passes.links import key_of, opens
from passes.models import Pass, PassStatus
from passes.phones import card_package, pass_package
from passes.services import IS_OVER
from shops.models import Member
from shops.numbers import whole_number
from storefront.history import bought_in, entries_of, is_underway, timeline_of
from storefront.pages import BrandPage
from storefront.visitors import may_see, member_of

PER_PAGE = 25  # orders, or lines of the ledger
LATEST = 5  # orders beside the passes
MOST_PASSES = 100


def qr_of(text: str) -> SafeString:
    """A QR code as an SVG that takes the page's width."""
    code = segno.make(text, error="m", micro=False)
    svg = code.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None, dark="#000", light="#fff")
    return mark_safe(svg)  # noqa: S308 -- segno's own markup; the text is in it as modules only


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


def shown_passes(member: Member) -> list[Pass]:
    """A member's passes, the newest first, and before all others those that are active: each part along an index."""
    passes = member.passes.exclude(qr_code="").select_related("coupon__brand").annotate(**IS_OVER).order_by("-pk")
    usable = list(passes.filter(status=PassStatus.ACTIVE)[:MOST_PASSES])
    return [*usable, *passes.exclude(status=PassStatus.ACTIVE)[: MOST_PASSES - len(usable)]]


class MyWallet(BrandPage):
    """The store card, passes and latest orders of the member who signed in."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show them; who has not signed in is asked to."""
        member = member_of(request, self.brand)
        if member is None:
            return redirect("sign-in", slug)
        return self.page(
            "wallet",
            passes=[(one, key_of(one)) for one in shown_passes(member)],
            orders=member.orders.order_by("-number")[:LATEST],
            qr=qr_of(str(member.uuid)),
            worth=self.brand.worth_of(member.points),
            can_add=has_wallet(self.brand, "store_card"),
        )


class MyOrders(BrandPage):
    """All orders of the member who signed in."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show a page of them."""
        member = member_of(request, self.brand)
        if member is None:
            return redirect("sign-in", slug)
        orders = member.orders.order_by("-number")
        return self.page("orders", orders=Paginator(orders, PER_PAGE).get_page(request.GET.get("page")))


class MyPoints(BrandPage):
    """Why the member who signed in has so many points."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show a page of the ledger, the newest first."""
        member = member_of(request, self.brand)
        if member is None:
            return redirect("sign-in", slug)
        lines = member.points_entries.order_by("-pk")
        shown = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
        worth = self.brand.worth_of(member.points)
        return self.page("points", lines=shown, entries=entries_of(self.brand, list(shown)), worth=worth)


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
        passes = self.brand.passes.filter(item__order=self.order).select_related("coupon__brand")
        return list(passes.annotate(**IS_OVER).order_by("item__pk"))

    def get(self, request: HttpRequest, slug: str, order_id: UUID) -> HttpResponse:
        """Show it; members come back here from the payment provider's page, perhaps before its webhook does."""
        payment = getattr(self.order, "payment", None)
        if payment and payment.due_at and payment.provider_id:
            payment = catch_up(payment)
            self.order.refresh_from_db(fields=["status"])
        passes = self.passes()
        is_open = self.order.status == OrderStatus.OPEN
        return self.page(
            "order",
            order=self.order,
            passes=[(one, key_of(one)) for one in passes],
            bought=bought_in(self.order),
            price=self.order.worth(self.order.total_order_points_price),
            steps=timeline_of(self.order, passes),
            is_paid=self.order.status == OrderStatus.PAID,
            came_to_nothing=not self.order.is_stated and self.order.status not in {OrderStatus.OPEN, OrderStatus.PAID},
            is_underway=is_underway(self.order),
            payment=payment,
            pay_url=checkout_url(payment) if payment and is_open else "",
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
        part = whole_number(request.GET.get("part", "1")) or 0
        passes = [one for one in self.passes() if one.qr_code]
        chosen = passes[(part - 1) * MOST_IN_BUNDLE : part * MOST_IN_BUNDLE] if part else []
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
        passes = self.brand.passes.exclude(qr_code="").select_related("coupon__brand", "member", "item__order__brand")
        self.issued: Pass = get_object_or_404(passes.annotate(**IS_OVER), uuid=kwargs["pass_id"])

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
