"""Warnings and retention."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.making import make_endpoint, make_order
from webhooks.models import Call, Delivery, Endpoint, Event
from webhooks.tasks import forget_delivered, warn_of_failing


@pytest.fixture
def team(brand, other):
    for at, role in ((brand, "owner"), (brand, "manager"), (brand, "viewer"), (other, "owner")):
        user = User.objects.create_user(f"{role}@{at.slug}.example")
        at.staff.create(user=user, role=role)


def ago(**span):
    return timezone.now() - timedelta(**span)


def test_owners_are_warned_on_day_one_three_and_five_and_then_it_is_disabled(brand, team, mailoutbox):
    endpoint, _key = make_endpoint(brand, url="https://partner.example/hook")
    for age, mails, active in (
        (0.9, 0, True),
        (1.1, 1, True),
        (2, 1, True),
        (3.1, 2, True),
        (5.1, 3, False),
        (6, 3, False),
    ):
        Endpoint.objects.update(failing_since=ago(days=age))
        warn_of_failing()
        warn_of_failing()
        endpoint.refresh_from_db()
        assert (len(mailoutbox), endpoint.is_active) == (mails, active)
    assert {address for mail in mailoutbox for address in mail.to} == {
        f"owner@{brand.slug}.example",
        f"manager@{brand.slug}.example",
    }
    assert mailoutbox[0].subject == "Webhooks of Café Noord do not arrive"
    assert "https://partner.example/hook" in mailoutbox[0].body
    assert mailoutbox[2].subject == "Webhooks of Café Noord are switched off"
    assert endpoint.disabled_reason == "Five days of only failures."


def test_an_address_that_no_mail_may_have_does_not_keep_others_from_their_warning(brand, other, team, mailoutbox):
    wrong, _key = make_endpoint(brand, failing_since=ago(days=6))
    right, _key = make_endpoint(other, failing_since=ago(days=6))
    User.objects.filter(email=f"owner@{brand.slug}.example").update(email="x@é..example")
    assert (warn_of_failing(), warn_of_failing()) == (1, 0)
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert [mail.to for mail in mailoutbox] == [[f"owner@{other.slug}.example"]]
    assert (wrong.warnings_sent, wrong.is_active, right.is_active) == (0, True, False)
    User.objects.filter(email="x@é..example").update(email=f"owner@{brand.slug}.example")
    assert warn_of_failing() == 1
    wrong.refresh_from_db()
    assert not wrong.is_active


def test_healthy_endpoints_are_left_alone(brand, team, mailoutbox):
    make_endpoint(brand)
    make_endpoint(brand, failing_since=ago(days=9), is_active=False)
    assert warn_of_failing() == 0
    assert mailoutbox == []


def deliver(brand, state, age):
    order = make_order(brand)
    sent = Delivery.objects.get(order_uuid=order.uuid)
    Delivery.objects.filter(pk=sent.pk).update(state=state, done_at=age, created_at=age)
    Call.objects.create(brand=brand, delivery=sent, attempt=1, url="http://x.example/", interval=0, outcome="ok")
    return sent


def test_only_what_was_delivered_long_ago_is_forgotten(brand, settings):
    settings.WEBHOOK_KEPT_DAYS = 90
    make_endpoint(brand)
    deliver(brand, "delivered", ago(days=91))
    kept = [
        deliver(brand, "delivered", ago(days=89)),
        deliver(brand, "exhausted", ago(days=999)),
        deliver(brand, "canceled", ago(days=999)),
        deliver(brand, "pending", ago(days=999)),
    ]
    assert forget_delivered() == 1
    assert forget_delivered() == 0
    assert list(Delivery.objects.order_by("pk")) == kept
    assert Call.objects.count() == 4
    assert Event.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_events_without_deliveries_go_too(brand, settings):
    settings.WEBHOOK_KEPT_DAYS = 0
    make_endpoint(brand)
    deliver(brand, "delivered", ago(days=1))
    make_order(brand)
    forget_delivered()
    assert list(Event.objects.values_list("order_uuid", flat=True)) == list(
        Delivery.objects.values_list("order_uuid", flat=True)
    )
