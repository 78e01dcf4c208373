"""manage.py seed_demo: two brands to look at, and what one needs to use them."""

import json
import random
from argparse import ArgumentParser
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.core.management import BaseCommand
from django.db import transaction

from accounts.models import User
from applewallet.credentials import install_test
from applewallet.kinds import KINDS
from applewallet.models import Design
from desk.notes import add_note, add_tag
from orders import services
from orders.fulfillments import add_fulfillment
from orders.models import Order, OrderItem, OrderStatus, ProcessingStatus
from orders.payments import Provider
from orders.refunds import request_refund
from orders.returns import open_return
from passes.models import Coupon
from passes.services import redeem
from shops.actors import ActorKind, acting_as
from shops.models import Brand, Member, Role, Staff
from shops.services import earn_points, issue_token
from walletapp.demo_history import make_history
from walletapp.demo_partner import make_partner
from walletapp.demo_pictures import coupon_picture, logo
from webhooks.services import add_endpoint

PASSWORD = "walletapp-demo"  # noqa: S105 -- of a demo that answers on loopback only
Sold = tuple[str, int, int | None, int | None, str]  # title, points, stock, days of validity, description
BRANDS: list[dict[str, Any]] = [
    {
        "slug": "cafe-noord",
        "name": "Café Noord",
        "currency": "EUR",
        "point_value": 100,
        "primary_color": "#7a3b1d",
        "coupons": [
            ("Cappuccino", 350, None, 90, "With oat milk if you like."),
            ("Breakfast for two", 2900, 90, 60, "Eggs, bread from next door, fruit, and coffee as long as you stay."),
            ("Apple pie, whole", 2250, 75, 30, "Baked in the morning. Serves ten."),
            ("Barista course", 6500, 60, 365, "An afternoon at the machine, for one. Apron included."),
            ("Tasting of five beans", 1450, 40, 120, "Five cups from five farms, on Thursdays at four."),
            ("Tin of loose tea", 1200, 14, None, "100 grams of the house blend."),
        ],
    },
    {
        "slug": "velo-works",
        "name": "Velo Works",
        "currency": "GBP",
        "point_value": 50,
        "primary_color": "#0f5c4d",
        "coupons": [
            ("Small service", 2450, None, 180, "Brakes, gears and chain, while you wait."),
            ("Inner tube", 300, 200, None, "28 inches, fitted by us."),
            ("Day hire, city bike", 900, 60, 365, "From nine to seven, with a lock and a basket."),
        ],
    },
]
PEOPLE = [
    "Anna de Vries",
    "Bram Jansen",
    "Chloé Martin",
    "Daan Visser",
    "Emma Brown",
    "Femke Bakker",
    "Guy O'Neill",
    "Hana Sato",
]


@cache
def hashed_password() -> str:
    """Hashed once: hashing is slow on purpose."""
    return make_password(PASSWORD)


class Command(BaseCommand):
    """Seed once; later runs only point the demo's endpoints at where the receiver listens now."""

    help = "Make the demo's brands once, and print as JSON what one needs to use them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--receiver-url", required=True, help="where the demo's webhooks go")

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        """Make or update the demo. Tokens and keys are printed by the run that makes them, and null later."""
        admin = self._user("admin@walletapp.example", "Demo admin", is_superuser=True)
        brands = [self._brand(wanted, options["receiver_url"]) for wanted in BRANDS]
        first = Brand.objects.get(slug=BRANDS[0]["slug"])
        answer = {
            "brands": brands,
            "partner": make_partner(first, options["receiver_url"], hashed_password()),
            "admin": {"email": admin.email, "password": PASSWORD},
            "shop_url": f"/s/{BRANDS[0]['slug']}/",
            "admin_url": "/admin/",
            "docs_url": "/docs/",
        }
        self.stdout.write(json.dumps(answer))

    def _user(self, email: str, name: str, *, is_superuser: bool = False) -> User:
        fields = {"name": name, "is_staff": True, "is_superuser": is_superuser, "password": hashed_password()}
        return User.objects.get_or_create(email=email, defaults=fields)[0]

    def _brand(self, wanted: dict[str, Any], receiver_url: str) -> dict[str, Any]:
        brand = Brand.objects.filter(slug=wanted["slug"]).first()
        token = key = None
        if brand is None:
            columns = {name: value for name, value in wanted.items() if name != "coupons"}
            brand = Brand.objects.create(payment_provider=Provider.SANDBOX, **columns)
            brand.logo.save(f"{brand.slug}.png", ContentFile(logo(brand.slug, brand.primary_color)))
            token, key = self._fill(brand, wanted["coupons"], receiver_url)
        brand.endpoints.filter(url__startswith="http://127.0.0.1:").update(url=receiver_url)
        coupons = brand.coupons.order_by("pk")
        return {
            "name": brand.name,
            "slug": brand.slug,
            "uuid": str(brand.uuid),
            "token": token,
            "webhook_key": key,
            "coupons": [
                {"identifier": str(c.uuid), "title": c.title, "price": str(c.price), "points": c.points}
                for c in coupons
            ],
        }

    def _fill(self, brand: Brand, coupons: list[Sold], receiver_url: str) -> tuple[str, str]:
        for role in Role:
            user = self._user(f"{role}@{brand.slug}.example", f"{role.label} of {brand.name}")
            Staff.objects.create(brand=brand, user=user, role=role)
        for at, coupon in enumerate(coupons, 1):
            self._coupon(brand, f"{brand.slug}-{at}", coupon)
        make_history(brand)
        members = [self._member(brand, name) for name in PEOPLE]
        self._orders(brand, members)
        with acting_as(ActorKind.STAFF, f"support@{brand.slug}.example"):
            self._parts(brand)
            self._uses(brand)
        self._wallet(brand)
        # The endpoint comes last: the orders of the past need not be told.
        _endpoint, key = add_endpoint(brand, url=receiver_url, is_validated=True)
        _token, text = issue_token(brand, name="Demo", abilities=["*"])
        return text, key

    def _wallet(self, brand: Brand) -> None:
        """Certificates of our own authority, which no phone accepts; from now on orders are mailed."""
        for kind in KINDS.values():
            install_test(brand, kind)
        Design.objects.create(
            brand=brand, merchant_identifier=f"merchant.example.{brand.slug}", email=f"hello@{brand.slug}.example"
        )
        brand.mails_orders = True
        brand.save(update_fields=["mails_orders"])

    def _coupon(self, brand: Brand, reference: str, sold: Sold) -> None:
        title, points, stock, days, words = sold
        facts = {"points": points, "stock": stock, "valid_days": days, "description": words}
        coupon = brand.coupons.create(title=title, external_reference=reference, **facts)
        coupon.image.save(f"{reference}.png", ContentFile(coupon_picture(title, brand.primary_color)))

    def _member(self, brand: Brand, name: str) -> Member:
        email = name.lower().replace("é", "e").replace("'", "").replace(" ", ".") + "@example.com"
        member = brand.members.create(email=email, name=name)
        earn_points(member, 500 * (1 + len(name) % 9), reference="welcome")
        return member

    def _orders(self, brand: Brand, members: list[Member]) -> None:
        chance = random.Random(brand.slug)  # noqa: S311 -- the same demo every time
        coupons = list(brand.coupons.select_related("brand").order_by("pk"))
        for _ in range(34):
            coupon: Coupon = chance.choice(coupons)
            points: Any = chance.choice([0, 0, "max"])
            order = services.place_order(chance.choice(members), [(coupon, chance.choice([1, 1, 2]))], points=points)
            self._go_on(order, chance)

    def _parts(self, brand: Brand) -> None:
        """One order on its way, one that waits for its member, and one that comes back."""
        paid = brand.orders.filter(status=OrderStatus.PAID, total__gt=0).order_by("-number")
        sent, waits, back = paid.select_related("brand", "member")[:3]
        add_fulfillment(
            sent, "shipping", status="shipped", carrier="PostNL", tracking_number="3SDEMO0000001", locality="Amsterdam"
        )
        add_fulfillment(waits, "pickup", status="readyForPickup", display_name=f"{brand.name}, the counter")
        refund = request_refund(back, by="demo", passes="all", reason="It came too late.")  # beat asks the sandbox
        open_return(back, passes="all", refund=refund, status="onTheWay", carrier="PostNL")

    def _uses(self, brand: Brand) -> None:
        """Passes that were used at the till, an order that the team talks about, and points that were earned since."""
        paid = brand.orders.filter(status=OrderStatus.PAID).order_by("-number")
        used = OrderItem.objects.filter(order__in=list(paid[6:10])).select_related("issued_pass")
        for item in used.order_by("pk"):
            redeem(item.issued_pass, by="Till 1")
        order = paid.select_related("brand").filter(fulfillments__isnull=False)[0]
        add_note(order, "Please put a birthday card in the box.", by=f"support@{brand.slug}.example")
        add_tag(order, "birthday")
        for member in brand.members.filter(email__endswith="@example.com"):
            earn_points(member, 1500, reference="a full stamp card")

    def _go_on(self, order: Order, chance: random.Random) -> None:
        if order.status == OrderStatus.OPEN:
            ends = [OrderStatus.PAID] * 6 + [
                OrderStatus.FAILED,
                OrderStatus.CANCELED,
                OrderStatus.EXPIRED,
                OrderStatus.OPEN,
            ]
            services.payment_said(order.payment, chance.choice(ends))
            order.refresh_from_db()
        if order.status == OrderStatus.PAID:
            self._process(order, chance)

    def _process(self, order: Order, chance: random.Random) -> None:
        with acting_as(ActorKind.STAFF, f"support@{order.brand.slug}.example"):
            for step in [ProcessingStatus.BEING_PROCESSED, ProcessingStatus.PROCESSED, ProcessingStatus.ARCHIVED][
                : chance.randrange(4)
            ]:
                services.set_processing_status(order, step)
