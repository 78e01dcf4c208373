"""Lists: what they cost, what they find, what an order's page shows, and the policy that pages carry."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from orders.models import OrderStatus
from orders.refunds import request_refund
from orders.services import cancel, place_order, set_status
from shops.services import issue_token
from tests.admin.helping import member_of, order_of, text_of
from webhooks.admin import STATUSES
from webhooks.services import add_endpoint

LISTS = [
    "orders_order",
    "orders_refund",
    "passes_coupon",
    "passes_pass",
    "shops_member",
    "shops_pointsentry",
    "shops_staff",
    "shops_apitoken",
    "webhooks_endpoint",
    "webhooks_delivery",
    "webhooks_call",
    "webhooks_examreport",
]


def fill(brand, numbers):
    """Rows in every list."""
    for number in numbers:
        add_endpoint(brand, url=f"https://partner{number}.example/")
        brand.endpoints.exclude(url=f"https://partner{number}.example/").update(is_active=False)
        member = member_of(brand, f"member{number}@example.com")
        order = order_of(member, brand.coupons.create(title=f"Coupon {number}", points=100), points="max")
        request_refund(order, by=f"staff{number}@example.com", passes="all")
        delivery = brand.deliveries.filter(order_uuid=order.uuid).first()
        brand.calls.create(delivery=delivery, attempt=1, url="https://partner.example/", interval=0)
        report = {"url": "https://partner.example/", "grade": "passed", "by": f"staff{number}@example.com"}
        times = {"started_at": delivery.created_at, "finished_at": delivery.created_at}
        brand.exam_reports.create(endpoint=delivery.endpoint, **report, **times)
        issue_token(brand, name=f"Token {number}", abilities=["*"])
        brand.staff.create(user=User.objects.create_user(f"staff{number}@example.com"), role="viewer")


@pytest.mark.parametrize("who", ["staff", "superuser"])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_with_one_row_and_with_twelve(request, staff, brand, name, who):
    somebody = staff("owner") if who == "staff" else request.getfixturevalue("superuser")
    costs = []
    for numbers in (range(1), range(1, 12)):
        fill(brand, numbers)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = somebody.get(f"{name}_changelist")
        assert page.status_code == 200
        costs.append(len(queries))
    assert page.context["cl"].result_count >= 12
    assert costs[0] == costs[1], [query["sql"] for query in queries]


def test_an_orders_page_costs_the_same_with_one_item_and_with_three(staff, member, brand):
    viewer = staff("viewer")
    viewer.get("orders_order_change", order_of(member).pk)  # content types are asked for once per process
    costs = []
    for quantity in (1, 3):
        coupons = [(brand.coupons.create(title=f"Tea {quantity} {n}", points=10), 1) for n in range(quantity)]
        order = place_order(member, coupons, points="max")
        with CaptureQueriesContext(connection) as queries:
            text_of(viewer.get("orders_order_change", order.pk))
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_plain_list_of_orders_counts_no_orders(staff, order):
    viewer = staff("viewer")
    with CaptureQueriesContext(connection) as queries:
        page = viewer.get("orders_order_changelist")
    assert page.context["cl"].result_count == 1
    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and '"orders_order"' in query["sql"]]
    assert [sql for sql in counts if '"refunded" > 0 OR "orders_order"."points_refunded" > 0' not in _short(sql)] == []
    assert len(counts) == 1  # the tab of what was refunded, along an index of those alone


def _short(sql):
    return sql.replace("(", "").replace(")", "").replace("'0'::bigint", "0").replace("'0'::numeric", "0")


def test_a_long_list_is_counted_no_further_than_one_leafs(staff, member, monkeypatch):
    monkeypatch.setattr("shops.brand_admin.CappedPaginator.most", 2)
    for _ in range(3):
        order_of(member)
    page = staff("viewer").get("orders_order_changelist", status__exact="open")
    assert page.context["cl"].result_count == 2
    assert "2 orders or more" in text_of(page)


def test_orders_are_found_by_number_address_identifier_and_qr_code(staff, brand, order):
    bo = member_of(brand, "Bo.Smith@example.com")
    wanted = set_status(order_of(bo), OrderStatus.PAID)
    code = wanted.items.get().issued_pass.qr_code
    viewer = staff("viewer")
    for term in (wanted.number, f"#{wanted.number}", "bo.smi", "BO.SMITH@example.com", wanted.uuid, code, code.lower()):
        page = viewer.get("orders_order_changelist", q=str(term))
        assert list(page.context["cl"].result_list) == [wanted], term
    for term in ("9" * 30, "smith", "nobody@example.com", "%"):
        assert not list(viewer.get("orders_order_changelist", q=term).context["cl"].result_list), term


def test_orders_are_filtered_by_state_and_day(staff, member, order):
    canceled = cancel(order_of(member))
    viewer = staff("viewer")

    def found(**query):
        return set(viewer.get("orders_order_changelist", **query).context["cl"].result_list)

    day = order.created_at.date().isoformat() if order.created_at else None
    assert found(status__exact="canceled") == {canceled}
    assert found(processing_status__exact="open") == {order, canceled}
    assert found(created_at_from=day, created_at_to=day) == {order, canceled}
    assert found(created_at_to="2020-01-01") == set()
    assert found(created_at_from="nonsense") == {order, canceled}


def test_other_lists_are_searched_without_harm(staff, order):
    viewer = staff("viewer")
    for name, term in [
        ("webhooks_delivery", "no uuid"),
        ("webhooks_delivery", str(order.uuid)),
        ("passes_pass", "anna@"),
        ("shops_member", "anna"),
        ("shops_pointsentry", "welcome"),
    ]:
        assert viewer.get(f"{name}_changelist", q=term).status_code == 200


def test_an_orders_page_shows_what_hangs_on_it(staff, brand, member):
    endpoint, _key = add_endpoint(brand, url="https://partner.example/hook")
    order = order_of(member, points="max")
    delivery = brand.deliveries.filter(event__order_status="paid").get()
    brand.calls.create(
        delivery=delivery,
        attempt=1,
        url=endpoint.url,
        interval=0,
        outcome="failed",
        http_status_code=500,
        response="Oops",
    )
    page = text_of(staff("viewer").get("orders_order_change", order.pk))
    for wanted in (
        order.items.get().issued_pass.qr_code,
        f"Order {order.number}",
        "anna@example.com",
        "-300",
        "https://partner.example/hook",
        "Failed",
        "(500)",
        "Oops",
        "No money was due",
        str(order.uuid),
    ):
        assert wanted in page, wanted


@pytest.mark.parametrize("name", LISTS)
def test_every_row_has_a_page(staff, brand, name):
    fill(brand, range(1))
    owner = staff("owner")
    row = owner.get(f"{name}_changelist").context["cl"].result_list[0]
    page = text_of(owner.get(f"{name}_change", row.pk))
    assert "<title>" in page
    assert "(&#x27;" not in page  # a badge's pair, printed as it is


def test_the_webhooks_statuses_are_those_of_orders():
    assert [value for value, _label in STATUSES] == OrderStatus.values


def test_the_admin_alone_gets_the_wider_policy(superuser, client, db):
    for page in (superuser.get("index"), superuser.get("orders_order_changelist"), client.get("/admin/login/")):
        assert "script-src 'self' 'unsafe-eval'" in page["Content-Security-Policy"]
    for url in ("/live", "/nothing-here"):
        assert "unsafe" not in client.get(url).headers.get("Content-Security-Policy", "")
