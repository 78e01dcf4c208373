"""Money, points, counts and times in the admin: by the language of the page, in the zone of the brand."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django import forms
from django.contrib.admin.utils import display_for_value
from django.db import connection
from django.utils import formats, timezone

from accounts.history import _said
from accounts.models import User
from jobs.lists import listed
from orders.models import Order
from shops.models import Staff
from shops.permissions import may
from shops.speaking import counted, day, moment, money, number, percent, second, short_day, speaking
from shops.zones import zone_of, zones_of
from tests.admin.helping import Admin, hidden_fields, text_of
from tests.making import make_brand, make_coupon, make_endpoint, make_member, make_paid_order

AT = datetime(2026, 9, 23, 2, 5, 9, tzinfo=UTC)  # the evening before in New York
NEW_YORK = "America/New_York"


def place_at(order, when):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_order SET created_at = %s, updated_at = %s WHERE id = %s", [when, when, order.pk])


def plain(answer):
    return " ".join(text_of(answer).replace("\xa0", " ").split())


def dutch(admin):
    admin.client.cookies["django_language"] = "nl"
    return admin


@pytest.fixture
def american(db):
    return make_brand("Brooklyn Beans", time_zone=NEW_YORK, currency="USD")


@pytest.fixture
def bought(american):
    member = make_member(american, points=2400)
    order = make_paid_order(american, member=member, coupon=make_coupon(american, points=150_000), points=1200)
    place_at(order, AT)
    return order


def staff_of(*brands):
    user = User.objects.create_user(f"staff-of-{len(brands)}@team.example", is_staff=True)
    for brand in brands:
        Staff.objects.create(brand=brand, user=user, role="manager")
    return Admin(user)


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("month", range(1, 13))
def test_django_writes_dates_as_we_do(language, month):
    when = datetime(2026, month, 3, 14, 5, 9, tzinfo=UTC)
    with speaking(language, "Europe/Amsterdam"):
        local = timezone.localtime(when)
        assert formats.localize(local) == moment(when) == display_for_value(when, "-")
        assert formats.localize(local.date()) == day(when) == day(local.date())


def test_what_is_written_in_each_language():
    with speaking("en", NEW_YORK):
        assert (second(AT), short_day(AT), percent(0.985)) == ("22 Sep 2026, 22:05:09", "22 Sep", "98.5%")
        assert (money(Decimal("3.505"), "EUR"), number(Decimal("1200.000"))) == ("€3.505", "1,200")
    with speaking("nl", NEW_YORK):
        assert (second(AT), short_day(AT), percent(0.985)) == ("22 sep 2026, 22:05:09", "22 sep", "98,5%")
        assert counted("%d rijen", 12_000) == "12.000 rijen"


ORDER = {
    "en": ["US$1,488.00", "150,000", "1,200", "22 Sep 2026, 22:05", "Payment of US$1,488.00 asked for", "−1,200"],
    "nl": ["US$ 1.488,00", "150.000", "1.200", "22 sep 2026, 22:05", "Betaling van US$ 1.488,00 gevraagd", "−1.200"],
}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_an_order_in_the_zone_of_its_brand(american, brand, bought, language):
    """Also for somebody whose brands lie apart, and for a superuser."""
    admin = staff_of(american, brand)
    admin.client.cookies["django_language"] = language
    page = plain(admin.get("orders_order_change", bought.pk))
    for text in ORDER[language]:
        assert text in page, text
    assert f'<time datetime="2026-09-22T22:05:09-04:00">{ORDER[language][3]}</time>' in page
    for machine in ("USD", "1488.00", "150000", "p.m.", "23 Sep"):
        assert machine not in page, machine


@pytest.mark.parametrize(
    ("language", "cells"),
    [
        ("en", ["US$1,488.00", "1,200", "22 Sep 2026, 22:05"]),
        ("nl", ["US$ 1.488,00", "1.200", "22 sep 2026, 22:05"]),
    ],
)
def test_a_list_in_the_zone_that_ones_brands_share(american, bought, language, cells):
    admin = staff_of(american, make_brand(time_zone=NEW_YORK))
    admin.client.cookies["django_language"] = language
    page = plain(admin.get("orders_order_changelist"))
    assert [text for text in cells if f">{text}<" not in page] == []
    assert NEW_YORK in page


def test_a_list_of_brands_that_lie_apart_is_in_utc_until_one_is_chosen(american, brand, bought):
    admin = staff_of(american, brand)
    assert "23 Sep 2026, 02:05" in plain(admin.get("orders_order_changelist"))
    assert "22 Sep 2026, 22:05" in plain(admin.get("orders_order_changelist", brand=american.pk))
    assert "Times: UTC" in plain(admin.get("orders_order_changelist", brand=make_brand().pk))  # not one's own


def test_a_filter_by_day_means_days_of_the_list_also_in_jobs(american, bought):
    admin = staff_of(american)
    query = "created_at_from=2026-09-22&created_at_to=2026-09-22"
    assert ">US$1,488.00<" in plain(admin.client.get(f"/admin/orders/order/?{query}"))
    assert list(listed(Order, admin.user, query)) == [bought]
    assert not listed(Order, admin.user, query.replace("22", "23")).exists()
    assert timezone.get_current_timezone_name() == "UTC"  # nothing is left of it


def test_the_dashboard(american):
    member = make_member(american, points=52_400)
    make_paid_order(american, member=member, coupon=make_coupon(american, points=150_000), points=2400)
    page = plain(dutch(staff_of(american)).get("index"))
    for text in ("US$ 1.476,00", "US$ 500,00", "50.000 punten", "2.400", NEW_YORK):
        assert text in page, text
    assert "USD 1" not in page


def test_a_refund_is_asked_for_and_told_in_dutch(american, bought):
    admin = dutch(staff_of(american))
    page = admin.post("orders_order_refund", bought.pk, amount="1000", points="0")
    assert "US$ 1.488,00 en 1.200 punten" in plain(page)
    assert "US$ 488,00 en 1.200 punten" in plain(page)
    admin.post("orders_order_refund", bought.pk, **hidden_fields(page))
    text = plain(admin.get("orders_refund_changelist"))
    assert ">US$ 1.000,00<" in text


def test_what_is_typed_is_of_the_zone_that_stands_beside_it(american):
    endpoint, _key = make_endpoint(american)
    admin = staff_of(american)
    assert f"Since ({NEW_YORK})" in plain(admin.get("webhooks_endpoint_replay", endpoint.pk))
    page = admin.get("webhooks_endpoint_replay", endpoint.pk, what="since", since="2026-01-22T22:05")
    assert page.context["form"].cleaned_data["since"].isoformat() == "2026-01-22T22:05:00-05:00"


def test_zones_cost_no_statement_of_their_own(american, brand, django_assert_num_queries):
    user = User.objects.get(pk=staff_of(american, brand).user.pk)
    with django_assert_num_queries(1):
        assert may(user, "view", american.pk)
        assert zones_of(user) == {american.pk: NEW_YORK, brand.pk: brand.time_zone}
        assert zone_of(user) == "UTC"


def test_the_history_tells_when_in_the_zone_of_the_page():
    with speaking("nl", NEW_YORK):
        assert _said(forms.DateTimeField(), AT) == "22 sep 2026, 22:05"


def test_what_is_done_is_named_as_dutch_names_it(superuser, brand):
    job = brand.jobs.create(user=superuser.user, kind="export", parameters={"of": "orders"})
    place = Staff.objects.create(brand=brand, user=User.objects.create_user("kim@team.example"), role="support")
    eva = dutch(superuser)
    assert "Bestellingen exporteren" in plain(eva.get("jobs_job_changelist"))
    assert "Bestellingen exporteren" in plain(eva.get("jobs_job_change", job.pk))
    assert "Medewerker verwijderen" in plain(eva.get("shops_staff_change", place.pk))
    assert "Weet je zeker dat je medewerker" in plain(eva.get("shops_staff_delete", place.pk))
