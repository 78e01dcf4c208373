"""The log of deliveries, and what partners believe of orders."""

from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.encryption import decrypt
from orders.services import cancel
from tests.admin.helping import hidden_fields, order_of, said, text_of
from tests.admin.webhooks.helping import called, state_of
from webhooks.admin_request import headers_shown
from webhooks.delivery import _headers, claim
from webhooks.models import Delivery, Endpoint
from webhooks.services import add_endpoint, remove_endpoint


def test_a_delivery_shows_what_was_sent_and_answered(staff, endpoint, delivery, order):
    called(delivery, "failed", http_status_code=500, response="<b>Oops</b>", remote_ip="127.0.0.9")
    endpoint.refresh_from_db()
    page = text_of(staff("viewer").get("webhooks_delivery_change", delivery.pk))
    for wanted in (
        "POST http://127.0.0.1:9/hook",
        f"wllt-message-id: {delivery.uuid}",
        f"order_id&quot;:&quot;{order.uuid}",
        "made with the key when it is sent",
        "&lt;b&gt;Oops&lt;/b&gt;",
        "127.0.0.9",
        "curl --request POST",
        f"?q={order.uuid}",
    ):
        assert wanted in page, wanted
    assert decrypt(bytes(endpoint.encrypted_key)) not in page


def test_the_headers_shown_are_those_that_are_sent(delivery):
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    [claimed] = claim(1)
    delivery.refresh_from_db()
    sent = _headers(claimed)
    shown = {name: str(value) for name, value in headers_shown(delivery)}
    assert list(shown) == list(sent)
    secret = {"wllt-signature", "webhook-signature", "webhook-timestamp", "wllt-sent-at"}
    assert {name: shown[name] for name in shown.keys() - secret} == {name: sent[name] for name in sent.keys() - secret}


def test_one_delivery_is_sent_again_or_canceled_from_its_page(staff, delivery):
    manager = staff("manager")
    page = manager.get("webhooks_delivery_change", delivery.pk)
    assert 'value="send_again"' not in text_of(page)  # it is on its way
    fields = hidden_fields(page)
    answer = manager.act("webhooks_delivery", "cancel_pending", delivery, next=fields["next"])
    assert answer["Location"] == f"/admin/webhooks/delivery/{delivery.pk}/change/"
    assert state_of(delivery) == "canceled"
    assert 'value="send_again"' in text_of(manager.get("webhooks_delivery_change", delivery.pk))
    answer = manager.act("webhooks_delivery", "send_again", delivery, next="https://evil.example/")
    assert "evil" not in answer["Location"]
    assert state_of(delivery) == "pending"


def test_bulk_actions_report_how_many(staff, endpoint, delivery, member, monkeypatch):
    rest = [endpoint.deliveries.get(order_uuid=order_of(member).uuid) for _ in range(2)]
    Delivery.objects.filter(pk=rest[0].pk).update(state="delivered")
    manager = staff("manager")
    texts = said(manager.act("webhooks_delivery", "cancel_pending", delivery, *rest))
    assert texts == ["2 deliveries are canceled.", "1 delivery stays as it is: not pending, or not for your role."]
    assert LogEntry.objects.filter(change_message="Cancel delivery").count() == 2
    monkeypatch.setattr("webhooks.admin_deliveries.MOST_AT_ONCE", 2)
    texts = said(manager.act("webhooks_delivery", "send_again", delivery, *rest))
    assert texts[-2:] == ["At most 2 at once: choose again for more.", "2 deliveries are sent again."]


def test_deliveries_are_found_and_filtered(staff, endpoint, delivery, order):
    cancel(order)
    canceled = endpoint.deliveries.get(version=order.version + 1)
    Delivery.objects.filter(pk=canceled.pk).update(state="exhausted")
    viewer = staff("viewer")

    def found(**query):
        return set(viewer.get("webhooks_delivery_changelist", **query).context["cl"].result_list)

    assert found(q=str(delivery.uuid)) == {delivery}
    assert found(q=str(order.uuid)) == {delivery, canceled}
    assert found(q="nonsense") == set()
    assert found(status="canceled") == {canceled}
    assert found(status="nonsense") == {delivery, canceled}
    assert found(state__exact="pending") == {delivery}


def beliefs(admin, order):
    page = admin.get("orders_order_change", order.pk)
    assert "What the partner believes" in text_of(page)
    return [
        (one.confirmed and one.confirmed.event.order_status, str(one.verdict["text"]))
        for one in page.context["beliefs"]
    ]


def test_an_orders_page_says_what_the_partner_believes(staff, brand, endpoint, delivery, order):
    manager = staff("manager")
    assert beliefs(manager, order) == [(None, "Not yet confirmed")]
    Delivery.objects.update(state="delivered", done_at=timezone.now())
    assert beliefs(manager, order) == [("open", "Agrees")]
    Endpoint.objects.update(statuses=["open"])
    order = cancel(order)
    assert beliefs(manager, order) == [("open", "Was not told of the present status")]
    late = brand.deliveries.create(
        endpoint=endpoint,
        event=brand.events.get(version=order.version),
        order_uuid=order.uuid,
        version=order.version,
        state="exhausted",
    )
    add_endpoint(brand, url="http://127.0.0.1:9/new")
    assert beliefs(manager, order) == [("open", "Disagrees"), (None, "Was told nothing")]
    page = manager.get("orders_order_change", order.pk)
    fields = hidden_fields(page)
    answer = manager.act("webhooks_delivery", "send_again", late, next=fields["next"])
    assert answer["Location"] == f"/admin/orders/order/{order.pk}/change/"
    assert state_of(late) == "pending"
    assert 'value="send_again"' not in text_of(staff("support").get("orders_order_change", order.pk))


def test_orders_whose_partner_disagrees_are_found(staff, superuser, endpoint, member, their_delivery):
    order_of(member)
    agreed, late = order_of(member), order_of(member)
    endpoint.deliveries.filter(order_uuid=agreed.uuid).update(state="delivered")
    endpoint.deliveries.filter(order_uuid=late.uuid).update(state="exhausted")
    cancel(late)
    endpoint.deliveries.filter(order_uuid=late.uuid, state="pending").update(state="delivered")

    def found(admin, **query):
        return set(admin.get("orders_order_changelist", **query).context["cl"].result_list)

    viewer = staff("viewer")
    assert found(viewer, partner="disagrees") == set(endpoint.brand.orders.exclude(pk__in=[agreed.pk, late.pk]))
    assert found(viewer, partner="nonsense") == set(endpoint.brand.orders.all())
    assert {one.uuid for one in found(superuser, partner="disagrees")} >= {their_delivery.order_uuid}
    remove_endpoint(endpoint)
    assert found(viewer, partner="disagrees") == set()
