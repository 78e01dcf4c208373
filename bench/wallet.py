"""The buyer wallet: GET wallet and PUT order beside the fastest that Python can do, and a client's authentication."""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if Path(folder).resolve() != HERE)]

from bench.orders import CONNECTIONS, interleaved, ratio  # noqa: E402 -- the folder above comes first
from bench.support.counting import counted  # noqa: E402
from bench.support.machine import HOST, Client, asked, pin_postgres, running, sides, web_server  # noqa: E402
from bench.support.program import run  # noqa: E402

APP, LIMIT = "walletapp.wsgi:application", "bench.support.wallet_limit:application"
UNLIMITED = {"WALLET_RATE_LIMIT": "0", "WALLET_GUESS_LIMIT": "0"}
COUNTED = 50  # requests whose statements are counted


def _get(made: dict[str, Any]) -> str:
    return (
        f"GET /pay/wallet HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: bench/1\r\n"
        f"Authorization: Bearer {made['token']}\r\n\r\n"
    )


def _puts(made: dict[str, Any]) -> list[list[str]]:
    """For each connection its own order, said to be unshipped and shipped in turn: every update changes it."""
    bodies = [json.dumps(body, separators=(",", ":")) for body in made["bodies"]]
    return [[_put(made, order, body) for body in bodies] for order in made["orders"]]


def _put(made: dict[str, Any], order: str, body: str) -> str:
    return (
        f"PUT /pay/wallet/orders/{order} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: bench/1\r\n"
        f"Authorization: Basic {made['basic']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    )


def assert_equal(client: Client, head: str, ports: list[int]) -> None:
    """Both print the same wallet."""
    answers = [client.do(port=port, fetch=head)["body"] for port in ports]
    if answers[0] != answers[1]:
        raise RuntimeError(f"the limit prints another wallet than the product:\n{answers[1]}\n{answers[0]}")


def count_statements(client: Client, made: dict[str, Any], application: str) -> dict[str, float]:
    """Statements per request, when connections are warm."""
    found = {}
    with counted() as (url, counter), web_server(application, set(), DATABASE_URL=url, **UNLIMITED) as port:
        for name, heads in {"get": [_get(made)], "put": _puts(made)[0]}.items():
            for turn in range(20):  # reaches both processes
                client.do(port=port, fetch=heads[turn % len(heads)])
            before = counter.statements
            for turn in range(COUNTED):
                client.do(port=port, fetch=heads[turn % len(heads)])
            found[name] = (counter.statements - before) / COUNTED
    return found


def measure(*, quick: bool) -> dict[str, Any]:
    """Everything, in one run."""
    server, clients = sides()
    pinned = pin_postgres(server)
    rounds, seconds = (3, 0.5) if quick else (9, 1.0)
    with running(["-m", "bench.support.wallet"], server) as making, Client.start(clients) as client:
        made = asked(making, f"make {CONNECTIONS}")
        with web_server(APP, server, **UNLIMITED) as app, web_server(LIMIT, server) as limit:
            assert_equal(client, _get(made), [app, limit])
            jobs: dict[str, tuple[int, Any]] = {}
            for name, head in {"get": _get(made), "put": _puts(made)}.items():
                jobs |= {name: (app, head), f"{name}_limit": (limit, head)}
            rates = interleaved(client, jobs, rounds, seconds)
        auth = asked(making, f"auth {made['basic']} {200 if quick else 1000}")
        statements = {name: count_statements(client, made, name) for name in (APP, LIMIT)}
    return {
        "put_ratio": round(ratio(rates["put"], rates["put_limit"]), 3),
        "get_ratio": round(ratio(rates["get"], rates["get_limit"]), 3),
        "client_auth_ms": round(auth["client_auth_ms"], 3),
        "per_s": {name: round(statistics.median(values)) for name, values in rates.items()},
        "statements": {"product": statements[APP], "limit": statements[LIMIT]},
        "pinned": pinned,
    }


if __name__ == "__main__":
    run(__doc__, measure, quick="shorter rounds")
