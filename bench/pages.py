"""Server time of the members' pages and of the staff's lists at 1,000,000 orders, and beside a bare page."""

import statistics
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if Path(folder).resolve() != HERE)]

from bench.support.counting import counted  # noqa: E402 -- "orders" is the app's name, and must not be this file's
from bench.support.machine import Client, database, pin_postgres, sides, web_server  # noqa: E402
from bench.support.pages import Look, admin, seed, staff_session, storefront  # noqa: E402
from bench.support.program import run  # noqa: E402

APP, BARE = "walletapp.wsgi:application", "bench.support.bare_page:application"
ORDERS = 1_000_000
COUNTED = 10  # requests whose statements are counted
Times = dict[str, list[float]]


def assert_right(client: Client, port: int, looks: dict[str, Look]) -> None:
    """Each page answers 200 with what it is looked at for."""
    for name, look in looks.items():
        if look.words not in client.do(port=port, fetch=look.head)["body"]:
            raise RuntimeError(f"the page {name!r} ({look.path}) does not say {look.words!r}")


def interleaved(client: Client, jobs: dict[str, tuple[int, Look]], rounds: int, seconds: float) -> Times:
    """The median milliseconds of each page in each round, one request at a time; the first round only warms up."""
    times: Times = {name: [] for name in jobs}
    for turn in range(rounds + 1):
        for name, (port, look) in jobs.items():
            done = client.do(port=port, head=look.head, connections=1, seconds=seconds if turn else 0.2)
            if turn:
                times[name].append(done["p50_ms"])
    return times


def count_statements(client: Client, looks: dict[str, Look]) -> dict[str, float]:
    """Statements per page when connections and caches are warm."""
    found = {}
    with counted() as (url, counter), web_server(APP, set(), DATABASE_URL=url) as port:
        for name, look in looks.items():
            for _ in range(COUNTED):  # reaches both processes
                client.do(port=port, fetch=look.head)
            before = counter.statements
            for _ in range(COUNTED):
                client.do(port=port, fetch=look.head)
            found[name] = (counter.statements - before) / COUNTED
    return found


def measure(*, quick: bool) -> dict[str, Any]:
    """Everything, in one run."""
    server, clients = sides()
    brand = seed(ORDERS // 10 if quick else ORDERS)
    with database() as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    pinned = pin_postgres(server)
    ours, theirs = storefront(brand), admin(brand)
    bare = Look("/bare", staff_session(brand, name="bare"), "Bare")
    rounds, seconds = (3, 0.4) if quick else (7, 1.0)
    with Client.start(clients) as client, web_server(APP, server) as app, web_server(BARE, server) as beside:
        assert_right(client, app, ours | theirs)
        assert_right(client, beside, {"bare": bare})
        jobs = {"bare": (beside, bare)} | {name: (app, look) for name, look in (ours | theirs).items()}
        times = interleaved(client, jobs, rounds, seconds)
        statements = count_statements(client, ours | theirs)
    return {
        **_figures(times, ours, theirs),
        "statements": statements,
        "orders": ORDERS // 10 if quick else ORDERS,
        "pinned": pinned,
    }


def _figures(times: Times, ours: dict[str, Look], theirs: dict[str, Look]) -> dict[str, Any]:
    """Milliseconds, ratios to the bare page of the same round, and the slowest of each kind."""
    middle = {name: round(statistics.median(each), 1) for name, each in times.items()}
    usual = {"storefront": [name for name in ours if not name.endswith("_busiest")], "admin": list(theirs)}
    slowest = {f"worst_{kind}_ms": max(middle[name] for name in names) for kind, names in usual.items()}
    ratios = {
        f"{name}_to_bare": round(statistics.median(a / b for a, b in zip(each, times["bare"], strict=True)), 1)
        for name, each in times.items()
        if name != "bare"
    }
    return slowest | {f"{name}_ms": value for name, value in middle.items()} | ratios


if __name__ == "__main__":
    run(__doc__, measure, quick="a tenth of the orders, shorter rounds")
