"""The sample receivers of docs/partners, each as a partner would run it."""

import base64
import json
import os
import random
import subprocess
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook

from orders.models import OrderStatus
from shops.models import Brand
from tests.docs.conftest import COMMANDS, RECEIVERS, ROOT, program, serving, wait_for
from webhooks.services import body_of, new_key
from webhooks.signing import headers_of, wllt_signature

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ORDER, BRAND = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
VECTOR = f'{{"order_id":"{ORDER}","brand_id":"{BRAND}","order_status":"open"}}'.encode()
SIGNATURE = "867fa81ed93c6647743fe979dcef154d374eaabd31a45efe407bc8a5304892f0"


def post(port, body, headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def signed(key=KEY, *, body=VECTOR, message=None, age=0):
    return headers_of([key], message or str(uuid4()), int(time.time()) - age, body)


@pytest.fixture(params=COMMANDS)
def language(request):
    return request.param


@pytest.fixture
def environment(tmp_path, stub_api):
    url = f"http://127.0.0.1:{stub_api.server_port}"
    return {"WEBHOOK_KEY": KEY, "INBOX": str(tmp_path), "API_URL": url, "API_TOKEN": "7|secret"}


def test_it_takes_what_is_genuine_once_and_asks_the_api(language, environment, stub_api):
    with serving(COMMANDS[language](), environment) as port:
        headers = signed(message="one")
        assert post(port, VECTOR, headers) == (200, "ok")
        assert post(port, VECTOR, headers) == (200, "duplicate")
        assert post(port, VECTOR, signed(message="one", age=-20)) == (200, "duplicate")
        assert post(port, VECTOR, signed(message="two")) == (200, "ok")
        if language == "php":  # its work is a program of its own
            command = [program("php"), str(RECEIVERS / "receiver.php")]
            done = subprocess.run(command, env=os.environ | environment, capture_output=True, check=True)
            assert done.stdout == b"order 35 paid open\n" * 2
            assert post(port, VECTOR, headers) == (200, "duplicate")
        wait_for(lambda: len(stub_api.asked) == 2)
    assert stub_api.asked == [(f"/shops/{BRAND}/orders/{ORDER}", "Bearer 7|secret")] * 2


def test_it_refuses_what_is_not_genuine(language, environment, stub_api):
    bad = (401, "bad signature")
    tampered = VECTOR.replace(b"open", b"paid")
    with serving(COMMANDS[language](), environment) as port:
        assert post(port, tampered, signed()) == bad
        assert post(port, VECTOR, signed(new_key())) == bad
        assert post(port, VECTOR, signed(age=301)) == bad
        assert post(port, VECTOR, signed(age=-302)) == bad
        assert post(port, VECTOR, signed() | {"webhook-id": "another"}) == bad
        assert post(port, VECTOR, signed() | {"webhook-timestamp": "soon"}) == bad
        assert post(port, VECTOR, signed() | {"webhook-timestamp": "9" * 400}) == bad
        assert post(port, VECTOR, {"Content-Type": "application/json"}) == bad
        assert post(port, b"", {}) == bad
        assert post(port, VECTOR, signed(age=290)) == (200, "ok")


def test_it_takes_either_signature_while_a_key_is_replaced(language, environment):
    with serving(COMMANDS[language](), environment) as port:
        headers = headers_of([new_key(), KEY], "one", int(time.time()), VECTOR)
        headers["webhook-signature"] = f"v1a,whatever {headers['webhook-signature']}"
        assert post(port, VECTOR, headers) == (200, "ok")


def test_it_takes_what_another_library_signed(language, environment):
    at = time.time()
    signature = Webhook(KEY).sign("msg_1", datetime.fromtimestamp(at, UTC), VECTOR.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}
    with serving(COMMANDS[language](), environment) as port:
        assert post(port, VECTOR, headers) == (200, "ok")


def test_the_original_signature_works_as_well(language, environment):
    environment |= {"WEBHOOK_KEY": "test-key", "WEBHOOK_SCHEME": "wllt"}
    headers = {"wllt-signature": SIGNATURE, "wllt-message-id": "one"}
    with serving(COMMANDS[language](), environment) as port:
        assert post(port, VECTOR, headers) == (200, "ok")
        assert post(port, VECTOR, headers) == (200, "duplicate")
        assert post(port, VECTOR + b"\n", headers) == (401, "bad signature")
        assert post(port, VECTOR, headers | {"wllt-signature": SIGNATURE.upper()}) == (401, "bad signature")
        assert post(port, VECTOR, {}) == (401, "bad signature")


def test_the_shared_vector_is_in_the_documentation_and_right():
    assert wllt_signature("test-key", VECTOR) == SIGNATURE
    assert body_of(Brand(uuid=UUID(BRAND)), order_uuid=UUID(ORDER), order_status="open") == VECTOR
    text = (ROOT / "docs" / "partners" / "webhooks.md").read_text()
    assert SIGNATURE in text
    assert VECTOR.decode() in text


def test_php_that_encodes_the_body_again_finds_the_same_signature():
    chance = random.Random(1)
    lines, expected = [], []
    for _ in range(1000):
        brand, order = (UUID(bytes=chance.randbytes(16), version=4) for _ in range(2))
        key = f"whsec_{base64.b64encode(chance.randbytes(32)).decode()}"
        body = body_of(Brand(uuid=brand), order_uuid=order, order_status=chance.choice(OrderStatus.values))
        lines.append(json.dumps({"key": key, "body": body.decode()}))
        expected.append(wllt_signature(key, body))
    code = """while ($line = fgets(STDIN)) {
        $call = json_decode($line, true);
        $body = json_decode($call['body'], true);
        echo hash_hmac('sha256', json_encode($body), $call['key']), "\\n";
    }"""
    done = subprocess.run(
        [program("php"), "-r", code], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == expected


@pytest.mark.parametrize("name", ["receiver.py", "receiver.php", "receiver.js"])
def test_a_sample_is_short_enough_to_copy(name):
    assert len((RECEIVERS / name).read_text().splitlines()) <= 60
