"""What `bench pages` looks at: a brand with many orders up to today, who looks at it, and the pages they look at."""

import datetime as dt
from typing import NamedTuple
from urllib.parse import quote_plus

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils.http import urlencode  # noqa: E402

from accounts.models import User  # noqa: E402 -- models need the set-up
from bench.support.machine import HOST  # noqa: E402
from orders import bulk  # noqa: E402
from orders.invention import STEP  # noqa: E402
from orders.models import Order  # noqa: E402
from shops.models import Brand, Member, Role, Staff  # noqa: E402

SLUG = "bench-pages"
PAID_BY_MEMBER = range(15, 120)  # orders, by the member who looks: more than most have
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Look(NamedTuple):
    """A page, the session that looks at it, and words that must stand there."""

    path: str
    session: str
    words: str

    @property
    def head(self) -> str:
        """The request."""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/html\r\nAccept-Language: en\r\n"
            f"Cookie: sessionid={self.session}\r\n\r\n"
        )


def seed(count: int) -> Brand:
    """A brand whose newest of `count` orders was placed a moment ago, so that the dashboard has a month to count."""
    brand = Brand.objects.create(slug=SLUG, name="Bench", payment_provider="sandbox")
    began = dt.datetime.now(dt.UTC) - (count + 100) * STEP
    bulk.seed_orders(brand, count, seed=1, calendar=lambda number: began + number * STEP)
    return brand


def staff_session(brand: Brand, *, name: str = "manager", is_superuser: bool = False) -> str:
    """The session of one of the brand's managers, or of somebody who sees all brands."""
    fields = {"email": f"{name}@bench.example", "name": name, "is_staff": True, "is_superuser": is_superuser}
    user = User.objects.create(**fields)
    Staff.objects.create(brand=brand, user=user, role=Role.MANAGER)
    keys = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: user.get_session_auth_hash()}
    return _session(keys)


def member_session(member: Member) -> str:
    """The session of a member with two coupons in the cart."""
    coupons = member.brand.coupons.order_by("pk")[:2]
    cart = {str(coupon.uuid): 2 for coupon in coupons}
    return _session({f"member {member.brand_id}": member.pk, f"cart {member.brand_id}": cart})


def _session(content: dict[str, object]) -> str:
    store = SessionStore()
    store.update(content)
    store.create()
    return str(store.session_key)


def storefront(brand: Brand) -> dict[str, Look]:
    """What a member looks at who has bought a lot, and the two longest lists of who buys most."""
    order = _order_of_a_member(brand)
    member, busiest = order.member, brand.members.select_related("brand").order_by("pk")[0]
    session, shop = member_session(member), f"/s/{brand.slug}/"
    coupon, item = brand.coupons.order_by("pk")[0], order.items.select_related("issued_pass")[0]
    pages = {
        "shop": Look(shop, session, "Coupon 1"),
        "coupon": Look(f"{shop}coupons/{coupon.uuid}", session, coupon.title),
        "cart": Look(f"{shop}cart", session, coupon.title),
        "checkout": Look(f"{shop}checkout", session, coupon.title),
        "wallet": Look(f"{shop}me", session, "Store card"),
        "points": Look(f"{shop}me/points", session, "Spent on an order"),
        "orders": Look(f"{shop}me/orders", session, "Order "),
        "order": Look(f"{shop}orders/{order.uuid}", session, str(order.number)),
        "pass": Look(f"{shop}passes/{item.issued_pass.uuid}", session, item.issued_pass.qr_code),
    }
    session = member_session(busiest)
    return pages | {
        "wallet_busiest": Look(f"{shop}me", session, "Store card"),
        "orders_busiest": Look(f"{shop}me/orders", session, "Order "),
    }


def _order_of_a_member(brand: Brand) -> Order:
    """A paid order of a member who has many."""
    for member in brand.members.order_by("pk")[500:600]:
        paid = brand.orders.filter(member=member, status="paid").select_related("member__brand")
        if len(found := list(paid)) in PAID_BY_MEMBER:
            return found[0]
    raise RuntimeError("no member has as many orders as this wants")


def _first_day(brand: Brand) -> str:
    """The filter of the first whole day of the brand's orders: the furthest from where the list begins."""
    day = brand.orders.order_by("number")[0].created_at.date() + dt.timedelta(days=1)
    return urlencode({"created_at_from": day, "created_at_to": day})


def admin(brand: Brand) -> dict[str, Look]:
    """What a manager looks at, and the list of orders as a superuser sees it."""
    session = staff_session(brand)
    order = brand.orders.select_related("member").get(number=brand.orders.count() // 2)
    orders, number, email = reverse("admin:orders_order_changelist"), str(order.number), order.member.email
    members, points = reverse("admin:shops_member_changelist"), reverse("admin:shops_pointsentry_changelist")
    name, passes = quote_plus(order.member.name), reverse("admin:passes_pass_changelist")
    return {
        "dashboard": Look(reverse("admin:index"), session, "At a glance"),
        "admin_orders": Look(orders, session, "orders"),
        "admin_orders_paid": Look(f"{orders}?status__exact=paid", session, "orders"),
        "admin_orders_to_fulfil": Look(f"{orders}?status__exact=paid&processing_status__exact=open", session, "orders"),
        "admin_orders_page_2": Look(f"{orders}?p=2", session, "orders"),
        "admin_orders_by_number": Look(f"{orders}?q={number}", session, number),
        "admin_orders_by_email": Look(f"{orders}?q={email}", session, email),
        "admin_orders_by_email_start": Look(f"{orders}?q={email.split('@')[0]}", session, email),
        "admin_orders_of_days": Look(f"{orders}?{_first_day(brand)}", session, "orders"),
        "admin_orders_superuser": Look(orders, staff_session(brand, name="root", is_superuser=True), "orders"),
        "admin_order": Look(reverse("admin:orders_order_change", args=[order.pk]), session, number),
        "admin_members": Look(members, session, "@seeded.example"),
        "admin_members_by_email": Look(f"{members}?q={email}", session, email),
        "admin_members_by_name": Look(f"{members}?q={name}", session, "@seeded.example"),
        "admin_members_by_part_of_name": Look(f"{members}?q={name[1:4]}", session, "@seeded.example"),
        "admin_members_nobody": Look(f"{members}?q=xqzw", session, "0 members"),
        "admin_points": Look(points, session, "seeded"),
        "admin_points_by_email": Look(f"{points}?q={email}", session, email),
        "admin_points_by_reference": Look(f"{points}?q=order+{order.uuid}", session, "points entr"),
        "admin_points_given_back": Look(f"{points}?reason__exact=given_back", session, "Given back"),
        "admin_member": Look(reverse("admin:shops_member_change", args=[order.member_id]), session, email),
        "admin_passes": Look(passes, session, "Coupon "),
        "admin_passes_expired": Look(f"{passes}?status__exact=expired", session, "Coupon "),
        "admin_passes_by_email": Look(f"{passes}?q={email}", session, email),
        "admin_deliveries": Look(reverse("admin:webhooks_delivery_changelist"), session, "Delivered"),
    }
