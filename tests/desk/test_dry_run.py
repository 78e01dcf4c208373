"""What an endpoint would be sent, before it is kept."""

import json

from tests.admin.helping import text_of
from tests.making import make_order, make_paid_order


def test_a_dry_run_shows_the_bytes_and_keeps_and_sends_nothing(staff, brand):
    order, _newer = make_paid_order(brand), make_order(brand)
    manager = staff("manager")
    assert "Show what would be sent" in text_of(manager.get("webhooks_endpoint_add"))
    data = {"url": "http://127.0.0.1:9/hook", "statuses": ["paid", "failed"], "order_number": order.number}
    answer = manager.post("webhooks_endpoint_dry_run", **data)
    paid, failed = answer.context["messages_shown"]
    assert json.loads(paid["body"]) == {
        "order_id": str(order.uuid),
        "brand_id": str(brand.uuid),
        "order_status": "paid",
    }
    assert paid["body"].encode() == bytes(brand.events.get(order_uuid=order.uuid, order_status="paid").body)
    assert ("wllt-order-version", "2") in paid["headers"]
    assert (paid["was_told"], failed["was_told"]) == (True, False)
    assert "curl --request POST http://127.0.0.1:9/hook" in text_of(answer)
    newest = manager.post("webhooks_endpoint_dry_run", **{**data, "order_number": ""})
    assert newest.context["order"].number == 2
    assert not brand.endpoints.exists()
    assert not brand.deliveries.exists()


def test_a_dry_run_refuses_what_could_not_be_kept_and_other_brands_orders(staff, brand, other):
    make_order(other)
    manager = staff("manager")
    data = {"url": "http://127.0.0.1:9/hook", "statuses": "paid", "order_number": "1", "brand": other.pk}
    for wrong in ({}, {"url": "http://10.0.0.1/"}, {"url": "nonsense"}, {"statuses": "sold"}, {"brand": brand.pk}):
        answer = manager.post("webhooks_endpoint_dry_run", **{**data, **wrong})
        assert answer.context["form"].errors
        assert answer.context["messages_shown"] == []
        assert str(other.uuid) not in text_of(answer)
    assert staff("support").post("webhooks_endpoint_dry_run", **data).status_code == 403
