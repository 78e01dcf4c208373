"""The signature clinic in the admin: it names the mistake, and neither keeps nor shows anything."""

import base64
import json
import time

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.encryption import decrypt
from tests.admin.helping import sign_in, text_of
from webhooks.models import Delivery, Endpoint
from webhooks.services import remove_endpoint, rotate_key
from webhooks.signing import headers_of, wllt_signature

BODY = '{"order_id":"1","brand_id":"2","order_status":"open"}'
PAGE = "webhooks_endpoint_clinic"


@pytest.fixture
def key(endpoint):
    return decrypt(bytes(endpoint.encrypted_key))


@pytest.fixture
def arrived(key):
    """The headers of a message, as they arrived."""
    return headers_of([key], "message-1", int(time.time()), BODY.encode())


def lines(headers):
    return "\r\n".join(f"{name}: {value}" for name, value in headers.items())


def verdicts(answer):
    return [(one["diagnosis"].scheme, one["diagnosis"].verdict) for one in answer.context["findings"]]


@pytest.mark.parametrize(
    ("verdict", "change"),
    [
        ("matches", lambda own: own),
        ("upper_case_hex", str.upper),
        ("base64_instead_of_hex", lambda own: base64.b64encode(bytes.fromhex(own)).decode()),
        ("truncated", lambda own: own[:40]),
    ],
)
def test_the_mistake_is_named(staff, endpoint, arrived, verdict, change):
    own = change(arrived["wllt-signature"])
    answer = staff("support").post(PAGE, endpoint.pk, body=BODY, headers=arrived["wllt-signature"], own_result=own)
    assert verdicts(answer) == [("wllt-signature", verdict)]
    assert str(answer.context["findings"][0]["diagnosis"].explanation) in text_of(answer).replace("&#x27;", "'")


def test_what_a_program_made_of_the_body_is_named(staff, endpoint, key):
    support = staff("support")
    for verdict, body in {
        "json_spaces": json.dumps(json.loads(BODY)),
        "json_pretty": json.dumps(json.loads(BODY), indent=4),
        "trailing_newline": BODY + "\n",
        "body_not_read": "[]",
    }.items():
        data = {"headers": wllt_signature(key, BODY.encode()), "own_result": wllt_signature(key, body.encode())}
        answer = support.post(PAGE, endpoint.pk, body=BODY, **data)
        assert verdicts(answer) == [("wllt-signature", verdict)]


def test_a_replaced_key_and_an_old_time_are_named(staff, endpoint, arrived, key):
    support = staff("support")
    old = headers_of([key], "message-1", int(time.time()) - 600, BODY.encode())
    answer = support.post(PAGE, endpoint.pk, body=BODY, headers=old["webhook-signature"], **stamps(old))
    assert verdicts(answer) == [("webhook-signature", "too_old")]
    rotate_key(endpoint)
    answer = support.post(PAGE, endpoint.pk, body=BODY, headers=arrived["wllt-signature"])
    assert verdicts(answer) == [("wllt-signature", "signed_with_old_key")]


def stamps(headers):
    return {"message_id": headers["webhook-id"], "timestamp": headers["webhook-timestamp"]}


WRITTEN = {
    "HTTP": lines,
    "curl -v": lambda headers: "\n".join(f"> {name}: {value}" for name, value in headers.items()),
    "$_SERVER": lambda headers: "\n".join(
        f"    [HTTP_{name.upper().replace('-', '_')}] => {value}" for name, value in headers.items()
    ),
    "dictionary": str,
    "JSON": json.dumps,
    "JSON, pretty": lambda headers: json.dumps(headers, indent=2),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_headers_are_read_however_they_are_written(staff, endpoint, arrived, how):
    answer = staff("support").post(PAGE, endpoint.pk, body=BODY, headers=WRITTEN[how](arrived))
    assert verdicts(answer) == [("webhook-signature", "matches"), ("wllt-signature", "matches")]


def test_an_own_result_is_judged_by_the_header_it_belongs_to(staff, endpoint, arrived):
    support = staff("support")
    for own, found in (
        (arrived["wllt-signature"], ("wllt-signature", "matches")),
        (arrived["wllt-signature"].upper(), ("wllt-signature", "upper_case_hex")),
        (arrived["webhook-signature"], ("webhook-signature", "matches")),
        (arrived["webhook-signature"][3:], ("webhook-signature", "version_prefix_missing")),
        (base64.b64decode(arrived["webhook-signature"][3:]).hex(), ("webhook-signature", "hex_instead_of_base64")),
    ):
        answer = support.post(PAGE, endpoint.pk, body=BODY, headers=lines(arrived), own_result=own)
        assert verdicts(answer) == [found]
    answer = support.post(PAGE, endpoint.pk, body=BODY, headers=lines(arrived), own_result="nonsense")
    assert [verdict for _scheme, verdict in verdicts(answer)] == ["own_result_unexplained"] * 2


def test_headers_without_a_signature_are_told(staff, endpoint):
    answer = staff("support").post(PAGE, endpoint.pk, body=BODY, headers="webhook-id: 1")
    assert verdicts(answer) == [("wllt-signature", "header_missing")]


def test_line_breaks_that_the_browser_made_are_no_mistake(staff, endpoint, key):
    pretty = json.dumps(json.loads(BODY), indent=2)
    header = wllt_signature(key, pretty.encode())
    answer = staff("support").post(PAGE, endpoint.pk, body=pretty.replace("\n", "\r\n"), headers=header)
    assert verdicts(answer) == [("wllt-signature", "matches")]


def test_errors_stand_beside_their_fields(staff, endpoint):
    support = staff("support")
    answer = support.post(PAGE, endpoint.pk)
    assert set(answer.context["form"].errors) == {"body", "headers"}
    assert 'id="id_body_error"' in text_of(answer)
    long = {"body": "x" * 65_537, "headers": "x" * 2049, "own_result": "x" * 2049, "message_id": "x" * 256}
    answer = support.post(PAGE, endpoint.pk, **long, timestamp="1" * 65)
    assert set(answer.context["form"].errors) == {*long, "timestamp"}
    assert verdicts(answer) == []
    assert "No more than 65536 bytes." in text_of(answer)


def test_a_key_that_is_pasted_is_not_shown_again(staff, endpoint, key, arrived):
    support = staff("support")
    given = {"body": BODY, "headers": lines(arrived), "own_result": arrived["wllt-signature"]}
    for name in (*given, "message_id", "timestamp"):
        answer = support.post(PAGE, endpoint.pk, **given | {name: f"x {key} y"})
        page = text_of(answer)
        assert list(answer.context["form"].errors) == [name]
        assert key not in page
        assert "Show it to nobody" in page
        assert "no-store" in answer["Cache-Control"]


def test_no_page_of_it_holds_a_key_or_a_signature_of_ours(staff, endpoint, arrived, key):
    page = text_of(staff("support").post(PAGE, endpoint.pk, body=BODY, headers="0" * 64, own_result="1" * 64))
    for secret in (key, key[6:], arrived["wllt-signature"], arrived["webhook-signature"][3:]):
        assert secret not in page


def test_nothing_is_stored_changed_or_logged(staff, endpoint, delivery, arrived):
    support = staff("support")
    rows = [list(model.objects.values()) for model in (Endpoint, Delivery, LogEntry)]
    with CaptureQueriesContext(connection) as queries:
        support.post(PAGE, endpoint.pk, body=BODY, headers=lines(arrived))
    assert [one["sql"] for one in queries if one["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}] == []
    assert [list(model.objects.values()) for model in (Endpoint, Delivery, LogEntry)] == rows


def test_a_delivery_fills_in_what_we_sent(staff, endpoint, delivery, their_delivery, key):
    support = staff("support")
    page = text_of(support.get("webhooks_delivery_change", delivery.pk))
    assert f"/endpoint/{endpoint.pk}/clinic/?delivery={delivery.uuid}" in page
    form = support.get(PAGE, endpoint.pk, delivery=delivery.uuid).context["form"]
    body = bytes(delivery.event.body).decode()
    assert (form["body"].value(), form["message_id"].value()) == (body, str(delivery.uuid))
    header = wllt_signature(key, body.encode())
    assert verdicts(support.post(PAGE, endpoint.pk, body=body, headers=header)) == [("wllt-signature", "matches")]
    for stranger in (their_delivery.uuid, "x", ""):
        answer = support.get(PAGE, endpoint.pk, delivery=stranger)
        assert answer.context["form"]["body"].value() is None
        assert str(their_delivery.uuid) not in text_of(answer)


def test_a_removed_endpoint_has_no_clinic(staff, endpoint, delivery):
    remove_endpoint(endpoint)
    support = staff("support")
    assert "/clinic/" not in text_of(support.get("webhooks_delivery_change", delivery.pk))
    assert support.get(PAGE, endpoint.pk).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "dark"), (390, "light")])
def test_support_finds_a_mistake(live_server, browser_page, staff, delivery, key, look):
    page = browser_page(*look)
    sign_in(page, live_server, staff("support"))
    page.goto(f"{live_server.url}/admin/webhooks/delivery/{delivery.pk}/change/")
    page.get_by_role("link", name="Signature clinic").click()
    page.get_by_role("button", name="What is wrong?").click()
    page.get_by_text("This field is required.").wait_for()
    assert page.axe() == []
    header = wllt_signature(key, bytes(delivery.event.body))
    page.get_by_label("Headers").fill(f"content-type: application/json\nwllt-signature: {header}")
    page.get_by_label("The program's own result").fill(header.upper())
    page.get_by_role("button", name="What is wrong?").click()
    page.get_by_text("The hexadecimal digits are in upper case.").wait_for()
    assert page.get_by_text("upper_case_hex").is_visible()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.errors == []
