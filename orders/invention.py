"""What orders/bulk.py writes: invented orders with all that belongs to them, as lines of COPY's text format.

Order n is placed at EPOCH + n * STEP, so that a second run continues the first one's calendar; who wants other days
brings a calendar of their own. Nothing happens after now. Open orders carry no time to be paid by: a worker would
expire them while somebody measures.
"""

import base64
import random
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple
from uuid import UUID

from orders.models import OrderStatus, ProcessingStatus
from passes.models import Coupon
from passes.services import ALPHABET, expiration_of
from shops.models import Brand
from shops.money import rounded
from webhooks.models import Endpoint
from webhooks.services import body_of

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=20)
FEWEST_MEMBERS = 20
TOLD = 2_000  # of the newest orders at most, and at most a twentieth, have webhook calls
CROCKFORD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET)
NAMES = [f"{first} {last}" for first in ("Anna", "Bram", "Chloé", "Daan") for last in ("Visser", "Brown", "O'Neill")]
NULL = r"\N"
TILL = "Till 1"  # redeems the passes
ENDS = [OrderStatus.PAID] * 41 + [OrderStatus.FAILED] * 2 + [OrderStatus.CANCELED] * 3 + [OrderStatus.EXPIRED] * 4
HANDLING = [
    *[ProcessingStatus.PROCESSED] * 14,
    *[ProcessingStatus.ARCHIVED] * 4,
    ProcessingStatus.BEING_PROCESSED,
    ProcessingStatus.OPEN,
]
Rows = dict[str, list[str]]  # table -> lines
Calendar = Callable[[int], datetime]  # when the order with this number is placed; of 0, when the members joined


def steadily(number: int) -> datetime:
    """The calendar that is used where nobody brings one."""
    return EPOCH + number * STEP


class Ids(NamedTuple):
    """The first of the ids that are reserved in each table."""

    members: int
    orders: int
    passes: int
    events: int
    deliveries: int


class Placed(NamedTuple):
    """An order as the lines that belong to it need it."""

    id: int
    uuid: str
    member: int
    status: str
    at: datetime
    decided_at: datetime


def uuid_text(chance: random.Random) -> str:
    """A uuid of version 4 by chance."""
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


class Inventor:
    """Invents the data of one run; `changed` holds the balances (by member's id) that orders moved."""

    def __init__(
        self,
        brand: Brand,
        count: int,
        chance: random.Random,
        *,
        coupons: list[Coupon],
        endpoint: Endpoint,
        ids: Ids,
        calendar: Calendar = steadily,
    ) -> None:
        self.brand, self.chance, self.coupons, self.endpoint, self.ids = brand, chance, coupons, endpoint, ids
        self.calendar, self.now = calendar, datetime.now(UTC)
        self.first = brand.order_count + 1
        self.newest = self.first + count - max(count // 50, 1)  # from here on they are open
        self.balances = [chance.randrange(0, 20_000, 50) for _ in range(self.sizes(count)["shops_member"])]
        self.changed: dict[int, int] = {}
        self.told: deque[Placed] = deque(maxlen=self.sizes(count)["webhooks_event"] // 2)
        self.next_pass = ids.passes
        self.due = cache(lambda points: str(rounded(Decimal(points) / brand.point_value, brand.currency)))
        self.no_money = self.due(0)

    @staticmethod
    def sizes(count: int) -> dict[str, int]:
        """How many ids of each table, in the order of Ids, `count` orders need at most."""
        told = 2 * min(TOLD, max(count // 20, 1))  # two events each
        return {
            "shops_member": max(count // 10, FEWEST_MEMBERS),
            "orders_order": count,
            "passes_pass": 3 * count,
            "webhooks_event": told,
            "webhooks_delivery": told,
        }

    def members(self) -> Rows:
        """The members and the points that they start with."""
        joined = self.calendar(0)
        rows: Rows = {"shops_member": [], "shops_pointsentry": []}
        for at, balance in enumerate(self.balances):
            key = self.ids.members + at
            email = f"member-{self.first}-{at}@seeded.example"
            name = NAMES[at % len(NAMES)] if at % 5 else ""
            rows["shops_member"].append(
                f"{key}\t{self.brand.pk}\t{uuid_text(self.chance)}\t{email}\t{name}\t{balance}\t{joined}\n"
            )
            if balance:
                self._entry(rows, key, joined, f"{balance}\t{balance}\tearned\tseeded")
        return rows

    def orders(self, numbers: range) -> Rows:
        """The orders with these numbers."""
        rows: Rows = {table: [] for table in ("orders_order", "passes_pass", "orders_orderitem", "orders_payment")}
        rows["shops_pointsentry"] = []
        secrets = base64.b32encode(self.chance.randbytes(13 * 3 * len(numbers))).decode().translate(CROCKFORD)
        self.codes = iter([secrets[at : at + 20] for at in range(0, len(secrets) - 19, 20)])
        for number in numbers:
            self._order(rows, number)
        return rows

    def _order(self, rows: Rows, number: int) -> None:
        pick = self.chance.random
        member = int(pick() ** 3 * len(self.balances))  # a few buy much
        status = OrderStatus.OPEN if number >= self.newest else ENDS[int(pick() * len(ENDS))]
        at = self.calendar(number)
        decided_at = at if status is OrderStatus.OPEN else at + timedelta(seconds=30 + int(pick() * 570))
        key = self.ids.orders + number - self.first
        order = Placed(key, uuid_text(self.chance), member, status.value, at, decided_at)
        price = sum(self._items(rows, order, 1 + int(pick() < 0.4) + int(pick() < 0.1)))  # noqa: PLR2004 -- 1.5 on average
        used = self._points(rows, order, price) if pick() < 0.2 else 0  # noqa: PLR2004 -- a fifth
        total = self.due(price - used)
        if total != self.no_money:
            self._payment(rows, order, total)
        self._order_line(rows, order, number, f"{total}\t{price}\t{used}")
        self.told.append(order)

    def _items(self, rows: Rows, order: Placed, quantity: int) -> list[int]:
        """The passes of an order; returns what each costs in points."""
        prices = []
        for _ in range(quantity):
            coupon = self.coupons[int(self.chance.random() * len(self.coupons))]
            rows["passes_pass"].append(
                f"{self.next_pass}\t{self.brand.pk}\t{uuid_text(self.chance)}\t{coupon.pk}\t"
                f"{self.ids.members + order.member}\t{self._pass_state(order, coupon)}\t"
                f"{order.at}\t{order.decided_at}\n"
            )
            rows["orders_orderitem"].append(f"{self.brand.pk}\t{order.id}\t{self.next_pass}\t{coupon.points}\n")
            self.next_pass += 1
            prices.append(coupon.points)
        return prices

    def _pass_state(self, order: Placed, coupon: Coupon) -> str:
        """QR code, status, expiry and redemption, as the services leave them."""
        if order.status != OrderStatus.PAID:
            return f"\t{'active' if order.status == OrderStatus.OPEN else 'blocked'}\t{NULL}\t{NULL}\t"
        expires = expiration_of(coupon, order.decided_at)
        use = self.chance.random()
        redeemed = order.decided_at + timedelta(days=20 * use) if use < 0.5 else None  # noqa: PLR2004 -- half are used
        if redeemed and redeemed > min(expires or self.now, self.now):
            redeemed = None
        is_over = expires is not None and expires < self.now and use > 0.8  # noqa: PLR2004 -- a few
        status = "redeemed" if redeemed else "expired" if is_over else "active"
        return f"{next(self.codes)}\t{status}\t{expires or NULL}\t{redeemed or NULL}\t{TILL if redeemed else ''}"

    def _points(self, rows: Rows, order: Placed, price: int) -> int:
        """Use points for all or half of the price; who has too few earned them just before. Returns how many."""
        used = price if self.chance.random() < 0.5 or order.status != OrderStatus.PAID else price // 2  # noqa: PLR2004 -- half
        if order.status != OrderStatus.PAID:
            used //= 2  # an order that needs no money is paid at once
        key, balance, reference = self.ids.members + order.member, self.balances[order.member], f"order {order.uuid}"
        if balance < used:
            balance += used
            self._entry(rows, key, order.at, f"{used}\t{balance}\tearned\t{reference}")
        balance -= used
        self._entry(rows, key, order.at, f"{-used}\t{balance}\tspent\t{reference}")
        if order.status not in {OrderStatus.OPEN, OrderStatus.PAID}:
            balance += used
            self._entry(rows, key, order.decided_at, f"{used}\t{balance}\tgiven_back\t{reference}")
        self.balances[order.member] = self.changed[key] = balance
        return used

    def _entry(self, rows: Rows, member: int, at: datetime, booked: str) -> None:
        """A line of the ledger; `booked` is points, balance, reason and reference."""
        rows["shops_pointsentry"].append(f"{self.brand.pk}\t{member}\t{booked}\t{at}\n")

    def _payment(self, rows: Rows, order: Placed, total: str) -> None:
        key = uuid_text(self.chance)
        rows["orders_payment"].append(
            f"{self.brand.pk}\t{key}\t{order.id}\t{self.brand.payment_provider}\ttr_{key[-12:]}{key[:4]}\t{order.status}"
            f"\t{total}\t{self.brand.currency}\t{order.at}\t{order.decided_at}\n"
        )

    def _order_line(self, rows: Rows, order: Placed, number: int, prices: str) -> None:
        use = self.chance.random()
        paid = order.status == OrderStatus.PAID
        handling = HANDLING[int(use * len(HANDLING))] if paid else ProcessingStatus.OPEN
        if order.status == OrderStatus.OPEN and use < 0.1:  # noqa: PLR2004 -- a few are packed before they are paid
            handling = ProcessingStatus.BEING_PROCESSED
        done = handling in {ProcessingStatus.PROCESSED, ProcessingStatus.ARCHIVED}
        processed_at = min(order.decided_at + timedelta(hours=48 * use), self.now) if done else None
        rows["orders_order"].append(
            f"{order.id}\t{self.brand.pk}\t{order.uuid}\t{number}\t{self.ids.members + order.member}\t{order.status}\t"
            f"{handling.value}\t{processed_at or NULL}\t{self.brand.currency}\t{prices}\t{self.brand.point_value}\t"
            f"{f'crm-{order.member}' if order.member % 3 else ''}\t{'t' if paid else 'f'}\t"
            f"{1 if order.status == OrderStatus.OPEN else 2}\t{order.at}\t{processed_at or order.decided_at}\n"
        )

    def webhooks(self) -> Rows:
        """What the newest orders' statuses told the silent endpoint: each arrived, some at the second call."""
        rows: Rows = {"webhooks_event": [], "webhooks_delivery": [], "webhooks_call": []}
        self.next_event, self.next_delivery = self.ids.events, self.ids.deliveries
        for order in self.told:
            self._told(rows, order, OrderStatus.OPEN, 1, order.at)
            if order.status != OrderStatus.OPEN:
                self._told(rows, order, order.status, 2, order.decided_at)
        return rows

    def _told(self, rows: Rows, order: Placed, status: str, version: int, at: datetime) -> None:
        brand, event, delivery = self.brand.pk, self.next_event, self.next_delivery
        body = body_of(self.brand, order_uuid=UUID(order.uuid), order_status=status).hex()
        rows["webhooks_event"].append(
            f"{event}\t{brand}\t{uuid_text(self.chance)}\t{order.uuid}\t{status}\t{version}\t\\\\x{body}\t{at}\n"
        )
        self.next_event += 1
        if status not in self.endpoint.statuses:
            return
        calls = 1 if self.chance.random() < 0.9 else 2  # noqa: PLR2004 -- a tenth fails once
        at_last = at + timedelta(seconds=5 * calls - 4)
        rows["webhooks_delivery"].append(
            f"{delivery}\t{brand}\t{uuid_text(self.chance)}\t{event}\t{self.endpoint.pk}\t{order.uuid}\t{version}\t"
            f"delivered\t{calls}\t{5 * (calls - 1)}\t{at_last}\t{at}\t{at_last}\n"
        )
        self.next_delivery += 1
        for attempt in range(1, calls + 1):
            outcome = "ok\t200" if attempt == calls else "failed\t500"
            started = at + timedelta(seconds=5 * attempt - 5)
            rows["webhooks_call"].append(
                f"{brand}\t{delivery}\t{attempt}\tauto\t{self.endpoint.url}\t{5 * (attempt - 1)}\t{outcome}\t\t"
                f"203.0.113.7\t48\t{started}\t{started + timedelta(milliseconds=48)}\n"
            )
