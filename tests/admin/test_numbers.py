"""Numbers in the admin's addresses and forms that are too long to be one, or in another script."""

import pytest

from tests.admin.helping import hidden_fields, said
from tests.making import make_paid_order

LONG = "9" * 5000  # digits; Python reads no more than 4,300


@pytest.mark.parametrize("number", [LONG, "٣", "9" * 19])
def test_pages_survive_them(staff, order, their_order, number):
    owner = staff("owner")
    for name, *of, query in (
        ("orders_order_changelist", {"q": number}),
        ("orders_order_changelist", {"brand": number}),
        ("orders_refund_changelist", {"q": number}),
        ("shops_member_changelist", {"brand": number}),
        ("jobs_job_steps", {"step": "archive", "ids": number}),
        ("jobs_job_export", "orders", {"filter": f"brand={number}"}),
    ):
        answer = owner.get(name, *of, **query)
        assert answer.status_code in {200, 302}, name
        assert str(their_order.member) not in answer.content.decode()


def test_a_version_of_any_length_is_another_one(staff, brand):
    paid, owner = make_paid_order(brand), staff("owner")
    sent = hidden_fields(owner.post("orders_order_refund", paid.pk, amount="1.00")) | {"version": LONG}
    assert said(owner.post("orders_order_refund", paid.pk, **sent)) == [
        "The order has changed meanwhile. Look at what would be given back now."
    ]
    assert not paid.refunds.exists()
