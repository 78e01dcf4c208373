"""What staff may do: one table, and the questions the admin asks of it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from shops.models import Brand, Role, Staff

VIEWER = frozenset({"view"})
SUPPORT = VIEWER | {"process order", "send mail", "ask clinic", "redeem pass", "block pass", "push pass"}
MANAGER = SUPPORT | {
    "cancel order",
    "refund order",
    "void pass",
    "add coupon",
    "change coupon",
    "delete coupon",
    "change shop",
    "change member",
    "merge member",
    "export member",
    "erase member",
    "correct points",
    "export data",
    "import members",
    "add endpoint",
    "change endpoint",
    "delete endpoint",
    "test endpoint",
    "hold exam",
    "rotate key",
    "send again",
    "cancel delivery",
    "resume pushes",
}
OWNER = MANAGER | {
    "change brand",
    "delete test order",
    "add staff",
    "change staff",
    "delete staff",
    "add apitoken",
    "revoke apitoken",
    "add design",
    "change design",
    "add credential",
    "change push key",
}
PERMISSIONS: Mapping[str, frozenset[str]] = {
    Role.VIEWER: VIEWER,
    Role.SUPPORT: SUPPORT,
    Role.MANAGER: MANAGER,
    Role.OWNER: OWNER,
}


def places_of(user: Any) -> list[Staff]:
    """The user's places in the teams of brands, with the brands. Asked of the database once per request."""
    if not user.is_authenticated:
        return []
    prefetch_related_objects([user], Prefetch("places", Staff.objects.select_related("brand")))
    return list(user.places.all())


def roles_of(user: Any) -> dict[int, str]:
    """The user's role in each of their brands, by the brand's key."""
    return {place.brand_id: place.role for place in places_of(user)}


def brand_ids_where(user: Any, permission: str) -> list[int]:
    """The keys of the brands in which this user, not a superuser, has `permission`."""
    return [brand_id for brand_id, role in roles_of(user).items() if permission in PERMISSIONS[role]]


def brands_where(user: Any, permission: str) -> QuerySet[Brand]:
    """The brands in which the user has `permission`: all of them for a superuser."""
    brands = Brand.objects.order_by("name")  # the root of all: there is no row above it to start from
    return brands if user.is_superuser else brands.filter(pk__in=brand_ids_where(user, permission))


def may(user: Any, permission: str, brand_id: int | None = None) -> bool:
    """Whether the user has `permission` in this brand, or in any brand if none is named."""
    if user.is_superuser:
        return True
    allowed = brand_ids_where(user, permission)
    return bool(allowed) if brand_id is None else brand_id in allowed


def sees_several_brands(user: Any) -> bool:
    """Whether lists and forms must say which brand a row is of."""
    return user.is_superuser or len(roles_of(user)) > 1
