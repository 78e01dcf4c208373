"""What we send, verified by code that is not ours: the library of Standard Webhooks under Node, the documented PHP."""

import base64
import http.client
import json
import random
import re
import subprocess
from collections import Counter

import pytest
from django.db import transaction

from orders.bulk import seed_orders
from tests.docs.conftest import RECEIVERS, program
from tests.making import make_brand, make_endpoint
from tests.node.running import start
from webhooks import delivery
from webhooks.models import Delivery
from webhooks.services import publish, rotate_key

ORDERS = 1000
BRANDS = 10
STATUSES = ["open", "paid", "failed", "canceled"]
KINDS = ["only", "new", "old"]  # the key that a receiver knows, of those that its endpoint has had
# The function of the sample that partners copy, asked about one message after the other.
SAMPLE = re.search(r"^function is_genuine.*?^}$", (RECEIVERS / "receiver.php").read_text(), re.DOTALL | re.MULTILINE)[0]
LOOP = r"""
while ($line = fgets(STDIN)) {
    $message = json_decode($line, true);
    foreach ($message['headers'] as $name => $value) {
        $_SERVER['HTTP_' . strtoupper(str_replace('-', '_', $name))] = $value;
    }
    echo is_genuine($argv[1], $message['key'], base64_decode($message['body'])) ? "yes\n" : "no\n";
}"""


class NodeReceiver:
    """Talks to tests/node/receiver.js."""

    def __init__(self, folder):
        self.folder = folder
        self.process = start("receiver.js", folder)
        self.port = int(self.process.stdout.readline())

    def received(self):
        """What arrived, the oldest first; bodies as bytes, and of the headers those that we made."""
        lines = map(json.loads, (self.folder / "received.jsonl").read_text().splitlines())
        return [line | {"body": base64.b64decode(line["body"]), "headers": ours(line["headers"])} for line in lines]

    def post(self, messages):
        """Send messages straight to it; the statuses that it answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for message in messages:
            connection.request("POST", message["path"], message["body"], message["headers"])
            with connection.getresponse() as answer:
                answer.read()
                yield answer.status
        connection.close()

    def close(self):
        self.process.kill()
        self.process.communicate()


def kind_of(message):
    return message["path"].split("/")[1]


def ours(headers):
    return {name: value for name, value in headers.items() if name.startswith(("webhook-", "wllt-"))}


@pytest.fixture
def endpoints(transactional_db):
    """By path: an endpoint of each of ten brands, and the key that its receiver knows.

    A third of the keys was never replaced. Of the others, half of the receivers know the new key, half the old one.
    """
    made = {}
    for number in range(BRANDS):
        endpoint, key = make_endpoint(make_brand(f"Brand {number}"))
        kind = KINDS[number % 3]
        newer = rotate_key(endpoint) if kind != "only" else None
        endpoint.refresh_from_db()
        made[f"/{kind}/{endpoint.uuid}"] = (endpoint, newer if kind == "new" else key)
    return made


@pytest.fixture
def keys(endpoints):
    return {path: key for path, (_endpoint, key) in endpoints.items()}


@pytest.fixture
def node_receiver(tmp_path, endpoints, keys):
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    receiver = NodeReceiver(tmp_path)
    for path, (endpoint, _key) in endpoints.items():
        endpoint.url = f"http://127.0.0.1:{receiver.port}{path}"
        endpoint.save()
    yield receiver
    receiver.close()


def deliver(endpoints, orders):
    """Let each brand have so many random orders, tell of a random status of each, and send it all."""
    for endpoint, _key in endpoints.values():
        brand = endpoint.brand
        seed_orders(brand, orders, seed=brand.pk)
        with transaction.atomic():
            for order in brand.orders.order_by("pk"):
                status = random.choice(STATUSES)
                publish(brand, order_uuid=order.uuid, order_status=status, version=order.version + 1)
    delivery.drain()


def php_says(scheme, messages, keys):
    """What the documented PHP makes of each message, with the key that its receiver knows."""
    lines = [
        json.dumps(message | {"key": keys[message["path"]], "body": base64.b64encode(message["body"]).decode()})
        for message in messages
    ]
    command = [program("php"), "-r", SAMPLE + LOOP, "--", scheme]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == len(messages), done.stderr
    return [line == "yes" for line in done.stdout.splitlines()]


def with_header(name, change):
    return lambda message: message | {"headers": message["headers"] | {name: change(message["headers"][name])}}


def with_body(change):
    return lambda message: message | {"body": change(message["body"])}


def one_bit_off(signatures):
    """Each signature of the list with another first character."""
    return re.sub(r"v1,(.)", lambda found: f"v1,{'B' if found[1] == 'A' else 'A'}", signatures)


CHANGES_OF_BODY = [
    with_body(lambda body: body.replace(b'"order_status":"', b'"order_status":"x')),
    with_body(lambda body: body + b"\n"),
    with_body(lambda body: json.dumps(json.loads(body)).encode()),
    with_body(lambda _body: b"{}"),
]
CHANGES = [
    *CHANGES_OF_BODY,
    with_header("webhook-id", lambda message_id: message_id[:-1] + ("1" if message_id[-1] == "0" else "0")),
    with_header("webhook-timestamp", lambda at: str(int(at) + 1)),
    with_header("webhook-timestamp", lambda at: str(int(at) - 301)),
    with_header("webhook-signature", one_bit_off),
    with_header("webhook-signature", lambda signatures: signatures.replace("v1,", "v1a,")),
]


def test_node_and_php_verify_a_thousand_orders(node_receiver, endpoints, keys):
    deliver(endpoints, ORDERS // BRANDS)
    messages = node_receiver.received()
    assert len({json.loads(message["body"])["order_id"] for message in messages}) == len(messages) == ORDERS
    assert {json.loads(message["body"])["order_status"] for message in messages} == set(STATUSES)
    assert {kind_of(message) for message in messages} == set(KINDS)
    states = Delivery.objects.filter(endpoint__is_active=True).values_list("state", flat=True)
    assert Counter(states) == {"delivered": ORDERS}
    assert all(message["genuine"] for message in messages)
    assert all(php_says("standard", messages, keys))
    listed = {(kind_of(message), message["headers"]["webhook-signature"].count("v1,")) for message in messages}
    assert listed == {("only", 1), ("new", 2), ("old", 2)}
    # The original's header holds one signature, made with the new key.
    assert php_says("wllt", messages, keys) == [kind_of(message) != "old" for message in messages]


def test_node_and_php_refuse_what_was_tampered_with(node_receiver, endpoints, keys):
    deliver(endpoints, 5)
    messages = node_receiver.received()
    tampered = [change(message) for message in messages for change in CHANGES]
    misled = [message | {"path": path} for message in messages for path in keys if path != message["path"]]
    assert set(node_receiver.post([*tampered, *misled])) == {401}
    assert set(php_says("standard", [*tampered, *misled], keys)) == {False}
    other_bodies = [change(message) for message in messages for change in CHANGES_OF_BODY]
    assert set(php_says("wllt", [*other_bodies, *misled], keys)) == {False}
    assert set(node_receiver.post(messages)) == {200}, "as they came they still are genuine"
