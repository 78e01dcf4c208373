"""Orders that clients keep us informed of, in the admin: the last body, what is odd about it, and how it came to be."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from buyers.admin_doors import ClientAdminDoor
from buyers.admin_requests import ClientFilter
from buyers.history import PAYMENT, SHIPMENT
from buyers.models import WalletOrder
from buyers.tracking import track_id
from shops.brand_admin import ReadOnly
from shops.permissions import may
from shops.sentences import in_language
from shops.speaking import second

MOST_SHOWN = 50


class WalletOrderAdmin(ReadOnly, ClientAdminDoor):
    """For superusers and the client's developers, who see what they sent. Who the buyer is stays with us."""

    list_display = ["external_id", "client", "number", "payment", "shipment", "findings_badge", "updated_at"]
    list_filter = [ClientFilter]
    list_select_related = ["client"]
    sortable_by = ["external_id", "client"]  # what an index sorts by
    search_fields = ["external_id__exact"]
    search_help_text = _("The client's whole ID of the order")
    fields = [
        "client",
        "external_id",
        "ours",
        "track_link",
        "created_at",
        "updated_at",
        "all_findings",
        "last_body",
        "all_revisions",
    ]
    readonly_fields = ["ours", "ours_linked", "track_link", "all_findings", "last_body", "all_revisions"]
    ordering = ["-pk"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Our order as a link for whoever may open it: a partner's developer mostly may not."""
        ours = obj and obj.order
        opens = bool(ours) and may(request.user, "view", ours.brand_id)
        return ["ours_linked" if opens and name == "ours" else name for name in self.fields]

    @display(description=_("number"))
    def number(self, order: WalletOrder) -> str:
        """The client's."""
        return _said(order, "orderNumber")

    @display(description=_("payment"))
    def payment(self, order: WalletOrder) -> str:
        """What the client says of it, in words."""
        return _said(order, "paymentStatus", PAYMENT)

    @display(description=_("shipment"))
    def shipment(self, order: WalletOrder) -> str:
        """What the client says of it, in words."""
        return _said(order, "shipmentStatus", SHIPMENT)

    @display(description=_("findings"), label={"none": "success", "some": "warning"})
    def findings_badge(self, order: WalletOrder) -> tuple[str, str]:
        """How many there are."""
        return ("some", str(len(order.findings))) if order.findings else ("none", "0")

    @display(description=_("our order"))
    def ours(self, order: WalletOrder) -> Any:
        """The brand's order, once the merchant is known to be one of our brands."""
        if order.order is None:
            return _("None: no brand is known for the merchant “%(id)s”.") % {"id": order.merchant_id}
        return f"{order.order.brand}: {order.order.number} ({order.order.uuid})"

    @display(description=_("our order"))
    def ours_linked(self, order: WalletOrder) -> Any:
        """The same, leading there."""
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[order.order_id]), self.ours(order)
        )

    @display(description=_("track link"))
    def track_link(self, order: WalletOrder) -> str:
        """Where the buyer finds it."""
        return f"/po/{track_id(order)}"

    @display(description=_("findings"))
    def all_findings(self, order: WalletOrder) -> Any:
        """Field, code and reason of each."""
        rows = ((one["field"], one["code"], in_language(one["message"])) for one in order.findings)
        shown = format_html_join("", '<li><span class="wa-code">{}</span> {}: {}</li>', rows)
        return format_html("<ul>{}</ul>", shown) if order.findings else _("None.")

    @display(description=_("last body"))
    def last_body(self, order: WalletOrder) -> Any:
        """The whole of it."""
        if order.state is None and not order.buyer.is_active:
            return _("The buyer closed the wallet; what was said of the order before is forgotten.")
        if order.state is None:
            return _("The client confirmed the order and has said nothing of it yet.")
        return format_html(
            '<pre class="wa-block" tabindex="0">{}</pre>',
            orjson.dumps(order.state, option=orjson.OPT_INDENT_2).decode(),
        )

    @display(description=_("updates, the newest first"))
    def all_revisions(self, order: WalletOrder) -> Any:
        """When, and where they differ from the one before."""
        rows = (
            (second(one.created_at), ", ".join(one.changes[:MOST_SHOWN]), one.digest[:12])
            for one in order.revisions.all()
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {} ({})</li>", rows))


def _said(order: WalletOrder, key: str, words: Mapping[str, Any] = MappingProxyType({})) -> Any:
    said = order.state[key] if order.state else ""
    return words.get(said, said)
