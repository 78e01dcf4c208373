"""Everything that is kept about a member (GDPR, articles 15 and 20), as JSON."""

from typing import Any

import orjson
from django.utils import timezone

from accounts.encryption import decrypt
from desk.erasing import packages_about
from orders.models import Order
from orders.reading import one_order
from shops.exported import column_values, each_row
from shops.models import Member


def known_about(member: Member) -> dict[str, Any]:
    """What the database holds about this person, in the words of its columns."""
    brand = member.brand
    orders = list(member.orders.order_by("number"))
    return {
        "exported_at": timezone.now(),
        "brand": {"name": brand.name, "identifier": brand.uuid},
        "member": column_values(member, "uuid", "email", "name", "points", "signed_in_at", "created_at"),
        "points": each_row(
            member.points_entries.order_by("pk"), "points", "balance", "reason", "reference", "created_at"
        ),
        "orders": [_order(order) for order in orders],
        "passes": [
            {"coupon": one.coupon.title, **column_values(one, *PASS)}
            for one in member.passes.select_related("coupon").order_by("pk")
        ],
        "wallet": _wallet(member),
    }


PASS = (
    "uuid",
    "qr_code",
    "status",
    "expiration_date",
    "redeemed_at",
    "redeemed_by",
    "blocked_at",
    "blocked_reason",
    "voided_at",
    "created_at",
)
FULFILLMENT = (
    "uuid",
    "kind",
    "status",
    "notes",
    "carrier",
    "tracking_number",
    "given_name",
    "family_name",
    "organization_name",
    "address_lines",
    "postal_code",
    "locality",
    "country_code",
    "created_at",
)


def _order(order: Order) -> dict[str, Any]:
    found = one_order(order.brand, order.uuid)
    return {
        "order": orjson.loads(orjson.dumps(found[0])) if found else None,
        "fulfillments": each_row(order.fulfillments.order_by("pk"), *FULFILLMENT),
        "refunds": each_row(order.refunds.order_by("pk"), "uuid", "status", "amount", "currency", "points", "reason"),
        "chargebacks": each_row(order.chargebacks.all(), "amount", "currency", "reason", "charged_at", "reversed_at"),
        "returns": each_row(order.returns.order_by("pk"), "uuid", "return_number", "status", "notes", "created_at"),
        "mails": each_row(order.brand.order_mails.filter(order=order), "state", "created_at", "sent_at"),
        "notes": each_row(order.brand.order_notes.filter(order=order).order_by("pk"), "text", "by", "created_at"),
        "tags": list(order.brand.order_tags.filter(order=order).values_list("text", flat=True)),
    }


def _wallet(member: Member) -> dict[str, Any]:
    brand = member.brand
    packages = list(packages_about(member).order_by("pk"))
    held = brand.registrations.filter(package__in=packages).select_related("device", "package").order_by("pk")
    answers = brand.personalizations.filter(package__in=packages).order_by("pk")
    return {
        "packages": each_row(packages, "subject", "serial", "created_at", "last_modified"),
        "devices": [
            {"serial": one.package.serial, "device": one.device.library_identifier, "since": one.registered_at}
            for one in held
        ],
        "sign_ups": [orjson.loads(decrypt(bytes(one.encrypted_answers))) for one in answers],
    }
