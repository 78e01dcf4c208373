"""Who may do what with webhooks, asked by URL. Beside each refusal stands a row that could change."""

import pytest

from shops.permissions import may
from tests.admin.helping import said, text_of
from tests.admin.webhooks.helping import state_of
from webhooks.models import Delivery, Endpoint, Probe

PAGES = ["test", "key", "replay", "cancel", "exam"]
CHANGES = {"test": {}, "key": {}, "cancel": {}, "replay": {"what": "given_up"}}
CHANGES |= {"exam": {"url": "http://127.0.0.1:9/hook"}, "clinic": {"body": "{}", "headers": "0" * 64}}


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_who_only_looks_does_nothing(staff, endpoint, delivery, role):
    somebody = staff(role)
    page = text_of(somebody.get("webhooks_endpoint_change", endpoint.pk))
    assert "Health" in page
    for name in PAGES:
        assert f"/{name}/" not in page
        assert somebody.get(f"webhooks_endpoint_{name}", endpoint.pk).status_code == 403
        assert somebody.post(f"webhooks_endpoint_{name}", endpoint.pk, **CHANGES[name]).status_code == 403
    assert not Probe.objects.exists()
    assert 'name="action"' not in text_of(somebody.get("webhooks_delivery_change", delivery.pk))
    somebody.act("webhooks_delivery", "cancel_pending", delivery)
    assert state_of(delivery) == "pending"
    Delivery.objects.update(state="exhausted")
    somebody.act("webhooks_delivery", "send_again", delivery)
    assert state_of(delivery) == "exhausted"


def test_a_viewer_does_not_ask_the_clinic_and_support_does(staff, endpoint, delivery):
    viewer, support = staff("viewer"), staff("support")
    for page in (("webhooks_endpoint_change", endpoint.pk), ("webhooks_delivery_change", delivery.pk)):
        assert "/clinic/" not in text_of(viewer.get(*page))
        assert "/clinic/" in text_of(support.get(*page))
    assert viewer.get("webhooks_endpoint_clinic", endpoint.pk).status_code == 403
    assert viewer.post("webhooks_endpoint_clinic", endpoint.pk, **CHANGES["clinic"]).status_code == 403
    assert "What the clinic found" in text_of(
        support.post("webhooks_endpoint_clinic", endpoint.pk, **CHANGES["clinic"])
    )


@pytest.mark.parametrize("name", [*PAGES, "clinic"])
def test_another_brands_endpoint_is_out_of_reach(staff, endpoint, their_delivery, name):
    owner = staff("owner")
    theirs = their_delivery.endpoint
    before = Endpoint.objects.filter(pk=theirs.pk).values().get()
    for answer in (
        owner.get(f"webhooks_endpoint_{name}", theirs.pk),
        owner.post(f"webhooks_endpoint_{name}", theirs.pk, **CHANGES[name]),
    ):
        assert answer.status_code == 302
        assert "velo" not in answer.content.decode()
    assert Endpoint.objects.filter(pk=theirs.pk).values().get() == before
    assert state_of(their_delivery) == "exhausted"
    assert not Probe.objects.exists()


@pytest.mark.parametrize(("action", "state"), [("send_again", "exhausted"), ("cancel_pending", "pending")])
def test_an_action_with_another_brands_key_does_nothing(staff, delivery, their_delivery, action, state):
    Delivery.objects.update(state=state)
    owner = staff("owner")
    owner.act("webhooks_delivery", action, delivery, their_delivery)
    assert state_of(their_delivery) == state
    assert state_of(delivery) != state


def test_somebody_in_two_brands_acts_by_the_role_in_each(staff, delivery, their_delivery):
    Delivery.objects.update(state="exhausted")
    both = staff("manager", velo=(their_delivery.brand, "support"))
    texts = said(both.act("webhooks_delivery", "send_again", delivery, their_delivery))
    assert (state_of(delivery), state_of(their_delivery)) == ("pending", "exhausted")
    assert texts[0] == "1 delivery is sent again."
    assert texts[1].startswith("1 delivery stays as it is")


@pytest.mark.parametrize("permission", ["test endpoint", "hold exam", "rotate key", "send again", "cancel delivery"])
def test_managers_and_owners_may(staff, brand, permission):
    allowed = {role for role in ("viewer", "support", "manager", "owner") if may(staff(role).user, permission)}
    assert allowed == {"manager", "owner"}
