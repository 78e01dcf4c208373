"""The admin's side bar: what leads where, and who sees it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sees = str | Callable[[HttpRequest], bool]

FOR_BRANDS = "shops.brand_admin.works_for_a_brand"  # a partner's developers see what is theirs
FOR_CLIENTS = "buyers.admin_doors.sees_clients"


def _to(page: str, title: Promise, icon: str, permission: Sees = FOR_BRANDS) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{page}"), "permission": permission}


def _list_of(model: str, title: Promise, icon: str, permission: Sees = FOR_BRANDS) -> dict[str, Any]:
    return _to(f"{model}_changelist", title, icon, permission)


NAVIGATION = [
    {"title": None, "items": [_to("index", _("Dashboard"), "dashboard")]},
    {
        "title": _("Shop"),
        "items": [
            _list_of("orders_order", _("Orders"), "receipt_long"),
            _list_of("orders_refund", _("Refunds"), "undo"),
            _list_of("passes_pass", _("Passes"), "qr_code_2"),
            _list_of("passes_coupon", _("Coupons"), "sell"),
            _list_of("jobs_job", _("Jobs"), "pending_actions"),
        ],
    },
    {
        "title": _("Members"),
        "items": [
            _list_of("shops_member", _("Members"), "group"),
            _list_of("shops_pointsentry", _("Points"), "savings"),
        ],
    },
    {
        "title": _("Partners"),
        "items": [
            _list_of("shops_apitoken", _("API tokens"), "key"),
            _list_of("webhooks_endpoint", _("Webhooks"), "webhook"),
            _list_of("webhooks_delivery", _("Deliveries"), "outbox"),
            _list_of("webhooks_call", _("Calls"), "call_made"),
            _list_of("webhooks_examreport", _("Receiver exams"), "quiz"),
        ],
    },
    {
        "title": _("Apple Wallet"),
        "items": [
            _list_of("applewallet_packagetype", _("Diagnosis"), "stethoscope"),
            _list_of("applewallet_design", _("Design"), "palette"),
            _list_of("applewallet_credential", _("Certificates"), "workspace_premium"),
            _list_of("applewallet_package", _("Packages"), "wallet"),
            _list_of("applewallet_device", _("Devices"), "smartphone"),
            _list_of("applewallet_push", _("Pushes"), "notifications"),
            _list_of("applewallet_devicelog", _("Device log"), "bug_report"),
        ],
    },
    {
        "title": _("Buyer wallet"),
        "items": [
            _list_of("buyers_client", _("Clients"), "apps", FOR_CLIENTS),
            _list_of("buyers_clientcertificate", _("Clients' certificates"), "workspace_premium", FOR_CLIENTS),
            _list_of("buyers_walletorder", _("Clients' orders"), "package_2", FOR_CLIENTS),
            _list_of("buyers_clientrequest", _("Requests"), "swap_horiz", FOR_CLIENTS),
        ],
    },
    {
        "title": _("Settings"),
        "items": [
            _list_of("shops_brand", _("Brand"), "storefront"),
            _list_of("shops_staff", _("Staff"), "badge"),
            _list_of("accounts_user", _("Users"), "person", lambda request: request.user.is_superuser),
        ],
    },
]
