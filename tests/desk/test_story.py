"""Every change of an order is written down with whose doing it was, in that change's own transaction."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from desk.models import OrderEvent
from orders.fulfillments import add_fulfillment, change_fulfillment
from orders.refunds import request_refund
from orders.returns import open_return
from orders.services import cancel, lock_order, payment_said, save_order, set_processing_status, set_status
from passes.services import block, redeem
from shops.actors import ActorKind, act, acting, acting_as, forget
from tests.making import make_order, make_paid_order


def story_of(order):
    rows = order.brand.order_events.filter(order=order).order_by("pk")
    return [(row.version, row.about, row.facts, row.actor_kind, row.actor_name) for row in rows]


def test_an_order_that_a_member_places_and_a_provider_pays(brand):
    with acting_as(ActorKind.MEMBER):
        order = make_order(brand)
    order = payment_said(order.payment, "paid")
    assert story_of(order) == [
        (1, "order", {"status": "open", "processing_status": "open"}, "member", ""),
        (2, "order", {"status": "paid"}, "provider", "sandbox"),
    ]


def test_the_clock_is_the_system(brand):
    order = set_status(make_order(brand), "expired")
    assert story_of(order)[-1] == (2, "order", {"status": "expired"}, "system", "")


def test_the_api_acts_in_its_tokens_name(api, brand):
    order = make_order(brand)
    assert api.post(f"/orders/{order.uuid}/cancel").status_code == 200
    assert story_of(order)[-1] == (2, "order", {"status": "canceled"}, "token", "Test")
    assert acting().kind == ActorKind.SYSTEM


def test_staff_act_in_their_own_name(staff, brand):
    order = make_paid_order(brand)
    support = staff("support")
    support.act("orders_order", "begin", order, from_page="1")
    changed = {"processing_status": "being_processed", "processed_at": None}
    assert story_of(order)[-1] == (3, "order", changed, "staff", "support0@team.example")
    assert acting().kind == ActorKind.SYSTEM


def test_parts_and_passes_are_named_with_their_state(brand):
    order = make_paid_order(brand, quantity=3)
    first, second, _third = (item.issued_pass for item in order.items.order_by("pk"))
    with acting_as(ActorKind.STAFF, "olga@noord.example"):
        sent = change_fulfillment(add_fulfillment(order, "shipping", passes=[first.qr_code]), status="shipped")
        back = open_return(order, passes=[first.qr_code])
        redeem(second, by="Till")
        block(first, reason="Lost")
        refund = request_refund(order, by="olga", passes=[], amount=Decimal(1))
    found = [(row[1], row[2], row[3]) for row in story_of(order)[2:]]
    assert found == [
        ("fulfillment", {"status": "open"}, "staff"),
        ("fulfillment", {"status": "shipped"}, "staff"),
        ("return", {"status": "open"}, "staff"),
        ("pass", {"status": "redeemed"}, "staff"),
        ("pass", {"status": "blocked"}, "staff"),
        ("refund", {"status": "requested"}, "staff"),
    ]
    parts = list(order.brand.order_events.filter(order=order).order_by("pk").values_list("part", flat=True))[2:]
    assert parts == [sent.pk, sent.pk, back.pk, second.pk, first.pk, refund.pk]


def test_a_change_of_the_order_and_of_its_parts_at_once_tells_both(brand):
    order = make_paid_order(brand)
    refund = request_refund(order, by="x", passes=[], amount=Decimal(1))
    with transaction.atomic():
        save_order(lock_order(order), "status", "refunded", about=[refund])
    assert [row[:3] for row in story_of(order)[-2:]] == [
        (4, "refund", {"status": "requested"}),
        (4, "order", {"status": "paid", "refunded": None}),
    ]


def test_a_change_that_fails_leaves_no_story(brand):
    order = make_order(brand)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        cancel(order)
        raise ZeroDivisionError
    assert [row[0] for row in story_of(order)] == [1]


def test_what_names_a_member_is_not_in_the_story(brand, api):
    order = make_order(brand)
    answer = api.patch(f"/orders/{order.uuid}", {"member_partner_id": "anna-4711"})
    assert answer.status_code == 200
    assert story_of(order)[-1][2] == {"member_partner_id": None, "mail_delivered_in_inbox": None}


@pytest.mark.parametrize("statement", ["UPDATE desk_orderevent SET actor_name = 'x'", "DELETE FROM desk_orderevent"])
def test_the_database_refuses_to_change_a_story(brand, statement):
    order = make_order(brand)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert len(story_of(order)) == 1


def test_the_database_refuses_a_story_of_another_brands_order(brand, other):
    order = make_order(brand)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        OrderEvent.objects.create(brand=other, order=order, version=9, about="order", actor_kind="system")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert len(story_of(order)) == 1


def test_an_actor_ends_with_the_block_or_the_request():
    with acting_as(ActorKind.STAFF, "a"), acting_as(ActorKind.PROVIDER, "b"):
        assert acting().name == "b"
    assert acting().kind == ActorKind.SYSTEM
    act(ActorKind.TOKEN, "x" * 300)
    assert (acting().kind, len(acting().name)) == (ActorKind.TOKEN, 200)
    forget()
    assert acting().kind == ActorKind.SYSTEM


def test_one_more_statement_tells_the_story(brand, django_assert_max_num_queries):
    order = make_paid_order(brand)
    with django_assert_max_num_queries(6):
        set_processing_status(order, "being_processed")
