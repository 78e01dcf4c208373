"""A partner's side of the webhooks: takes them, verifies both signatures, and shows what arrived.

    python3 demo/receiver.py --port 9000 --keys-file keys.json [--log calls.jsonl]

The keys file holds a JSON list of webhook keys and is read again when it changes. GET / is a page for people, GET
/calls the same as JSON. The address posted to may ask for trouble: ?status=500 answers 500, ?status=500&times=2 does so
for the first two posts to that address only, and ?delay=0.5 waits that many seconds before it answers.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.parse
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KEPT = 500
SHOWN = 50
LARGEST_BODY = 1_000_000


def verify(headers: Mapping[str, str], body: bytes, keys: list[str]) -> dict[str, bool]:
    """Verify both signatures of a webhook; headers have lower-case names. A shop's key is one of those given."""
    shop = {hmac.new(key.encode(), body, hashlib.sha256).hexdigest() for key in keys}
    signed = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + body
    standard = {"v1," + _base64_hmac(key, signed) for key in keys}
    return {
        "wllt-signature": _is_one_of(headers.get("wllt-signature", ""), shop),
        # While a key is being replaced, this header carries one signature for each key.
        "webhook-signature": any(_is_one_of(one, standard) for one in headers.get("webhook-signature", "").split()),
    }


def _base64_hmac(key: str, signed: bytes) -> str:
    secret = key.removeprefix("whsec_")
    try:
        raw = base64.b64decode(secret + "=" * (-len(secret) % 4))
    except ValueError:
        return ""
    return base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()


def _is_one_of(given: str, right: set[str]) -> bool:
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in right)


class Receiver:
    """What arrived so far, and the keys to verify it with."""

    def __init__(self, keys_file: Path, log: Path | None) -> None:
        """Keep the last calls in memory and, if there is a log, every one in it."""
        self.keys_file = keys_file
        self.keys: list[str] = []
        self.keys_changed = 0
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.posts_to: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.log = log.open("a", encoding="utf-8") if log else None

    def current_keys(self) -> list[str]:
        """Read the keys again if their file has changed. A file that is not there yet holds none."""
        try:
            changed = self.keys_file.stat().st_mtime_ns
            if changed != self.keys_changed:
                self.keys = json.loads(self.keys_file.read_text())
                self.keys_changed = changed
        except (OSError, ValueError):
            pass  # between two versions: the keys of before still count
        return self.keys

    def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Judge one post, remember it, and return what is remembered, with the status to answer."""
        wishes = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query))
        verified = verify(headers, body, self.current_keys())
        with self.lock:
            self.posts_to[path] += 1
            trouble = "status" in wishes and self.posts_to[path] <= int(wishes.get("times", sys.maxsize))
            call = {
                "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "path": path,
                "headers": dict(headers),
                "body": body.decode(errors="replace"),
                "verified": verified,
                "answered": int(wishes["status"]) if trouble else 200,
            }
            self.calls.append(call)
            if self.log:
                self.log.write(json.dumps(call) + "\n")
                self.log.flush()
        time.sleep(float(wishes.get("delay", 0)))
        return call

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the calls kept, oldest first."""
        with self.lock:
            return list(self.calls)


class Server(ThreadingHTTPServer):
    """Serves one receiver; each kept connection has a thread."""

    request_queue_size = 256

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        """Listen at once."""
        self.receiver = receiver
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    """HTTP for the receiver."""

    server: Server
    protocol_version = "HTTP/1.1"
    # Head and body of an answer in one packet: otherwise Nagle's algorithm costs 40 ms on each kept connection.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 120

    def do_POST(self) -> None:
        """Take a webhook. Even a bad signature gets 200, as the product's documentation asks of receivers."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            self._answer(413, "text/plain; charset=utf-8", "too large\n")
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            call = self.server.receiver.receive(self.path, headers, self.rfile.read(length))
        except ValueError:
            self._answer(400, "text/plain; charset=utf-8", "status, times and delay are numbers\n")
            return
        bad = [name for name, right in call["verified"].items() if not right]
        text = f"bad {' and '.join(bad)}: discarded\n" if bad else "ok\n"
        self._answer(call["answered"], "text/plain; charset=utf-8", text)

    def do_GET(self) -> None:
        """Show what arrived, to people or to programs."""
        calls = self.server.receiver.snapshot()
        if self.path == "/calls":
            self._answer(200, "application/json", json.dumps(calls))
        elif self.path == "/":
            self._answer(200, "text/html; charset=utf-8", page(calls))
        else:
            self._answer(404, "text/plain; charset=utf-8", "there are / and /calls\n")

    def _answer(self, status: int, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Print no access log: the page and the log file tell more."""


def page(calls: list[dict[str, Any]]) -> str:
    """Draw the page for people, the newest call first."""
    shown = calls[: -SHOWN - 1 : -1]
    rows = "".join(map(_row, shown))
    many = f"<p>The last {len(shown)}, newest first</p><ol>{rows}</ol>"
    return PAGE.replace("LISTING", many if calls else "<p>Nothing yet. Place an order, and it shows here.</p>")


def _row(call: dict[str, Any]) -> str:
    headers, body = call["headers"], call["body"]
    try:
        content = json.loads(body)
        status, order = escape(str(content["order_status"])), escape(str(content["order_id"]))
        title = f'<b class="status">{status}</b> order <code>{order}</code>'
    except (ValueError, TypeError, KeyError):
        title = "Not an order's webhook"
    signatures = "".join(
        f'<span class="{"good" if right else "bad"}">{"✓" if right else "✗ bad"} {escape(name)}</span>'
        for name, right in call["verified"].items()
    )
    message = escape(headers.get("wllt-message-id", "none"))
    all_headers = escape("\n".join(f"{name}: {value}" for name, value in headers.items()))
    key = escape(f"{call['received_at']} {headers.get('wllt-message-id')}")
    return f"""<li>
<h2>{title}</h2>
<p><time datetime="{call["received_at"]}">{call["received_at"][11:23]} UTC</time>
<span>answered {call["answered"]}</span> {signatures}</p>
<details data-key="{key}"><summary>Message <code>{message}</code></summary>
<pre tabindex="0">POST {escape(call["path"])}
{all_headers}

{escape(body)}</pre></details></li>"""


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Webhooks received</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --paper: #f6f6f4; --card: #fff; --ink: #1c1c1a; --soft: #5c5c57; --line: #dcdcd6;
  --good: #17662f; --bad: #a51d12; --mark: #e6ecf7; }
@media (prefers-color-scheme: dark) { :root { --paper: #161615; --card: #21211f; --ink: #ededea; --soft: #a9a9a2;
  --line: #3a3a36; --good: #7fd494; --bad: #ff9c92; --mark: #2c3648; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 56rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1rem; font-weight: 400; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; color: var(--soft); }
ol { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .85rem 1rem; }
li p { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .9rem; }
.status { background: var(--mark); border-radius: .35rem; padding: .1rem .5rem; margin-right: .25rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--paper); border-radius: .35rem; padding: .75rem; overflow: auto; white-space: pre-wrap; }
summary { cursor: pointer; padding: .25rem 0; }
button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: .35rem;
  padding: .35rem .9rem; min-height: 2.5rem; cursor: pointer; }
[aria-pressed="true"] { background: var(--mark); }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
</style>
</head>
<body>
<header><h1>Webhooks received</h1><button type="button" aria-pressed="false" hidden>Pause</button></header>
<main>LISTING</main>
<script>
const main = document.querySelector("main"), button = document.querySelector("button");
let shown = main.innerHTML;
button.hidden = false;
button.onclick = () => button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") === "false");
setInterval(async () => {
  if (button.getAttribute("aria-pressed") === "true" || document.hidden) return;
  const answer = await fetch("/").catch(() => null);
  if (!answer) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  if (fresh.innerHTML === shown) return;
  shown = fresh.innerHTML;
  const open = new Set([...main.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  fresh.querySelectorAll("details").forEach((one) => { one.open = open.has(one.dataset.key); });
  main.replaceChildren(...fresh.childNodes);
}, 1500);
</script>
</body>
</html>
"""


def main() -> None:
    """Serve until stopped. The first line of output says where, as port 0 means any free one."""
    parser = argparse.ArgumentParser(description="Receive webhooks, verify them, and show what arrived.")
    parser.add_argument("--port", type=int, required=True, help="0 takes any free one")
    parser.add_argument("--keys-file", type=Path, required=True, help="a JSON list of webhook keys")
    parser.add_argument("--log", type=Path, help="append each call to this file as a line of JSON")
    options = parser.parse_args()
    with Server(("127.0.0.1", options.port), Receiver(options.keys_file, options.log)) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
