"""Who is looking: what this browser bought, and the member who signed in with it. Both by brand, in the session."""

from datetime import UTC
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models.functions import Now
from django.http import HttpRequest

from orders.models import Order
from shops.models import Brand, Member

SALT = "storefront.sign-in"
LINK_LASTS = 30 * 60  # seconds
MOST_KEPT = 50  # orders that a session remembers


def remember_order(request: HttpRequest, order: Order) -> None:
    """This browser placed `order`, and may see it."""
    seen = request.session.get("orders", [])
    request.session["orders"] = [*seen, str(order.uuid)][-MOST_KEPT:]


def may_see(request: HttpRequest, order: Order) -> bool:
    """Whether this browser placed `order`, or its member signed in."""
    member = member_of(request, order.brand)
    return str(order.uuid) in request.session.get("orders", []) or (member is not None and member.pk == order.member_id)


def member_of(request: HttpRequest, brand: Brand) -> Member | None:
    """The brand's member who signed in with this browser. The database is asked once per request."""
    known = vars(request).setdefault("_members", {})
    key = request.session.get(f"member {brand.pk}")
    if key and key not in known:
        known[key] = brand.members.select_related("brand").filter(pk=key).first()
    return known.get(key)


def sign_in_url(member: Member) -> str:
    """A link that signs `member` in, once, within LINK_LASTS."""
    token = signing.dumps([str(member.uuid), _last_time(member)], salt=SALT)
    return f"{settings.PUBLIC_URL}/s/{member.brand.slug}/sign-in/{token}"


def _last_time(member: Member) -> str:
    """Part of every link: once it was used, all that were made before it are void."""
    return member.signed_in_at.astimezone(UTC).isoformat() if member.signed_in_at else ""


def member_with(brand: Brand, token: str) -> Member | None:
    """The member whom a link's token signs in; None if it is spent, too old, or another brand's."""
    try:
        uuid, last_time = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except (signing.BadSignature, ValueError):
        return None
    member = brand.members.filter(uuid=uuid).first()
    return member if member and _last_time(member) == last_time else None


def sign_in(request: HttpRequest, brand: Brand, token: str) -> Member | None:
    """Sign in the member of this token, which is spent then. None if it was spent already."""
    member = member_with(brand, token)
    if member is None:
        return None
    unspent = brand.members.filter(pk=member.pk, signed_in_at=member.signed_in_at)
    if not unspent.update(signed_in_at=Now()):
        return None
    kept: dict[str, Any] = dict(request.session.items())
    request.session.flush()  # a new session key: what somebody planted before is worth nothing
    request.session.update({**kept, f"member {brand.pk}": member.pk})
    return member


def sign_out(request: HttpRequest, brand: Brand) -> None:
    """Forget who signed in, what this browser bought, and what is in its cart."""
    request.session.pop(f"member {brand.pk}", None)
    request.session.pop("orders", None)
    request.session.pop(f"cart {brand.pk}", None)
