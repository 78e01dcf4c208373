"""The order's page and list, with what the desk adds: timeline, notes, tags, neighbours, the partner's view, tabs."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from desk.models import MOST_FILTERS, MOST_TAGS, OrderNote, OrderTag, SavedFilter
from desk.notes import add_note, add_tag, remove_tag
from desk.timeline import timeline_of
from orders.refunds import ask_provider, request_refund
from orders.services import cancel, set_processing_status
from shops.actors import ActorKind, acting_as
from shops.errors import InvalidInput
from tests.admin.helping import said, text_of
from tests.making import make_endpoint, make_member, make_order, make_paid_order


def told(order):
    order = order.brand.orders.select_related("brand", "member").get(pk=order.pk)
    return [(entry.text, entry.who, entry.detail) for entry in timeline_of(order)]


def forget_story(order):
    """As it is for an order from before there was a story."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers
        cursor.execute("DELETE FROM desk_orderevent WHERE order_id = %s", [order.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_the_timeline_tells_who_did_what_newest_first(brand):
    order = make_order(brand)
    with acting_as(ActorKind.STAFF, "olga@noord.example"):
        order = cancel(order)
        add_tag(order, "VIP  guest")
        add_note(order, " Called. ", by="olga@noord.example")
    assert told(order) == [
        ("Note", "Staff: olga@noord.example", "Called."),
        ("Tag “vip guest” added", "Staff: olga@noord.example", ""),
        ("Status: Canceled", "Staff: olga@noord.example", ""),
        ("Payment of €3.50 asked for", "System", ""),
        ("Placed", "Member", ""),
    ]


def test_webhook_calls_and_what_staff_did_with_them_are_told(staff, brand):
    endpoint, _key = make_endpoint(brand, url="https://partner.example/hook")
    order = make_order(brand)
    delivery = brand.deliveries.get()
    brand.calls.create(
        delivery=delivery, attempt=1, url=endpoint.url, interval=0, outcome="failed", http_status_code=500
    )
    brand.deliveries.update(state="exhausted")
    staff("manager").act("webhooks_delivery", "send_again", delivery)
    found = {text: by for text, by, _detail in told(order)}
    assert found["Webhook “Open”, attempt 1: Failed (500)"] == "System"
    logged = LogEntry.objects.get(object_id=str(delivery.pk)).get_change_message()
    assert found[logged] == "Staff: manager0@team.example"


def test_an_order_from_before_the_story_is_told_from_its_rows(staff, brand):
    order = make_paid_order(brand)
    staff("support").act("orders_order", "begin", order, from_page="1")
    forget_story(order)
    found = {text: by for text, by, _detail in told(order)}
    assert found["Placed"] == "Member"
    assert found["Status: Paid"] == "–"
    assert found["Mark as being processed"] == "Staff: support0@team.example"
    order = set_processing_status(order, "processed")
    assert [text for text, _by, _detail in told(order)].count("Placed") == 1


def test_notes_and_tags_are_refused_with_a_reason_and_change_nothing(brand):
    order = make_order(brand)
    for text in ("", "   ", "x" * 2001):
        with pytest.raises(InvalidInput):
            add_note(order, text, by="x")
    for text in ("", "a, b", "x" * 31):
        with pytest.raises(InvalidInput):
            add_tag(order, text)
    assert not OrderNote.objects.exists()
    assert not OrderTag.objects.exists()


def test_a_tag_hangs_once_and_an_order_carries_so_many(brand):
    order = make_order(brand)
    assert add_tag(order, "a") is True
    assert add_tag(order, " A ") is False
    for number in range(MOST_TAGS - 1):
        add_tag(order, f"tag {number}")
    with pytest.raises(InvalidInput):
        add_tag(order, "one more")
    assert remove_tag(order, "a") is True
    assert remove_tag(order, "a") is False
    assert OrderTag.objects.count() == MOST_TAGS - 1
    assert order.brand.order_events.filter(about="tag").count() == MOST_TAGS + 1


def test_support_writes_notes_and_tags_and_the_list_finds_them(staff, brand):
    order, plain = make_order(brand), make_order(brand)
    support = staff("support")
    support.post("orders_order_notes", order.pk, text="Call <b>back</b>")
    answer = support.post("orders_order_tags", order.pk, tag="VIP", filters="status__exact=open")
    assert answer["Location"].endswith(f"/{order.pk}/change/?_changelist_filters=status__exact%3Dopen")
    page = text_of(support.get("orders_order_change", order.pk))
    assert "Call &lt;b&gt;back&lt;/b&gt;" in page
    assert "Staff: support0@team.example" in page
    for query in ({"tag": "vip"}, {"has": "note"}):
        assert list(support.get("orders_order_changelist", **query).context["cl"].result_list) == [order]
    assert set(support.get("orders_order_changelist").context["cl"].result_list) == {order, plain}
    support.post("orders_order_tags", order.pk, remove="vip")
    assert not OrderTag.objects.exists()
    refused = support.post("orders_order_notes", order.pk, text=" ")
    assert said(refused) == ["A note has between 1 and 2000 characters."]


POSTS = [("orders_order_notes", {"text": "x"}), ("orders_order_tags", {"tag": "x"})]


@pytest.mark.parametrize(("name", "data"), POSTS)
def test_a_viewer_writes_neither(staff, brand, name, data):
    order = make_order(brand)
    viewer = staff("viewer")
    assert viewer.post(name, order.pk, **data).status_code == 403
    assert viewer.get(name, order.pk).status_code == 403
    assert "new-note" not in text_of(viewer.get("orders_order_change", order.pk))
    assert not OrderNote.objects.exists()
    assert not OrderTag.objects.exists()


@pytest.mark.parametrize(("name", "data"), [*POSTS, ("orders_order_json", {})])
def test_another_brands_order_is_out_of_reach(staff, brand, other, name, data):
    order = make_order(other, member=make_member(other, email="secret@velo.example"))
    owner = staff("owner")
    for answer in (owner.post(name, order.pk, **data), owner.get(name, order.pk)):
        assert answer.status_code == 302
        assert "velo" not in answer.content.decode().lower()
    assert not OrderNote.objects.exists()
    assert not OrderTag.objects.exists()


def test_a_verb_is_not_asked_for_by_get(staff, brand):
    order = make_order(brand)
    for name in ("orders_order_notes", "orders_order_tags"):
        assert staff("support").get(name, order.pk).status_code == 405
        break
    assert staff("manager").get("orders_order_filter_add").status_code == 405
    assert staff("owner").get("orders_order_filter_remove").status_code == 405


def test_the_partner_sees_the_very_same(staff, brand, api):
    order = make_paid_order(brand)
    page = text_of(staff("viewer").get("orders_order_json", order.pk))
    printed = json.loads(unescape(re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)[1]))
    answer = api.get(f"/orders/{order.uuid}").json()
    assert printed == answer.get("data", answer)


def test_newer_and_older_are_those_of_the_list_one_came_from(staff, brand):
    paid = [make_paid_order(brand) for _ in range(3)]
    make_order(brand)
    viewer = staff("viewer")
    page = viewer.get("orders_order_change", paid[1].pk, _changelist_filters="status__exact=paid")
    assert (page.context["newer"], page.context["older"]) == (paid[2].pk, paid[0].pk)
    page = viewer.get("orders_order_change", paid[2].pk, _changelist_filters="status__exact=paid")
    assert (page.context["newer"], page.context["older"]) == (None, paid[1].pk)
    assert viewer.get("orders_order_change", paid[2].pk).context["newer"] is not None
    for nonsense in ("nonsense=1", "member__email__regex=.", "status__exact=paid&e=1", "%ff"):
        assert viewer.get("orders_order_change", paid[1].pk, _changelist_filters=nonsense).status_code == 200


def test_neighbours_are_never_another_brands(staff, superuser, brand, other):
    first, theirs, last = make_order(brand), make_order(other), make_order(brand)
    page = staff("viewer").get("orders_order_change", first.pk)
    assert (page.context["newer"], page.context["older"]) == (last.pk, None)
    page = superuser.get("orders_order_change", first.pk)
    assert page.context["newer"] == theirs.pk


def test_test_money_is_marked(staff, brand):
    order = make_order(brand)
    viewer = staff("viewer")
    assert "no real money was paid" in text_of(viewer.get("orders_order_change", order.pk))
    brand.payments.update(provider="mollie")
    assert "no real money was paid" not in text_of(viewer.get("orders_order_change", order.pk))
    brand.payments.update(is_test=True)
    assert "no real money was paid" in text_of(viewer.get("orders_order_change", order.pk))


def test_the_member_stands_on_the_page(staff, brand):
    member = make_member(brand, points=500)
    order = make_paid_order(brand, member=member, points=100)
    make_order(brand, member=member)
    card = staff("viewer").get("orders_order_change", order.pk).context["card"]
    assert (card["member"].points, card["orders"], card["passes"]) == (400, 2, 1)


def test_a_page_costs_the_same_however_much_happened(staff, brand):
    make_endpoint(brand)
    order = make_paid_order(brand, quantity=4)
    viewer = staff("viewer")
    viewer.get("orders_order_change", order.pk)  # what is kept between pages is kept then
    costs = []
    for number in range(3):
        add_note(order, "x", by="x")
        add_tag(order, f"tag {number}")
        make_order(brand, member=order.member)
        for delivery in brand.deliveries.filter(order_uuid=order.uuid):
            brand.calls.create(delivery=delivery, attempt=number + 1, url="https://x.example/", interval=0)
        with CaptureQueriesContext(connection) as queries:
            viewer.get("orders_order_change", order.pk)
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2]


def counts_in(page):
    return {str(tab.name): tab.count for tab in page.context["tabs"]}


def test_tabs_count_exactly_and_lead_to_what_they_count(staff, brand, other):
    make_order(brand)
    make_paid_order(brand)
    set_processing_status(make_paid_order(brand), "being_processed")
    request_refund(set_processing_status(make_paid_order(brand), "archived"), by="x", passes="all")
    cancel(make_order(brand))
    make_paid_order(other)
    viewer = staff("viewer")
    page = viewer.get("orders_order_changelist")
    assert counts_in(page) == {"All": 5, "Open": 2, "Unpaid": 1, "To fulfil": 1, "Refunded": 1}
    for tab in page.context["tabs"]:
        found = viewer.client.get(f"/admin/orders/order/{tab.url}")
        assert found.context["cl"].result_count == tab.count, tab
        assert [one.name for one in found.context["tabs"] if one.is_current] == [tab.name]


def test_tabs_follow_the_brand_that_was_chosen(superuser, staff, brand, other):
    make_order(brand)
    make_paid_order(other)
    assert counts_in(superuser.get("orders_order_changelist"))["All"] == 2
    page = superuser.get("orders_order_changelist", brand=other.pk)
    assert counts_in(page) == {"All": 1, "Open": 1, "Unpaid": 0, "To fulfil": 1, "Refunded": 0}
    assert counts_in(staff("viewer").get("orders_order_changelist", brand=other.pk))["All"] == 0


def test_a_filter_is_kept_as_a_tab_of_ones_own(staff, brand):
    make_paid_order(brand)
    viewer, support = staff("viewer"), staff("support")
    viewer.post("orders_order_filter_add", name=" My  paid ", query="status__exact=paid&p=2")
    kept = SavedFilter.objects.get()
    assert (kept.user, kept.name, kept.query) == (viewer.user, "My paid", "status__exact=paid")
    assert counts_in(viewer.get("orders_order_changelist"))["My paid"] == 1
    assert "My paid" not in counts_in(support.get("orders_order_changelist"))
    support.post("orders_order_filter_remove", key=kept.pk)
    assert SavedFilter.objects.exists()
    viewer.post("orders_order_filter_remove", key=kept.pk)
    assert not SavedFilter.objects.exists()


def test_a_tab_that_makes_no_sense_is_refused(staff):
    viewer = staff("viewer")
    for name, query in [("", "status__exact=paid"), ("x" * 31, "has=note"), ("x", ""), ("x", "q=" + "x" * 600)]:
        viewer.post("orders_order_filter_add", name=name, query=query)
    assert not SavedFilter.objects.exists()
    for number in range(MOST_FILTERS + 2):
        viewer.post("orders_order_filter_add", name=f"Tab {number}", query="has=note")
    assert SavedFilter.objects.count() == MOST_FILTERS
    SavedFilter.objects.first().delete()
    viewer.post("orders_order_filter_add", name="TAB 5", query="has=note")
    assert SavedFilter.objects.count() == MOST_FILTERS - 1


def keep(admin, *queries):
    """Make tabs named after what they ask for."""
    SavedFilter.objects.bulk_create(SavedFilter(user=admin.user, name=query[:30], query=query) for query in queries)


def test_ones_own_tabs_count_what_they_lead_to(superuser, brand, other):
    """Whatever a filter asks for, and in whichever brand; what the list refuses has no count."""
    order = make_paid_order(brand)
    add_tag(order, "vip")
    add_note(make_order(brand, quantity=10), "x", by="x")
    make_paid_order(other)
    yesterday = (timezone.now() - timedelta(days=1)).date()
    queries = {
        f"brand={other.pk}": 1,
        f"brand={brand.pk}&status__exact=open": 1,
        f"brand={brand.pk}&q={order.member.email}": 1,
        "total_from=10": 1,
        f"created_at_from={yesterday:%Y-%m-%d}": 3,
        "tag=vip": 1,
        "has=note": 1,
        "has=refunded": 0,
        "has=return_waiting": 0,
        "partner=disagrees": 0,
        f"q={'9' * 40}": 0,
    }
    keep(superuser, *queries, "nonsense=1")
    page = superuser.get("orders_order_changelist")
    own = {tab.query: tab for tab in page.context["tabs"] if tab.key}
    assert {query: tab.count for query, tab in own.items()} == {**queries, "nonsense=1": None}
    assert not any(tab.is_least for tab in own.values())
    for query in list(queries)[:4]:
        found = superuser.client.get(f"/admin/orders/order/{own[query].url}").context["cl"]
        assert found.result_count == own[query].count, query


def test_many_orders_are_counted_so_far_only(staff, brand, other, monkeypatch):
    """By how many there are, and by how long PostgreSQL expects to be at it; a brand at a time or several."""
    keep(viewer := staff("viewer", other=(other, "viewer")), "total_from=0", f"brand={brand.pk}&total_from=0")
    for _ in range(4):
        make_order(brand)
    make_order(other)

    def own():
        tabs = viewer.get("orders_order_changelist").context["tabs"]
        return [(tab.count, tab.is_least) for tab in tabs if tab.key]

    assert own() == [(5, False), (4, False)]
    monkeypatch.setattr("desk.bounded_counts.MOST", 3)
    assert own() == [(3, True), (3, True)]
    assert "3+" in text_of(viewer.get("orders_order_changelist"))
    monkeypatch.setattr("desk.bounded_counts.WINDOW", 2)
    monkeypatch.setattr("desk.bounded_counts.CHEAP", 0)
    assert own() == [(2, True), (2, True)]


def test_tabs_cost_the_same_however_many_there_are(staff, brand, other):
    make_paid_order(brand)
    viewer = staff("viewer", other=(other, "viewer"))
    keep(viewer, "partner=disagrees")  # whose endpoints are asked for once
    costs = []
    for number in range(3):
        keep(viewer, f"brand={other.pk}&tag={number}", f"has=note&q={number}", f"partner=disagrees&total_from={number}")
        with CaptureQueriesContext(connection) as queries:
            viewer.get("orders_order_changelist")
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2]


def test_a_tab_that_postgresql_refuses_spoils_no_page(staff, brand):
    make_order(brand)
    keep(viewer := staff("viewer"), "tag=%00", "has=note")
    assert viewer.get("orders_order_changelist").status_code == 200
    assert viewer.get("orders_order_changelist", tag="\0").status_code == 200


def test_orders_are_found_by_amount(staff, brand):
    cheap, dear = make_order(brand), make_order(brand, quantity=10)
    viewer = staff("viewer")
    found = viewer.get("orders_order_changelist", total_from="10", total_to="100").context["cl"].result_list
    assert list(found) == [dear]
    found = viewer.get("orders_order_changelist", total_to="10").context["cl"].result_list
    assert list(found) == [cheap]


def test_tabs_tell_nothing_of_a_brand_that_is_not_ones_own(staff, brand, other):
    theirs = make_paid_order(other)
    ask_provider(request_refund(theirs, by="x", passes="all"))
    viewer = staff("viewer")
    SavedFilter.objects.create(user=viewer.user, name="Theirs", query=f"brand={other.pk}&has=refunded")
    assert set(counts_in(viewer.get("orders_order_changelist", brand=other.pk)).values()) == {0}


@pytest.mark.parametrize(
    "query", ["status__exact=open&status__exact=paid", "processing_status__in=open,open", "status__exact=open"]
)
def test_a_tab_that_asks_twice_counts_what_the_list_shows(staff, brand, query):
    make_paid_order(brand)
    make_order(brand)
    viewer = staff("viewer")
    SavedFilter.objects.create(user=viewer.user, name="Mine", query=query)
    page = viewer.client.get(reverse("admin:orders_order_changelist") + f"?{query}")
    assert counts_in(page)["Mine"] == page.context["cl"].result_count


@pytest.mark.parametrize("query", ["status__exact=%00", "created_at__year=99999999", "brand=" + "9" * 5000])
def test_a_list_that_asks_for_the_impossible_is_refused(staff, brand, query):
    order = make_order(brand)
    viewer = staff("viewer")
    answer = viewer.client.get(reverse("admin:orders_order_changelist") + f"?{query}", follow=True)
    assert answer.status_code == 200
    assert viewer.get("orders_order_change", order.pk, _changelist_filters=query).status_code == 200
