"""/shops/:brand_id/webhooks: endpoints, tests, rotation, replay; and the orders that an endpoint has not confirmed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.encryption import decrypt
from orders.services import set_processing_status, set_status
from shops.errors import InvalidInput
from tests.making import make_coupon, make_endpoint, make_member, make_order
from webhooks import delivery
from webhooks.exam import run_exam
from webhooks.models import Call, Delivery, Endpoint
from webhooks.services import add_endpoint, change_endpoint
from webhooks.signing import wllt_signature

KEYS = [
    "identifier",
    "webhook_url",
    "is_validated",
    "is_active",
    "statuses",
    "concurrency",
    "key_hint",
    "state",
    "disabled_reason",
    "failures_in_a_row",
    "created_at",
]


def test_an_endpoint_is_made_and_its_key_shown_once(api, brand):
    answer = api.post("/webhooks", {"webhook_url": "https://partner.example/hook"})
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert list(data) == [*KEYS, "webhook_key"]
    endpoint = brand.endpoints.get()
    assert decrypt(bytes(endpoint.encrypted_key)) == data["webhook_key"]
    assert (data["is_validated"], data["is_active"], data["state"]) == (False, True, "healthy")
    assert data["statuses"] == ["open", "paid", "failed", "canceled"]
    one = api.get(f"/webhooks/{endpoint.uuid}").json()
    assert list(one["data"]) == KEYS
    assert api.get("/webhooks").json() == {"success": True, "data": [one["data"]]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "webhook_url"),
        ({"webhook_url": "x"}, "webhook_url"),
        ({"webhook_url": "http://10.0.0.1/"}, "webhook_url"),
        ({"webhook_url": "http://169.254.169.254/"}, "webhook_url"),
        ({"webhook_url": "https://partner.example:22/"}, "webhook_url"),
        ({"webhook_url": "http://u:p@partner.example/"}, "webhook_url"),
        ({"webhook_url": "https://partner.example/", "concurrency": 0}, "concurrency"),
        ({"webhook_url": "https://partner.example/", "concurrency": 51}, "concurrency"),
        ({"webhook_url": "https://partner.example/", "concurrency": "4"}, "concurrency"),
        ({"webhook_url": "https://partner.example/", "concurrency": True}, "concurrency"),
        ({"webhook_url": "https://partner.example/", "statuses": []}, "statuses"),
        ({"webhook_url": "https://partner.example/", "statuses": ["shipped"]}, "statuses.0"),
        ({"webhook_url": "https://partner.example/" + "x" * 2000}, "webhook_url"),
    ],
)
def test_a_bad_endpoint_is_422(api, settings, body, field):
    settings.WEBHOOK_ALLOWED_PORTS = ["80", "443"]
    answer = api.post("/webhooks", body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert not Endpoint.objects.exists()


def test_a_change_is_made_and_a_new_url_is_validated_anew(api, brand):
    endpoint, _key = make_endpoint(brand, is_validated=True)
    same = api.patch(f"/webhooks/{endpoint.uuid}", {"webhook_url": endpoint.url, "statuses": ["paid", "expired"]})
    assert (same.json()["data"]["is_validated"], same.json()["data"]["statuses"]) == (True, ["paid", "expired"])
    moved = api.patch(f"/webhooks/{endpoint.uuid}", {"webhook_url": "https://partner.example/new"})
    assert (moved.json()["data"]["is_validated"], moved.json()["data"]["webhook_url"]) == (
        False,
        "https://partner.example/new",
    )
    refused = api.patch(f"/webhooks/{endpoint.uuid}", {"webhook_url": "http://10.0.0.1/", "is_active": False})
    assert refused.status_code == 422
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.is_active) == ("https://partner.example/new", True)


def test_the_calls_at_once_have_bounds(api, brand):
    made = api.post("/webhooks", {"webhook_url": "https://partner.example/", "concurrency": 50}).json()["data"]
    path = f"/webhooks/{made['identifier']}"
    assert made["concurrency"] == 50
    assert api.patch(path, {"concurrency": 1}).json()["data"]["concurrency"] == 1
    assert api.patch(path, {"is_active": True}).json()["data"]["concurrency"] == 1
    for wrong in (0, -1, 51, 4.5, "4", None):
        answer = api.patch(path, {"concurrency": wrong, "is_active": False})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["concurrency"])
    endpoint = brand.endpoints.get()
    for wrong in (0, 51):
        with pytest.raises(InvalidInput, match="from 1 to 50"):
            change_endpoint(endpoint, concurrency=wrong, is_active=False)
        with pytest.raises(InvalidInput, match="from 1 to 50"):
            add_endpoint(brand, url="https://partner.example/", concurrency=wrong)
        with pytest.raises(IntegrityError, match="endpoint_concurrency_bounds"), transaction.atomic():
            Endpoint.objects.update(concurrency=wrong)
    endpoint.refresh_from_db()
    assert (endpoint.concurrency, endpoint.is_active, brand.endpoints.count()) == (1, True, 1)


def test_switched_on_again_it_starts_clean(api, brand):
    now = timezone.now()
    endpoint, _key = make_endpoint(
        brand,
        is_active=False,
        failures_in_a_row=9,
        failing_since=now,
        open_until=now,
        disabled_at=now,
        disabled_reason="x",
    )
    assert api.get(f"/webhooks/{endpoint.uuid}").json()["data"]["state"] == "disabled"
    data = api.patch(f"/webhooks/{endpoint.uuid}", {"is_active": True}).json()["data"]
    assert (data["state"], data["failures_in_a_row"], data["disabled_reason"]) == ("healthy", 0, "")
    endpoint.refresh_from_db()
    assert endpoint.open_until is None


def test_a_removed_endpoint_is_told_nothing_and_its_log_stays(api, brand):
    endpoint, _key = make_endpoint(brand)
    order = make_order(brand)
    sent = Delivery.objects.get()
    Call.objects.create(brand=brand, delivery=sent, attempt=1, url=endpoint.url, interval=0)
    report = run_exam(endpoint)
    assert api.call("DELETE", f"/webhooks/{endpoint.uuid}").json() == {"success": True}
    set_status(order, "paid")
    assert list(Delivery.objects.values_list("state", flat=True)) == ["canceled"]
    assert api.get(f"/webhooks/{endpoint.uuid}").status_code == 404
    assert api.get("/webhooks").json()["data"] == []
    assert len(api.get(f"/orders/{order.uuid}/webhooks").json()["data"]) == 1
    assert brand.exam_reports.get() == report
    for path in ("/test", "/exams"):
        assert api.post(f"/webhooks/{endpoint.uuid}{path}", {}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_test_call_validates(api, brand, receiver):
    endpoint, key = make_endpoint(brand, url=f"{receiver.url}/hook")
    receiver.knows(key)
    answer = api.post(f"/webhooks/{endpoint.uuid}/test")
    assert answer.json()["success"] is True
    assert (answer.json()["data"]["http_status_code"], answer.json()["data"]["is_validated"]) == (200, True)
    [call] = receiver.calls()
    assert call["verified"] == {"wllt-signature": True, "webhook-signature": True}
    assert call["headers"]["wllt-test"] == "1"
    assert not Call.objects.exists()


@pytest.mark.parametrize("path", ["/hook?status=500", "/hook?status=302"])
def test_a_refused_test_call_validates_nothing(api, brand, receiver, path):
    endpoint, _key = make_endpoint(brand, url=receiver.url + path)
    data = api.post(f"/webhooks/{endpoint.uuid}/test").json()
    assert (data["success"], data["data"]["delivered"], data["data"]["is_validated"]) == (False, 0, False)


def test_a_test_call_to_nobody_says_so(api, brand):
    endpoint, _key = make_endpoint(brand)
    data = api.post(f"/webhooks/{endpoint.uuid}/test").json()["data"]
    assert (data["http_status_code"], data["truncate_response"]) == (None, "No connection, or it broke off.")


def test_a_key_rotates_with_an_overlap_of_a_day(api, brand):
    endpoint, old = make_endpoint(brand)
    new = api.post(f"/webhooks/{endpoint.uuid}/rotate-key").json()["data"]["webhook_key"]
    endpoint.refresh_from_db()
    assert decrypt(bytes(endpoint.encrypted_key)) == new != old
    assert decrypt(bytes(endpoint.previous_key)) == old
    assert timedelta(hours=23) < endpoint.previous_key_until - timezone.now() <= timedelta(hours=24)


@pytest.fixture
def ended(brand):
    """An endpoint with two deliveries given up, one delivered, one pending."""
    endpoint, _key = make_endpoint(brand)
    member, coupon = make_member(brand), make_coupon(brand)
    for _ in range(4):
        make_order(brand, member=member, coupon=coupon)
    keys = list(Delivery.objects.order_by("pk").values_list("pk", flat=True))
    now = timezone.now()
    Delivery.objects.filter(pk__in=keys[:2]).update(state="exhausted", attempts=12, done_at=now)
    Delivery.objects.filter(pk=keys[2]).update(state="delivered", attempts=1, done_at=now)
    return endpoint


def states():
    return list(Delivery.objects.order_by("pk").values_list("state", "trigger", "first_attempt"))


def test_a_replay_counts_first_and_then_sends(api, ended):
    before = states()
    dry = api.post(f"/webhooks/{ended.uuid}/replay", {"dry_run": True}).json()
    assert dry == {"success": True, "data": {"count": 2, "dry_run": True}}
    assert states() == before
    assert api.post(f"/webhooks/{ended.uuid}/replay", {}).json()["data"] == {"count": 2, "dry_run": False}
    assert states() == [
        ("pending", "manual", 12),
        ("pending", "manual", 12),
        ("delivered", "auto", 0),
        ("pending", "auto", 0),
    ]
    assert api.post(f"/webhooks/{ended.uuid}/replay", {}).json()["data"]["count"] == 0


def test_a_replay_since_a_time_takes_what_was_delivered_too(api, ended):
    Delivery.objects.filter(pk=Delivery.objects.order_by("pk").first().pk).update(created_at="2024-01-01T00:00:00Z")
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    assert api.post(f"/webhooks/{ended.uuid}/replay", {"since": since}).json()["data"]["count"] == 2
    assert [state for state, *_rest in states()] == ["exhausted", "pending", "pending", "pending"]


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_again_keeps_its_id_and_starts_the_schedule_anew(api, brand, receiver, settings):
    settings.WEBHOOK_RETRY_INTERVALS = [0.0]
    endpoint, _key = make_endpoint(brand, url=f"{receiver.url}/hook?status=500&times=3")
    make_order(brand)
    delivery.drain()
    assert Delivery.objects.get().state == "exhausted"
    message = str(Delivery.objects.get().uuid)
    assert api.post(f"/webhooks/{endpoint.uuid}/resend", {"webhook_call_id": message}).json()["data"]["count"] == 1
    delivery.drain()
    assert Delivery.objects.get().state == "delivered"
    assert list(Call.objects.order_by("attempt").values_list("attempt", "trigger", "http_status_code")) == [
        (1, "auto", 500),
        (2, "auto", 500),
        (3, "manual", 500),
        (4, "auto", 200),
    ]
    assert {call["headers"]["wllt-message-id"] for call in receiver.calls()} == {message}


def test_another_endpoints_message_is_not_sent_again(api, brand, other, ended):
    mine, _key = make_endpoint(brand)
    theirs, _key = make_endpoint(other)
    make_order(other)
    message = str(theirs.deliveries.get().uuid)
    for endpoint_id, call_id in ((mine.uuid, message), (ended.uuid, message), (theirs.uuid, message)):
        assert api.post(f"/webhooks/{endpoint_id}/resend", {"webhook_call_id": call_id}).status_code == 404
    assert theirs.deliveries.get().trigger == "auto"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"is_active": False}),
        ("DELETE", "", None),
        ("POST", "/test", None),
        ("POST", "/rotate-key", None),
        ("POST", "/replay", {}),
        ("POST", "/resend", {"webhook_call_id": "9c5b94b1-35ad-49bb-b118-8e8fc24abf80"}),
    ],
)
def test_another_brands_endpoint_is_not_there(api, other, method, path, body):
    theirs, _key = make_endpoint(other)
    before = Endpoint.objects.filter(pk=theirs.pk).values().get()
    assert api.call(method, f"/webhooks/{theirs.uuid}{path}", body).status_code == 404
    assert api.call(method, f"/shops/{other.uuid}/webhooks/{theirs.uuid}{path}", body).status_code == 404
    assert api.call(method, f"/webhooks/x{path}", body).status_code == 404
    assert Endpoint.objects.filter(pk=theirs.pk).values().get() == before


@pytest.mark.parametrize(
    ("ability", "allowed"),
    [
        ("shops.webhooks.get", ["list", "get"]),
        ("shops.webhooks.store", ["add"]),
        ("shops.webhooks.update", ["change", "rotate"]),
        ("shops.webhooks.delete", ["remove"]),
        ("shops.orders.get", []),
    ],
)
def test_each_verb_needs_its_ability(api_with, brand, ability, allowed):
    endpoint, _key = make_endpoint(brand)
    api = api_with(ability)
    one = f"/webhooks/{endpoint.uuid}"
    answers = {
        "list": api.get("/webhooks"),
        "get": api.get(one),
        "add": api.post("/webhooks", {"webhook_url": "https://partner.example/"}),
        "change": api.patch(one, {}),
        "rotate": api.post(f"{one}/rotate-key"),
        "remove": api.call("DELETE", one),
    }
    assert [name for name, answer in answers.items() if answer.status_code < 400] == allowed
    assert {answer.status_code for name, answer in answers.items() if name not in allowed} <= {403}


def test_orders_that_an_endpoint_has_not_confirmed(api, brand, other):
    endpoint, _key = make_endpoint(brand)
    confirmed, late, waiting, back = (make_order(brand) for _ in range(4))
    Delivery.objects.filter(order_uuid__in=[confirmed.uuid, late.uuid]).update(state="delivered")
    set_status(late, "paid")
    set_status(back, "paid")
    Delivery.objects.filter(order_uuid=back.uuid, version=1).update(state="exhausted")
    Delivery.objects.filter(order_uuid=back.uuid, version=2).update(state="delivered")
    make_endpoint(other)
    make_order(other)
    body = api.get(f"/orders/unacknowledged?webhook={endpoint.uuid}").json()
    assert ([order["number"] for order in body["data"]], body["total"]) == (["3", "2"], 2)
    assert [waiting.number, late.number] == [3, 2]


@pytest.mark.parametrize("query", ["", "?webhook=x", "?webhook=9c5b94b1-35ad-49bb-b118-8e8fc24abf80"])
def test_the_endpoint_must_be_named(api, brand, query):
    answer = api.get(f"/orders/unacknowledged{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["webhook"])


def test_the_orders_etag_is_its_version(api, brand):
    order = make_order(brand)
    assert api.get(f"/orders/{order.uuid}").headers["ETag"] == '"1"'
    set_status(order, "paid")
    assert Delivery.objects.count() == 0
    assert api.get(f"/orders/{order.number}").headers["ETag"] == '"2"'
    set_processing_status(order, "being_processed")
    assert api.get(f"/orders/{order.uuid}").headers["ETag"] == '"3"'
    assert brand.events.latest("version").version == 2


def test_the_clinic_names_the_mistake(api, brand):
    endpoint, key = make_endpoint(brand)
    body = '{"order_id":"1"}'
    header = wllt_signature(key, body.encode())
    asked = {"body": body, "header": header, "own_result": header.upper()}
    data = api.post(f"/webhooks/{endpoint.uuid}/clinic", asked).json()["data"]
    assert (data["verdict"], data["scheme"]) == ("upper_case_hex", "wllt-signature")
    assert header not in data["explanation"]
    wide = wllt_signature(key, body.encode("utf-16-le"))
    asked = {"body": body.encode("utf-16-le").decode(), "header": header, "own_result": wide}
    assert api.post(f"/webhooks/{endpoint.uuid}/clinic", asked).json()["data"]["verdict"] == "header_foreign"
    asked |= {"body": body}
    assert api.post(f"/webhooks/{endpoint.uuid}/clinic", asked).json()["data"]["verdict"] == "other_charset"
    assert api.post(f"/webhooks/{endpoint.uuid}/clinic", {"body": body}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_the_exam_is_held_and_its_report_kept(api, brand, receiver):
    endpoint, key = make_endpoint(brand, url=f"{receiver.url}/hook")
    receiver.knows(key)
    answer = api.post(f"/webhooks/{endpoint.uuid}/exams", {})
    assert answer.status_code == 201
    report = answer.json()["data"]
    assert (report["grade"], report["by"], report["url"]) == ("remarks", "token Test", endpoint.url)
    assert key not in answer.content.decode()
    assert api.get(f"/webhooks/{endpoint.uuid}/exams").json()["data"] == [report]


@pytest.mark.parametrize("path", ["/clinic", "/exams"])
def test_the_tools_are_the_brands_own(api, other, path):
    theirs, _key = make_endpoint(other)
    assert api.post(f"/webhooks/{theirs.uuid}{path}", {"body": "x", "header": "x"}).status_code == 404
    assert theirs.exam_reports.count() == 0
