"""What staff do with an endpoint: previews change nothing, confirming does."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.encryption import decrypt
from tests.admin.helping import hidden_fields, order_of, said, sign_in, text_of
from tests.admin.webhooks.helping import called, state_of
from webhooks.models import Delivery, Endpoint
from webhooks.services import add_endpoint, rotate_key


def test_previews_change_nothing_and_confirming_does(staff, endpoint, delivery, member):
    given_up = endpoint.deliveries.get(order_uuid=order_of(member).uuid)
    Delivery.objects.filter(pk=given_up.pk).update(state="exhausted", attempts=9)
    manager = staff("manager")
    page = manager.get("webhooks_endpoint_replay", endpoint.pk, what="given_up")
    assert "1 delivery would be sent again." in text_of(page)
    assert state_of(given_up) == "exhausted"
    fields = {name: value for name, value in hidden_fields(page).items() if name == "what"}
    answer = manager.post("webhooks_endpoint_replay", endpoint.pk, **fields)
    assert said(answer) == ["1 delivery is sent again."]
    given_up.refresh_from_db()
    assert (given_up.state, given_up.first_attempt, given_up.trigger) == ("pending", 9, "manual")

    assert "2 deliveries are pending" in text_of(manager.get("webhooks_endpoint_cancel", endpoint.pk))
    assert {state_of(delivery), state_of(given_up)} == {"pending"}
    assert said(manager.post("webhooks_endpoint_cancel", endpoint.pk))[-1] == "2 deliveries are canceled."
    assert {state_of(delivery), state_of(given_up)} == {"canceled"}
    changes = set(LogEntry.objects.values_list("change_message", flat=True))
    assert changes == {"1 deliveries sent again.", "2 pending deliveries canceled."}


def test_a_replay_of_what_was_given_up_in_a_range(staff, endpoint, delivery, member):
    manager, now = staff("manager"), timezone.now()
    early, late = (endpoint.deliveries.get(order_uuid=order_of(member).uuid) for _order in range(2))
    for row, state, hours in ((early, "exhausted", 5), (late, "exhausted", 1), (delivery, "delivered", 3)):
        Delivery.objects.filter(pk=row.pk).update(state=state, created_at=now - timedelta(hours=hours))
    asked = {"what": "given_up", "since": now - timedelta(hours=6), "until": now - timedelta(hours=2)}
    wrong = manager.get("webhooks_endpoint_replay", endpoint.pk, **asked | {"until": now - timedelta(hours=7)})
    assert "would be sent again" not in text_of(wrong)
    page = manager.get("webhooks_endpoint_replay", endpoint.pk, **asked)
    fields = dict(re.findall(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', text_of(page)))
    assert set(asked) <= set(fields)
    assert said(manager.post("webhooks_endpoint_replay", endpoint.pk, **fields)) == ["1 delivery is sent again."]
    assert [state_of(row) for row in (early, late, delivery)] == ["pending", "exhausted", "delivered"]


def test_the_panel_tells_when_the_present_key_signed(staff, endpoint):
    viewer = staff("viewer")
    page = viewer.get("webhooks_endpoint_change", endpoint.pk)
    assert (page.context["key_used_at"], page.context["api_version"]) == (None, "1")
    used = timezone.now()
    Endpoint.objects.update(last_served_at=used)
    assert viewer.get("webhooks_endpoint_change", endpoint.pk).context["key_used_at"] == used
    rotate_key(endpoint)  # what was before it, another key signed
    assert viewer.get("webhooks_endpoint_change", endpoint.pk).context["key_used_at"] is None


def test_a_replay_since_a_time(staff, endpoint, delivery):
    Delivery.objects.filter(pk=delivery.pk).update(state="delivered")
    manager = staff("manager")
    since = timezone.now() - timedelta(hours=1)
    for wrong in ({}, {"since": "nonsense"}, {"since": timezone.now() + timedelta(hours=1)}):
        page = manager.get("webhooks_endpoint_replay", endpoint.pk, what="since", **wrong)
        assert "would be sent again" not in text_of(page)
    page = manager.get("webhooks_endpoint_replay", endpoint.pk, what="since", since=f"{since:%Y-%m-%dT%H:%M}")
    assert "1 delivery would be sent again." in text_of(page)
    assert state_of(delivery) == "delivered"
    hidden = re.search(r'type="hidden"\s+name="since"\s+value="([^"]+)"', text_of(page))[1]
    manager.post("webhooks_endpoint_replay", endpoint.pk, what="since", since=hidden)
    assert state_of(delivery) == "pending"


def test_what_is_wrong_is_not_replayed(staff, endpoint, delivery):
    Delivery.objects.filter(pk=delivery.pk).update(state="exhausted")
    manager = staff("manager")
    for wrong in ({}, {"what": "everything"}, {"what": "since"}):
        assert manager.post("webhooks_endpoint_replay", endpoint.pk, **wrong).status_code == 200
    assert state_of(delivery) == "exhausted"


def test_a_test_call_says_how_it_went(staff, brand, endpoint, receiver):
    manager = staff("manager")
    *_, text = said(manager.post("webhooks_endpoint_test", endpoint.pk))
    assert text.startswith("The test call did not arrive:")
    theirs, key = add_endpoint(brand, url=f"{receiver.url}/")
    receiver.knows(key)
    *_, text = said(manager.post("webhooks_endpoint_test", theirs.pk))
    assert "The URL is validated." in text
    theirs.refresh_from_db()
    assert theirs.is_validated
    assert manager.get("webhooks_endpoint_test", theirs.pk).status_code == 405


def test_a_new_key_is_shown_once(staff, endpoint):
    manager = staff("manager")
    old = bytes(endpoint.encrypted_key)
    assert "signed with both" in text_of(manager.get("webhooks_endpoint_key", endpoint.pk))
    endpoint.refresh_from_db()
    assert bytes(endpoint.encrypted_key) == old
    page = manager.post("webhooks_endpoint_key", endpoint.pk)
    endpoint.refresh_from_db()
    key = decrypt(bytes(endpoint.encrypted_key))
    assert key in text_of(page)
    assert "no-store" in page["Cache-Control"]
    assert bytes(endpoint.previous_key) == old
    assert key not in text_of(manager.get("webhooks_endpoint_change", endpoint.pk))


def test_changes_go_through_the_service(staff, endpoint):
    Endpoint.objects.update(is_active=False, failures_in_a_row=9, disabled_reason="Five days of only failures.")
    data = {"url": endpoint.url, "statuses": ["paid"], "concurrency": 2, "is_active": "on"}
    staff("manager").post("webhooks_endpoint_change", endpoint.pk, **data)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failures_in_a_row, endpoint.disabled_reason) == (True, 0, "")
    assert (endpoint.statuses, endpoint.concurrency) == (["paid"], 2)


def test_an_address_that_is_not_allowed_is_refused_in_the_form(staff, endpoint, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    data = {"url": "http://127.0.0.2/", "statuses": ["paid"], "concurrency": 2, "is_active": "on"}
    assert "127.0.0.2" in text_of(staff("manager").post("webhooks_endpoint_change", endpoint.pk, **data))
    endpoint.refresh_from_db()
    assert endpoint.url == "http://127.0.0.1:9/hook"


def test_an_endpoint_is_removed_and_its_log_stays(staff, endpoint, delivery):
    called(delivery)
    manager = staff("manager")
    assert "The log of what was sent to it stays." in text_of(manager.get("webhooks_endpoint_delete", endpoint.pk))
    assert state_of(delivery) == "pending"
    assert manager.post("webhooks_endpoint_delete", endpoint.pk, post="yes").status_code == 302
    endpoint.refresh_from_db()
    assert endpoint.removed_at
    assert state_of(delivery) == "canceled"
    assert not manager.get("webhooks_endpoint_changelist").context["cl"].result_count
    assert manager.get("webhooks_endpoint_change", endpoint.pk).status_code == 302
    page = text_of(manager.get("webhooks_delivery_change", delivery.pk))
    assert "(removed)" in page
    assert 'value="send_again"' not in page
    manager.act("webhooks_delivery", "send_again", delivery)
    assert state_of(delivery) == "canceled"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_a_manager_replays_what_was_given_up(live_server, browser_page, staff, delivery, look):
    endpoint = delivery.endpoint
    called(delivery, "ok")
    called(delivery, "failed", http_status_code=500, response="Oops")
    Delivery.objects.update(state="exhausted")
    page = browser_page(*look)
    sign_in(page, live_server, staff("manager"))
    page.goto(f"{live_server.url}/admin/webhooks/delivery/{delivery.pk}/change/")
    page.get_by_text("As a curl command").click()
    assert page.axe() == []
    page.goto(f"{live_server.url}/admin/webhooks/endpoint/{endpoint.pk}/change/")
    page.get_by_text("As a table").click()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.get_by_role("link", name="Send again").click()
    page.get_by_role("button", name="Count them").click()
    page.get_by_text("1 delivery would be sent again.").wait_for()
    assert page.axe() == []
    page.get_by_role("button", name="Send them again").click()
    page.get_by_text("1 delivery is sent again.").wait_for()
    assert state_of(delivery) == "pending"
    assert page.errors == []
