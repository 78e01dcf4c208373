"""What staff do with an order beside its steps: mails, a refund's choices, searching; and a pass's panel."""

import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from applewallet.models import Push, PushState
from applewallet.services import register
from desk.timeline import timeline_of
from orders.fulfillments import add_fulfillment
from orders.refunds import request_refund
from orders.tasks import send_mails
from passes.phones import pass_package
from passes.services import redeem
from tests.admin.helping import hidden_fields, said, text_of
from tests.applewallet.making import make_credential
from tests.making import codes_of, make_coupon, make_member, make_order, make_paid_order


def paid_order(brand, **options):
    return make_paid_order(brand, member=make_member(brand, email="emma@example.com", points=100), **options)


def before(order, seconds=61):
    order.mails.update(created_at=timezone.now() - timezone.timedelta(seconds=seconds))


def test_support_mails_again_and_the_timeline_says_who(staff, brand):
    order, support = paid_order(brand), staff("support")
    assert said(support.post("orders_order_mail", order.pk)) == ["It is mailed to emma@example.com in a moment."]
    assert "less" not in said(support.post("orders_order_mail", order.pk))[-1]
    assert order.mails.count() == 1  # a second click within a minute asks for nothing
    assert send_mails() == 1
    sent = mail.outbox[0]
    assert (sent.to, sent.subject) == (["emma@example.com"], "Café Noord: your order 1")
    assert sent.extra_headers["Message-ID"] == f"<order-{order.uuid}-{order.mails.get().pk}@127.0.0.1>"
    told = [(entry.text, entry.who) for entry in timeline_of(order)]
    assert ("Mail of what was bought: to be sent again", "Staff: support0@team.example") in told
    before(order)
    issued = order.items.get().issued_pass
    support.post("orders_order_mail_pass", order.pk, issued.uuid)
    assert send_mails() == 1
    assert mail.outbox[1].subject == "Café Noord: your pass “Cappuccino”"
    assert f"/passes/{issued.uuid}?key=" in mail.outbox[1].body
    assert "emma@example.com" not in mail.outbox[1].body


def test_what_cannot_be_mailed_is_refused_with_a_reason(staff, brand):
    manager, order, unpaid = staff("manager"), paid_order(brand), make_order(brand)
    issued = order.items.get().issued_pass
    redeem(issued, by="Till")
    assert "cannot be used" in said(manager.post("orders_order_mail_pass", order.pk, issued.uuid))[0]
    assert "Only an order that is paid" in said(manager.post("orders_order_mail", unpaid.pk))[-1]
    assert manager.post("orders_order_mail_pass", order.pk, uuid4()).status_code == 404
    assert manager.get("orders_order_mail", order.pk).status_code == 405
    brand.members.filter(pk=order.member_id).update(email="erased-1@erased.invalid")
    assert "forgotten" in said(manager.post("orders_order_mail", order.pk))[-1]
    assert not brand.order_mails.exists()


def test_who_may_not_gets_no_button_and_does_nothing(staff, brand, other):
    order, theirs = paid_order(brand), make_paid_order(other)
    issued, viewer = order.items.get().issued_pass, staff("viewer")
    page = text_of(viewer.get("orders_order_change", order.pk))
    for word in ("Mail what was bought again", "Mail its link", "Delete this test order"):
        assert word not in page
    pages = {
        ("orders_order_mail", order.pk),
        ("orders_order_mail_pass", order.pk, issued.uuid),
        ("orders_order_delete_test", order.pk),
        ("passes_pass_push", issued.pk),
        ("passes_pass_void", issued.pk),
        ("webhooks_endpoint_dry_run",),
    }
    for name, *keys in pages:
        assert viewer.post(name, *keys, reason="x", version=order.version).status_code == 403
    owner, of_theirs = staff("owner"), theirs.items.get()
    for name, *keys in (
        ("orders_order_mail", theirs.pk),
        ("orders_order_delete_test", theirs.pk),
        ("passes_pass_push", of_theirs.issued_pass_id),
        ("passes_pass_void", of_theirs.issued_pass_id),
    ):
        answer = owner.post(name, *keys, reason="x", version=theirs.version)
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    issued.refresh_from_db()
    of_theirs.issued_pass.refresh_from_db()
    assert (issued.status, of_theirs.issued_pass.status) == ("active", "active")
    assert not brand.order_mails.exists()
    assert not other.order_mails.exists()
    assert (brand.orders.count(), other.orders.count()) == (1, 1)


def test_each_line_says_what_was_paid_and_what_came_back(staff, brand):
    order = paid_order(brand, quantity=3, coupon=make_coupon(brand, points=100), points=100)
    first = codes_of(order)[0]
    request_refund(order, by="x", passes=[first])
    order.refresh_from_db()
    request_refund(order, by="x", passes=[], amount=Decimal("0.50"), points=0)
    context = staff("viewer").get("orders_order_change", order.pk).context
    lines, sums = context["item_lines"], context["money_sums"]
    assert [(str(line.paid.amount), line.paid.points) for line in lines] == [("0.67", 33), ("0.66", 34), ("0.67", 33)]
    assert (str(lines[0].back.amount), lines[0].back.points) == ("0.67", 33)
    assert [line.back.amount for line in lines[1:]] == [0, 0]
    assert (str(sums.price), str(sums.by_points)) == ("3.00", "1.00")
    assert (str(sums.back.amount), sums.back.points, str(sums.without_pass.amount)) == ("1.17", 33, "0.50")
    assert str(sums.kept) == "0.83"


@pytest.mark.parametrize(
    ("chosen", "amount", "points", "passes"),
    [
        ({"what": "all"}, "2.00", 100, 3),
        ({"what": "all", "keeps_points": "on"}, "2.00", 0, 3),
        ({"what": "amount", "amount": "0.30"}, "0.30", 0, 0),
        ({"what": "amount", "points": "7", "passes": "one"}, "0.00", 7, 0),
        ({"what": "passes", "passes": "one"}, "0.67", 33, 1),
        ({"what": "passes", "passes": "one", "keeps_points": "on"}, "0.67", 0, 1),
    ],
)
def test_a_refund_is_of_all_of_passes_or_of_a_sum(staff, brand, chosen, amount, points, passes):
    order = paid_order(brand, quantity=3, coupon=make_coupon(brand, points=100), points=100)
    if "passes" in chosen:
        chosen = chosen | {"passes": codes_of(order)[0]}
    manager = staff("manager")
    page = manager.post("orders_order_refund", order.pk, **chosen)
    assert not order.refunds.exists()
    manager.post("orders_order_refund", order.pk, **hidden_fields(page))
    refund = order.refunds.get()
    assert (str(refund.amount), refund.points, refund.items.count()) == (amount, points, passes)


def test_a_refund_may_stop_what_has_not_left(staff, brand):
    order = paid_order(brand, quantity=2)
    first, second = codes_of(order)
    left = add_fulfillment(order, "shipping", passes=[first], shipping_type="shipping", status="shipped")
    waiting = add_fulfillment(order, "shipping", passes=[second], shipping_type="shipping")
    manager = staff("manager")
    page = manager.post("orders_order_refund", order.pk, what="all", stops="on")
    manager.post("orders_order_refund", order.pk, **hidden_fields(page) | {"version": 1})  # it is another by now
    waiting.refresh_from_db()
    assert (waiting.status, order.refunds.count()) == ("open", 0)
    manager.post("orders_order_refund", order.pk, **hidden_fields(page))
    for row in (left, waiting):
        row.refresh_from_db()
    assert (left.status, waiting.status, order.refunds.count()) == ("shipped", "cancelled", 1)


@pytest.mark.parametrize(
    "chosen",
    [
        {"what": "amount"},
        {"what": "all", "amount": "1"},
        {"what": "amount", "amount": "9.99"},
        {"what": "passes", "points": "3", "keeps_points": "on"},
        {"what": "half"},
    ],
)
def test_a_refund_that_contradicts_itself_is_not_made(staff, brand, chosen):
    order = paid_order(brand, quantity=3, coupon=make_coupon(brand, points=100), points=100)
    answer = staff("manager").post("orders_order_refund", order.pk, version=order.version, **chosen)
    assert answer.context["form"].errors
    assert not order.refunds.exists()


def test_an_order_is_found_by_a_passs_serial_and_by_where_it_comes_from(staff, brand):
    make_credential(brand)
    order, viewer = paid_order(brand), staff("viewer")
    make_order(brand)
    issued = order.items.get().issued_pass
    for term in (str(order.uuid), str(issued.uuid), str(pass_package(issued).serial), issued.qr_code):
        found = viewer.get("orders_order_changelist", q=term).context["cl"].result_list
        assert [one.pk for one in found] == [order.pk]
    assert not viewer.get("orders_order_changelist", q=str(uuid4())).context["cl"].result_list
    assert not viewer.get("orders_order_changelist", source__exact="wallet").context["cl"].result_list


def test_the_panel_tells_of_phones_and_pushes_and_pushes_again(staff, brand):
    make_credential(brand)
    order, support = paid_order(brand), staff("support")
    issued = order.items.get().issued_pass
    assert "Nobody has added it" in text_of(support.get("passes_pass_change", issued.pk))
    package = pass_package(issued)
    assert said(support.post("passes_pass_push", issued.pk)) == ["No phone holds it in Apple Wallet."]
    register(package, "device", "token")
    sent = {"state": PushState.SENT, "last_status": 200, "done_at": timezone.now()}
    brand.pushes.create(type=package.type, push_token="token", **sent)
    page = re.sub(r"\s+", " ", text_of(support.get("passes_pass_change", issued.pk)))
    for words in (str(package.serial), "…device", "Accepted by Apple", "200", "Push update now"):
        assert words in page
    assert "less than a minute" in said(support.post("passes_pass_push", issued.pk))[-1]
    brand.packages.update(last_modified=timezone.now() - timezone.timedelta(minutes=2))
    assert said(support.post("passes_pass_push", issued.pk))[-1] == "1 phone is told to fetch it now."
    was = package.version
    package.refresh_from_db()
    assert package.version == was + 1
    support.post("passes_pass_push", issued.pk)
    package.refresh_from_db()
    assert package.version == was + 1
    card = text_of(support.get("orders_order_change", order.pk))
    assert "1 pass that can be used" in card


def test_a_pass_is_taken_back_for_good_by_a_manager(staff, brand):
    make_credential(brand)
    issued = paid_order(brand).items.get().issued_pass
    package = pass_package(issued)
    assert staff("support").post("passes_pass_void", issued.pk, reason="Fraud").status_code == 403
    manager = staff("manager")
    manager.post("passes_pass_void", issued.pk, reason="")
    issued.refresh_from_db()
    assert issued.status == "active"
    manager.post("passes_pass_void", issued.pk, reason="Fraud")
    issued.refresh_from_db()
    package.refresh_from_db()
    assert (issued.status, issued.blocked_reason, issued.voided_at) == ("blocked", "Fraud", issued.blocked_at)
    assert package.content["voided"] is True
    assert said(manager.post("passes_pass_unblock", issued.pk))[-1] == (
        "This pass stays blocked: it was taken back for good."
    )
    issued.refresh_from_db()
    assert issued.status == "blocked"
    assert not Push.objects.exists()
