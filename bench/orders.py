"""The order list, beside the fastest that Python can do, at 10,000 and at 1,000,000 orders."""

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if Path(folder).resolve() != HERE)]

from bench.support.counting import counted  # noqa: E402 -- "orders" is the app's name, and must not be this file's
from bench.support.load import request  # noqa: E402
from bench.support.machine import HOST, Client, database, manage, pin_postgres, sides, web_server  # noqa: E402
from bench.support.program import run  # noqa: E402

APP, LIMIT = "walletapp.wsgi:application", "bench.support.limit:application"
BARE = "bench.support.limit:bare"
SIZES = {"small": 10_000, "large": 1_000_000}
CONNECTIONS = 8
Rates = dict[str, list[float]]


class Shop(NamedTuple):
    """A brand to ask about."""

    path: str
    token: str
    orders: int
    email: str
    member: str
    order: str
    paid: int

    def head(self, rest: str = "") -> str:
        """The request for its orders."""
        return request(self.path + rest, self.token, HOST)


def seed(slug: str, orders: int) -> Shop:
    """Make a brand with so many orders."""
    fields = f"slug={slug!r}, name={slug!r}, payment_provider='sandbox'"
    manage("shell", "-v", "0", "-c", f"from shops.models import Brand; Brand.objects.create({fields})")
    print(manage("seed_orders", slug, "--count", str(orders)), file=sys.stderr)
    token = manage("create_api_token", slug, "--name", "bench", "--ability", "shops.orders.get")
    return _shop(slug, token)


def _shop(slug: str, token: str) -> Shop:
    with database() as connection:
        row = connection.execute(
            """
            SELECT b.uuid, b.order_count, m.email, m.uuid, o.uuid, (
                SELECT sum(count) FROM orders_ordercount c WHERE c.brand_id = b.id AND status = 'paid'
            )
            FROM shops_brand b JOIN orders_order o ON o.brand_id = b.id AND o.number = b.order_count / 2
            JOIN shops_member m ON m.id = (SELECT min(id) FROM shops_member WHERE brand_id = b.id)
            WHERE slug = %s
            """,
            [slug],
        ).fetchone()
    if row is None:
        raise RuntimeError("the orders are not there")
    brand, orders, email, member, order, paid = row
    return Shop(f"/shops/{brand}/orders", token, orders, email, str(member), str(order), int(paid))


def _pages(shop: Shop) -> dict[str, str]:
    """The requests that are timed for a brand; member number one buys most."""
    paid = "?status=paid&page="
    return {
        "first": shop.head(),
        "middle": shop.head(f"?page={shop.orders // 20}"),
        "last": shop.head(f"?page={shop.orders // 10}"),
        "filtered": shop.head("?status=paid"),
        "filtered_middle": shop.head(f"{paid}{shop.paid // 20}"),
        "filtered_last": shop.head(f"{paid}{shop.paid // 10}"),
        "by_email": shop.head(f"/by-email?email={shop.email}"),
        "by_member": shop.head(f"/by-member-id?member_id={shop.member}"),
        "one_order": shop.head(f"/{shop.order}"),
    }


def interleaved(client: Client, jobs: dict[str, tuple[int, str]], rounds: int, seconds: float) -> Rates:
    """Requests per second of each job (port and request), round after round; the first round only warms up."""
    rates: Rates = {name: [] for name in jobs}
    for turn in range(rounds + 1):
        for name, (port, head) in jobs.items():
            done = client.do(port=port, head=head, connections=CONNECTIONS, seconds=seconds if turn else 0.3)
            if turn:
                rates[name].append(done["rate"])
    return rates


def ratio(of: list[float], to: list[float]) -> float:
    """The median of the ratios of neighbours, which the machine's moods touch least."""
    return statistics.median(one / other for one, other in zip(of, to, strict=True))


def assert_equal(client: Client, shop: Shop, ports: dict[str, int]) -> None:
    """All print the same pages."""
    for rest in ("", "?page=2", f"?page={shop.orders // 20}", f"?page={shop.orders // 10}"):
        answers = [json.loads(client.do(port=port, fetch=shop.head(rest))["body"]) for port in ports.values()]
        if any(answer != answers[0] for answer in answers):
            raise RuntimeError(f"the limit prints another page than the product for {rest!r}")


def count_statements(client: Client, shop: Shop) -> dict[str, float]:
    """Statements per request, when the connection and the token's note of use are warm."""
    found = {}
    with counted() as (url, counter), web_server(APP, set(), DATABASE_URL=url, API_RATE_LIMIT="100000000") as port:
        for name, head in _pages(shop).items():
            for _ in range(20):  # reaches both processes
                client.do(port=port, fetch=head)
            before = counter.statements
            for _ in range(50):
                client.do(port=port, fetch=head)
            found[name] = (counter.statements - before) / 50
    return found


def measure(*, quick: bool) -> dict[str, Any]:
    """Everything, in one run."""
    server, clients = sides()
    started = time.monotonic()
    shops = {slug: seed(slug, orders // 10 if quick else orders) for slug, orders in SIZES.items()}
    seeded = time.monotonic() - started
    with database() as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    pinned = pin_postgres(server)
    rounds, seconds = (3, 0.4) if quick else (5, 0.8)
    with (
        Client.start(clients) as client,
        web_server(APP, server, API_RATE_LIMIT="100000000") as app,
        web_server(LIMIT, server) as limit,
        web_server(BARE, server) as bare,
    ):
        ports = {"app": app, "limit": limit, "bare": bare}
        assert_equal(client, shops["small"], ports)
        head = shops["small"].head()
        against = interleaved(client, {name: (port, head) for name, port in ports.items()}, rounds + 2, seconds)
        jobs = {f"{slug} {name}": (app, page) for slug, shop in shops.items() for name, page in _pages(shop).items()}
        rates = interleaved(client, jobs, rounds, seconds / 2)
        walked = _walk(client, app, shops["large"], 200 if quick else 2000)
        statements = count_statements(client, shops["small"])
    return {
        **_figures(against, rates, walked),
        "statements": statements["first"],
        "statements_each": statements,
        "seed_s": round(seeded, 1),
        "orders": {slug: shop.orders for slug, shop in shops.items()},
        "pinned": pinned,
    }


def _walk(client: Client, port: int, shop: Shop, pages: int) -> dict[str, float]:
    done = client.do(port=port, walk=shop.path, pages=pages, token=shop.token, host=HOST)
    tenth = pages // 10
    late, early = statistics.mean(done["took"][-tenth:]), statistics.mean(done["took"][:tenth])
    return {"walk_s": round(done["seconds"], 2), "walk_end_to_start": round(late / early, 2)}


def _figures(against: Rates, rates: Rates, walked: dict[str, float]) -> dict[str, Any]:
    def cost(name: str, base: str) -> float:
        return round(ratio(rates[f"small {base}"], rates[f"large {name}"]), 2)

    names = [key.removeprefix("large ") for key in rates if key.startswith("large ")]
    depth = {name: cost(name, "first") for name in ("first", "middle", "last")}
    return {
        "list_ratio": round(ratio(against["app"], against["limit"]), 3),
        "list_ratio_bare": round(ratio(against["app"], against["bare"]), 3),
        "list_per_s": round(statistics.median(against["app"])),
        "limit_per_s": round(statistics.median(against["limit"])),
        "bare_per_s": round(statistics.median(against["bare"])),
        "deep_page_cost": max(depth.values()),
        "filtered_page_cost": cost("filtered", "filtered"),
        **walked,
        "to_first_page_at_small": depth,
        "large_to_small": {name: cost(name, name) for name in names},
        "per_s": {name: round(statistics.median(values)) for name, values in rates.items()},
    }


if __name__ == "__main__":
    run(__doc__, measure, quick="a tenth of the orders, shorter rounds")
