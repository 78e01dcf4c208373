"""A visitor looks around."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from applewallet.looks import contrast
from shops.models import Brand
from storefront.theme import DARK_GROUND, LIGHT_GROUND, css_of, readable
from tests.making import make_coupon, make_member
from tests.storefront.shopping import signed_in


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_shop_shows_what_is_for_sale(client, brand, other):
    make_coupon(brand, title="Cappuccino", points=1350)
    make_coupon(brand, title="Old thing", is_active=False)
    make_coupon(brand, title="Late thing", valid_until=timezone.now() - timedelta(seconds=1))
    make_coupon(brand, title="Rare thing", stock=0, points=1)
    make_coupon(brand, title="Last thing", stock=3, valid_days=30, points=2)
    make_coupon(other, title="Inner tube")
    text = text_of(client, f"/s/{brand.slug}/")
    assert "€13.50" in text
    assert "or 1,350 points" in text
    assert text.count("Add to cart") == 2
    for seen in ("Sold out", "3 left", "Valid for 30 days", "€1.00 = 100 points"):
        assert seen in text
    for unseen in ("Old thing", "Late thing", "Inner tube"):
        assert unseen not in text
    assert client.get("/s/nobody/").status_code == 404


def test_a_member_sees_what_there_is_to_spend(client, brand):
    member = make_member(brand, points=1250)
    assert "You have 1,250 points, worth €12.50." in text_of(signed_in(client, member), f"/s/{brand.slug}/")


@pytest.mark.parametrize("count", [1, 9])
def test_the_shop_costs_three_statements(client, brand, count, statements):
    for _ in range(count):
        make_coupon(brand)
    statements.clear()
    client.get(f"/s/{brand.slug}/")
    assert len(statements) == 3  # the brand, how many coupons, the coupons


def test_many_coupons_come_in_pages_and_can_be_searched(client, brand):
    for number in range(30):
        make_coupon(brand, title=f"Thing {number}", points=number + 1)
    path = f"/s/{brand.slug}/"
    first, second = text_of(client, path), text_of(client, f"{path}?page=2")
    assert ("Thing 23<" in first, "Thing 24<" in first) == (True, False)
    assert ("Thing 23<" in second, "Thing 24<" in second) == (False, True)
    found = text_of(client, f"{path}?q=thing+17")
    assert found.count('<li class="coupon">') == 1
    assert "Nothing is called “&lt;b&gt;”." in text_of(client, f"{path}?q=<b>")
    for odd in ("?page=x", "?page=99999", "?page=-1", "?q=%00", f"?q={'x' * 5000}"):
        assert client.get(path + odd).status_code == 200


def test_a_coupon_has_a_page_of_its_own(client, brand, other):
    coupon = make_coupon(brand, description="With <b>milk</b>.", valid_until=datetime(2099, 6, 30, 22, 30, tzinfo=UTC))
    text = text_of(client, f"/s/{brand.slug}/coupons/{coupon.uuid}")
    assert "With &lt;b&gt;milk&lt;/b&gt;." in text
    assert "Until 1 July 2099" in text  # in Amsterdam
    brand.coupons.update(valid_until=datetime(2099, 6, 30, 22, tzinfo=UTC))  # over when that day begins
    assert "Until 30 June 2099" in text_of(client, f"/s/{brand.slug}/coupons/{coupon.uuid}")
    assert client.get(f"/s/{other.slug}/coupons/{coupon.uuid}").status_code == 404
    assert client.get(f"/s/{brand.slug}/coupons/{make_coupon(brand, is_active=False).uuid}").status_code == 404


class TestLanguage:
    """The brand's, until a visitor chooses."""

    def test_a_dutch_shop_speaks_dutch(self, client, brand):
        make_coupon(brand, points=123456, stock=2)
        Brand.objects.filter(pk=brand.pk).update(language="nl")
        answer = client.get(f"/s/{brand.slug}/", headers={"Accept-Language": "en"})
        text = answer.content.decode()
        assert '<html lang="nl">' in text
        assert answer.headers["Content-Language"] == "nl"
        for seen in ("€\xa01.234,56", "of 123.456 punten", "nog 2", "In de winkelwagen", "Inloggen"):
            assert seen in text
        assert "cart" not in text.replace("/cart", "").replace("#", "")

    def test_a_visitor_chooses_and_it_is_kept(self, client, brand):
        path = f"/s/{brand.slug}/"
        assert "Inloggen" in client.get(f"{path}?lang=nl").content.decode()
        assert "Inloggen" in client.get(path).content.decode()
        assert "Sign in" in client.get(f"{path}?lang=en").content.decode()
        assert "Sign in" in client.get(path).content.decode()

    @pytest.mark.parametrize("odd", ["xx", "", "../x", "nl-BE"])
    def test_a_language_that_we_do_not_speak_changes_nothing(self, client, brand, odd):
        answer = client.get(f"/s/{brand.slug}/", {"lang": odd})
        assert answer.headers["Content-Language"] == "en"
        assert "django_language" not in answer.cookies


class TestColors:
    """A brand's colour, readable whatever it is."""

    @pytest.mark.parametrize("color", ["#ffffff", "#000000", "#ffff00", "#808080", "#1f4e79", "#ff0000", "#767676"])
    def test_text_in_it_can_be_read(self, color):
        assert contrast(readable(color, LIGHT_GROUND), LIGHT_GROUND) >= 4.5
        assert contrast(readable(color, DARK_GROUND), DARK_GROUND) >= 4.5

    def test_what_can_be_read_stays_as_it_is(self):
        assert readable("#1f4e79", LIGHT_GROUND) == "#1f4e79"
        assert contrast("#000000", "#ffffff") == 21

    def test_the_stylesheet_is_the_brands(self, client, brand):
        brand.primary_color = "#ffee00"
        brand.save()
        answer = client.get(f"/s/{brand.slug}/colors.css")
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000"
        assert answer.content.decode() == css_of(brand)
        assert "--brand: #ffee00; --on-brand: #000000;" in css_of(brand)
        assert f"/s/{brand.slug}/colors.css?v=ffee00" in client.get(f"/s/{brand.slug}/").content.decode()
