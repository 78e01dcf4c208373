"""Signatures: the published vector, and an independent library."""

import json
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from webhooks.services import new_key
from webhooks.signing import headers_of, standard_signature, wllt_signature


def test_the_published_vector_of_the_original():
    body = (
        b'{"order_id":"11111111-1111-4111-8111-111111111111",'
        b'"brand_id":"22222222-2222-4222-8222-222222222222","order_status":"open"}'
    )
    assert wllt_signature("test-key", body) == "867fa81ed93c6647743fe979dcef154d374eaabd31a45efe407bc8a5304892f0"


def test_the_published_vector_of_standard_webhooks():
    signature = standard_signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_library_verifies_what_we_sign():
    key, body = new_key(), b'{"order_id":"1"}'
    headers = headers_of([key], "msg-1", int(time.time()), body)
    assert Webhook(key).verify(body, headers) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_key()).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(key).verify(body, headers_of([key], "msg-1", int(time.time()) - 301, body))


def test_both_ids_are_the_message_id():
    headers = headers_of([new_key()], "msg-1", 1614265330, b"{}")
    assert (headers["wllt-message-id"], headers["webhook-id"], headers["webhook-timestamp"]) == (
        "msg-1",
        "msg-1",
        "1614265330",
    )
    assert headers["Content-Type"] == "application/json"
