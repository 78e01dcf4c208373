"""Numbers that strangers type, of any length and in any script."""

import pytest

from shops.numbers import whole_number
from tests.admin.conftest import member, order, staff, their_order  # noqa: F401 -- fixtures
from tests.admin.helping import hidden_fields, said
from tests.making import make_paid_order

LONG = "9" * 5000  # digits; Python reads no more than 4,300


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), (LONG, None)]
)
def test_the_length(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize("text", [None, "", "-1", "+1", "1_0", " 1", "1.0", "1e3", "٣", "²", "x"])
def test_what_is_none(text):
    assert whole_number(text) is None


@pytest.mark.parametrize("number", [LONG, "٣", "9" * 19])
def test_pages_survive_them(staff, order, their_order, number):  # noqa: F811
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


def test_a_version_of_any_length_is_another_one(staff, brand):  # noqa: F811
    paid, owner = make_paid_order(brand), staff("owner")
    sent = hidden_fields(owner.post("orders_order_refund", paid.pk, amount="1.00")) | {"version": LONG}
    assert said(owner.post("orders_order_refund", paid.pk, **sent)) == [
        "The order has changed meanwhile. Look at what would be given back now."
    ]
    assert not paid.refunds.exists()
