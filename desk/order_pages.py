"""What the desk adds to an order's page: its story, notes and tags, the member, its neighbours, what the API prints."""

from collections.abc import Callable
from copy import copy
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from applewallet.models import Subject
from desk.deleting import PERMISSION as DELETE_TEST
from desk.deleting import is_test
from desk.notes import add_note, add_tag, remove_tag, tags_of
from desk.proving import LABELS, figure
from desk.timeline import timeline_of
from orders.arithmetic import Equation, equations_of
from orders.models import Order
from orders.reading import one_order
from passes.models import PassStatus
from shops.errors import InvalidInput
from shops.models import Member


class OrderDesk:
    """Adds them to the orders' admin."""

    admin_site: Any
    opts: Any

    def get_urls(self: Any) -> list[Any]:
        """Put the pages and verbs below the order's own."""
        pages = [
            ("json", "view", self.as_json),
            ("notes", "process order", _post_only(self.note)),
            ("tags", "process order", _post_only(self.tag)),
        ]
        own = [
            path(f"<path:object_id>/{name}/", self.desk_page(permission, view), name=f"orders_order_{name}")
            for name, permission, view in pages
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def desk_page(self: Any, permission: str, view: Callable[..., HttpResponse]) -> Any:
        """The door: an order of one of the user's own brands, and a role that allows it."""

        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            order = self.get_object(request, object_id)
            if order is None:
                answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return answer
            if not self.may(request, permission, order):
                raise PermissionDenied
            return view(request, order)

        return self.admin_site.admin_view(page)

    def change_view(
        self: Any, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the order's page with all of it."""
        answer: Any = super().change_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        if isinstance(answer, TemplateResponse) and answer.context_data and "original" in answer.context_data:
            order = answer.context_data["original"]
            test = is_test(order)
            answer.template_name = "desk/order.html"
            answer.context_data |= {
                "timeline": timeline_of(order),
                "tags": tags_of(order),
                "card": member_card(order.member) | {"wallet": in_wallet(order)},
                "equations": [_shown(one, order) for one in equations_of(order)],
                "is_test": test,
                "may_delete_test": test and self.may(request, DELETE_TEST, order),
                "may_note": self.may(request, "process order", order),
                "api_url": f"{settings.PUBLIC_URL}/shops/{order.brand.uuid}/orders/{order.uuid}",
                "filters": request.GET.get("_changelist_filters", ""),
                **self._neighbours(request, order),
            }
        return answer

    def _neighbours(self: Any, request: HttpRequest, order: Order) -> dict[str, int | None]:
        """The next newer and the next older order in the list that this page was opened from."""
        rows = self._rows_of_list(request)
        by = "pk" if self.asks_for_brand(request) else "number"
        here = getattr(order, by)
        newer = rows.filter(**{f"{by}__gt": here}).order_by(by)
        older = rows.filter(**{f"{by}__lt": here}).order_by(f"-{by}")
        return {"newer": _first_key(newer), "older": _first_key(older)}

    def _rows_of_list(self: Any, request: HttpRequest) -> QuerySet[Order]:
        """What that list holds: all of the user's orders if it was not filtered, or by nothing that makes sense."""
        query = request.GET.get("_changelist_filters", "")
        if query:
            inner = copy(request)
            inner.GET = QueryDict(query)
            try:
                rows: QuerySet[Order] = self.get_changelist_instance(inner).queryset
            except (IncorrectLookupParameters, SuspiciousOperation):
                pass
            else:
                return rows
        everything: QuerySet[Order] = self.get_queryset(request)
        return everything

    def as_json(self: Any, request: HttpRequest, order: Order) -> HttpResponse:
        """What the API answers for this order, as a partner sees it."""
        found = one_order(order.brand, order.uuid)
        printed = orjson.loads(orjson.dumps(found[0])) if found else None
        text = orjson.dumps(printed, option=orjson.OPT_INDENT_2).decode()
        title = _("Order %(number)s as the partner sees it") % {"number": order.number}
        answer: HttpResponse = self.show(request, order, "json", title=title, text=text)
        answer.template_name = "desk/json.html"  # type: ignore[attr-defined]
        return answer

    def note(self: Any, request: HttpRequest, order: Order) -> HttpResponse:
        """Write a note."""
        try:
            add_note(order, request.POST.get("text", ""), by=str(request.user))
        except InvalidInput as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("The note is written."))
        return _back(request, order)

    def tag(self: Any, request: HttpRequest, order: Order) -> HttpResponse:
        """Hang a tag on the order, or take one off."""
        try:
            if "remove" in request.POST:
                remove_tag(order, request.POST["remove"])
            else:
                add_tag(order, request.POST.get("tag", ""))
        except InvalidInput as error:
            messages.warning(request, str(error))
        return _back(request, order)


def member_card(member: Member) -> dict[str, Any]:
    """Who bought it: points, orders, passes that can be used."""
    usable = member.passes.filter(status=PassStatus.ACTIVE).exclude(qr_code="")
    return {
        "member": member,
        "orders": member.orders.count(),
        "passes": usable.count(),
        "latest": list(member.orders.order_by("-number")[:5]),
    }


def _shown(one: Equation, order: Order) -> dict[str, Any]:
    says, must_be = (figure(one.name, value, order) for value in (one.says, one.must_be))
    return {"label": LABELS[one.name], "says": says, "must_be": must_be, "holds": one.holds}


def in_wallet(order: Order) -> dict[str, bool | int]:
    """What of the member's a phone holds in Apple Wallet: this order, passes that can be used, the store card."""
    member, brand = order.member, order.brand
    usable = member.passes.filter(status=PassStatus.ACTIVE).exclude(qr_code="").values("uuid")
    about = (
        Q(subject=Subject.ORDER, subject_uuid=order.uuid)
        | Q(subject=Subject.STORE_CARD, subject_uuid=member.uuid)
        | Q(subject=Subject.COUPON, subject_uuid__in=usable)
    )
    held = brand.packages.filter(about).filter(Exists(brand.registrations.filter(package=OuterRef("pk"))))
    subjects = list(held.values_list("subject", flat=True))
    return {
        "order": Subject.ORDER in subjects,
        "card": Subject.STORE_CARD in subjects,
        "passes": subjects.count(Subject.COUPON),
    }


def _first_key(rows: QuerySet[Order]) -> int | None:
    return rows.values_list("pk", flat=True).first()


def _post_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def page(request: HttpRequest, order: Order) -> HttpResponse:
        return view(request, order) if request.method == "POST" else HttpResponseNotAllowed(["POST"])

    return page


def _back(request: HttpRequest, order: Order) -> HttpResponse:
    query = QueryDict(mutable=True)
    filters = request.POST.get("filters", "")
    if dict(parse_qsl(filters)):
        query["_changelist_filters"] = filters
    url = reverse("admin:orders_order_change", args=[order.pk])
    return redirect(f"{url}?{query.urlencode()}" if query else url)
