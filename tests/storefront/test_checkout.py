"""A visitor buys: the cart, the points, the money, and that one form is one order."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from orders.models import Order
from shops.models import Member
from storefront.placing import order_of
from storefront.slips import SALT, Slip
from tests.making import make_brand, make_coupon, make_member
from tests.racing import at_once
from tests.storefront.shopping import check_out, checkout_form, field, put_in_cart, signed_in


def rest_of(answer):
    """What the page says is left to pay."""
    return re.search(r'id="rest">\s*(.*?)\s*<', answer.content.decode())[1]


class TestCart:
    """Several coupons, in any quantity."""

    def test_it_holds_several_coupons(self, client, brand):
        coffee, pie = make_coupon(brand, points=350), make_coupon(brand, title="Pie", points=2000)
        assert put_in_cart(client, coffee, 2).headers["Location"] == f"/s/{brand.slug}/cart"
        put_in_cart(client, pie)
        put_in_cart(client, coffee)
        text = client.get(f"/s/{brand.slug}/cart").content.decode()
        for seen in ("€10.50", "1,050 points", "€20.00", "€30.50", "or 3,050 points"):
            assert seen in text

    def test_quantities_change_and_coupons_go(self, client, brand):
        coffee, pie = make_coupon(brand), make_coupon(brand, title="Pie", points=2000)
        put_in_cart(client, coffee)
        put_in_cart(client, pie)
        path = f"/s/{brand.slug}/cart"
        client.post(path, {f"quantity {coffee.uuid}": "4", f"quantity {pie.uuid}": "x"})
        assert client.session[f"cart {brand.pk}"] == {str(coffee.uuid): 4, str(pie.uuid): 1}
        client.post(path, {f"quantity {coffee.uuid}": "101", "remove": str(pie.uuid)})
        assert client.session[f"cart {brand.pk}"] == {str(coffee.uuid): 4}
        client.post(path, {f"quantity {coffee.uuid}": "0"})
        assert "Your cart is empty." in client.get(path).content.decode()
        assert client.get(f"/s/{brand.slug}/checkout").headers["Location"] == path

    @pytest.mark.parametrize("quantity", ["0", "-1", "101", "x", ""])
    def test_nonsense_puts_nothing_in(self, client, brand, quantity):
        assert put_in_cart(client, make_coupon(brand), quantity).status_code == 422
        assert f"cart {brand.pk}" not in client.session

    def test_it_holds_no_more_than_an_order_may(self, client, brand):
        coupon = make_coupon(brand)
        put_in_cart(client, coupon, 60)
        put_in_cart(client, coupon, 60)
        assert client.session[f"cart {brand.pk}"] == {str(coupon.uuid): 100}

    def test_another_brands_coupon_is_not_put_in(self, client, brand, other):
        theirs = make_coupon(other)
        assert client.post(f"/s/{brand.slug}/coupons/{theirs.uuid}/add", {"quantity": 1}).status_code == 404

    def test_a_refused_quantity_leads_to_the_coupon_in_other_languages(self, client, brand):
        coupon = make_coupon(brand)
        refused = put_in_cart(client, coupon, 101)
        assert refused.status_code == 422
        assert re.search(r'<input[^>]*value="101"[^>]*aria-invalid="true"[^>]*autofocus', refused.content.decode())
        answer = client.get(f"/s/{brand.slug}/coupons/{coupon.uuid}/add?lang=nl")
        assert answer.headers["Location"] == f"/s/{brand.slug}/coupons/{coupon.uuid}?lang=nl"

    def test_carts_of_two_brands_are_two(self, client, brand, other):
        put_in_cart(client, make_coupon(brand))
        assert "Your cart is empty." in client.get(f"/s/{other.slug}/cart").content.decode()

    def test_what_is_not_sold_any_more_is_left_out(self, client, brand):
        coffee, pie = make_coupon(brand), make_coupon(brand, title="Pie", points=2000)
        put_in_cart(client, coffee)
        put_in_cart(client, pie)
        brand.coupons.filter(pk=pie.pk).update(is_active=False)
        lost, cart = "Something in your cart is not for sale any more.", f"/s/{brand.slug}/cart"
        assert client.get(f"/s/{brand.slug}/checkout").headers["Location"] == cart  # which says so first
        assert [lost in client.get(cart).content.decode() for _time in range(2)] == [True, False]
        assert client.session[f"cart {brand.pk}"] == {str(coffee.uuid): 1}
        check_out(client, brand)
        assert [item.points for item in brand.orders.get().items.all()] == [350]


class TestGuest:
    """Who has not signed in pays with money."""

    def test_buying_leads_to_the_payment(self, client, brand):
        put_in_cart(client, make_coupon(brand), 2)
        put_in_cart(client, make_coupon(brand, title="Pie", points=1000))
        answer = check_out(client, brand)
        order = brand.orders.get()
        assert (answer.status_code, answer.headers["Location"]) == (
            302,
            f"http://127.0.0.1:8000/pay/sandbox/{order.payment.uuid}",
        )
        assert (order.member.email, str(order.total), order.items.count()) == ("john@example.com", "17.00", 3)
        assert "Your cart is empty." in client.get(f"/s/{brand.slug}/cart").content.decode()

    def test_a_strangers_points_are_not_spent(self, client, brand):
        member = make_member(brand, points=5000, email="john@example.com")
        put_in_cart(client, make_coupon(brand))
        answer = check_out(client, brand, points="300", points_slider="300")
        assert answer.status_code == 422
        check_out(client, brand)
        member.refresh_from_db()
        assert (member.points, brand.orders.get().points_used) == (5000, 0)

    @pytest.mark.parametrize("more", [{"email": "x"}, {"name": ""}])
    def test_what_is_wrong_is_shown_and_nothing_is_sold(self, client, brand, more):
        put_in_cart(client, make_coupon(brand))
        answer = check_out(client, brand, **more)
        assert answer.status_code == 422
        assert "errorlist" in answer.content.decode()
        assert (Order.objects.count(), Member.objects.count()) == (0, 0)

    def test_what_is_sold_out_is_said_in_the_visitors_language(self, client, brand):
        put_in_cart(client, make_coupon(brand, stock=2), 3)
        client.cookies["django_language"] = "nl"
        answer = check_out(client, brand)
        assert answer.status_code == 422
        assert "is uitverkocht" in answer.content.decode()
        assert 'value="john@example.com"' in answer.content.decode()
        assert (Order.objects.count(), Member.objects.count()) == (0, 0)

    def test_a_form_without_its_token_is_refused(self, brand):
        client = Client(enforce_csrf_checks=True)
        assert client.post(f"/s/{brand.slug}/checkout", {}).status_code == 403
        assert put_in_cart(client, make_coupon(brand)).status_code == 403


class TestPoints:
    """A member pays with points and money; the rest is exact."""

    @pytest.fixture
    def shopper(self, client, brand):
        member = make_member(brand, points=2000)
        put_in_cart(signed_in(client, member), make_coupon(brand, points=333), 3)
        return client

    def test_the_rest_is_shown_before_it_is_ordered(self, shopper, brand):
        page = check_out(shopper, brand, step="recalculate", points="500")
        assert page.status_code == 200
        assert rest_of(page) == "€4.99"
        assert field(page, "points_was") == "500"
        assert not brand.orders.exists()

    @pytest.mark.parametrize(
        ("typed", "slid", "rest"),
        [
            ("100", "0", "€8.99"),
            ("0", "200", "€7.99"),
            ("100", "200", "€8.99"),
            ("999", "0", "€0.00"),
            ("", "", "€9.99"),
        ],
    )
    def test_the_one_that_was_moved_is_meant(self, shopper, brand, typed, slid, rest):
        page = check_out(shopper, brand, step="recalculate", points=typed, points_slider=slid)
        assert rest_of(page) == rest

    def test_an_order_is_what_was_shown(self, shopper, brand):
        answer = check_out(shopper, brand, points="500", points_slider="500", points_was="500")
        order = brand.orders.get()
        assert (order.points_used, order.total) == (500, Decimal("4.99"))
        assert answer.headers["Location"].endswith(f"/pay/sandbox/{order.payment.uuid}")

    def test_points_that_were_moved_since_are_shown_first(self, shopper, brand):
        page = check_out(shopper, brand, points="500", points_was="0")
        assert (page.status_code, rest_of(page)) == (200, "€4.99")
        assert "Please look at the new amount" in page.content.decode()
        assert not brand.orders.exists()

    def test_points_alone_need_no_payment(self, shopper, brand):
        answer = check_out(shopper, brand, points="999", points_was="999")
        order = brand.orders.get()
        assert (order.status, order.total) == ("paid", 0)
        assert answer.headers["Location"] == f"/s/{brand.slug}/orders/{order.uuid}"

    @pytest.mark.parametrize("points", ["1000", "-1", "x", "9" * 30])
    def test_more_than_can_be_used_is_refused(self, shopper, brand, points):
        assert check_out(shopper, brand, points=points).status_code == 422
        assert not brand.orders.exists()

    def test_no_more_than_the_balance(self, client, brand):
        member = make_member(brand, points=100)
        put_in_cart(signed_in(client, member), make_coupon(brand, points=333))
        assert 'max="100"' in client.get(f"/s/{brand.slug}/checkout").content.decode()
        assert check_out(client, brand, points="101").status_code == 422
        assert not brand.orders.exists()

    def test_points_that_were_spent_meanwhile(self, shopper, brand):
        form = checkout_form(shopper, brand, points="999", points_was="999")
        brand.members.update(points=0)
        assert shopper.post(f"/s/{brand.slug}/checkout", form).status_code == 422
        assert not brand.orders.exists()

    def test_a_brand_of_other_money(self, client, other):
        member = make_member(other, points=1000)
        put_in_cart(signed_in(client, member), make_coupon(other, points=333))
        page = check_out(client, other, step="recalculate", points="100")
        assert rest_of(page) == "£4.66"
        assert "£1.00 = 50 points" in page.content.decode()


class TestOnce:
    """One form is one order, at the price that it showed."""

    def test_a_form_sent_twice_places_one_order(self, client, brand):
        put_in_cart(client, make_coupon(brand))
        form = checkout_form(client, brand)
        answers = [client.post(f"/s/{brand.slug}/checkout", form) for _ in range(2)]
        assert answers[0].headers["Location"] == answers[1].headers["Location"]
        assert brand.orders.count() == 1

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("emails", [("a@example.com", "a@example.com"), ("a@example.com", "b@example.com")])
    @pytest.mark.parametrize("stock", [1, 5])
    def test_at_the_same_moment(self, emails, stock):
        brand = make_brand()
        client = Client()
        put_in_cart(client, make_coupon(brand, stock=stock))
        form = checkout_form(client, brand)
        answers = at_once(
            *(
                lambda email=email: client.post(f"/s/{brand.slug}/checkout", form | {"email": email})
                for email in emails * 2
            )
        )
        assert {answer.headers["Location"] for answer in answers} == {
            f"http://127.0.0.1:8000/pay/sandbox/{brand.orders.get().payment.uuid}"
        }
        assert brand.coupons.get().stock == stock - 1

    def test_a_cart_that_is_emptied_while_its_form_is_read(self, client, brand, monkeypatch):
        put_in_cart(client, make_coupon(brand))
        form = checkout_form(client, brand)
        twin, answers = Client(), []
        twin.cookies = client.cookies

        def looked_for(*slip):
            found = order_of(*slip)
            if not answers:  # the second click is quicker than the first from here on
                monkeypatch.undo()
                answers.append(twin.post(f"/s/{brand.slug}/checkout", form))
            return found

        monkeypatch.setattr("storefront.buying.order_of", looked_for)
        answer = client.post(f"/s/{brand.slug}/checkout", form)
        assert answer.headers["Location"] == answers[0].headers["Location"]
        assert brand.orders.count() == 1

    def test_a_price_that_changed_is_shown_first(self, client, brand):
        put_in_cart(client, make_coupon(brand))
        form = checkout_form(client, brand)
        brand.coupons.update(points=700)
        page = client.post(f"/s/{brand.slug}/checkout", form)
        assert (page.status_code, rest_of(page)) == (409, "€7.00")
        assert not brand.orders.exists()
        client.post(f"/s/{brand.slug}/checkout", form | {"slip": field(page, "slip")})
        assert str(brand.orders.get().total) == "7.00"

    @pytest.mark.parametrize("slip", ["", "x", "ImEi:1:x"])
    def test_a_form_without_a_slip_places_nothing(self, client, brand, slip):
        put_in_cart(client, make_coupon(brand))
        assert check_out(client, brand, slip=slip).status_code == 409
        assert not brand.orders.exists()

    def test_a_slip_of_another_brand_or_of_yesterday_places_nothing(self, client, brand, other, monkeypatch):
        put_in_cart(client, make_coupon(brand))
        put_in_cart(client, make_coupon(other))
        theirs = checkout_form(client, other)["slip"]
        assert check_out(client, brand, slip=theirs).status_code == 409
        monkeypatch.setattr("storefront.slips.LASTS", -1)
        assert check_out(client, brand).status_code == 409
        assert (brand.orders.count(), other.orders.count()) == (0, 0)

    def test_nobody_makes_a_slip_for_somebody_elses_order(self, client, brand):
        put_in_cart(client, make_coupon(brand))
        check_out(client, brand)
        order = brand.orders.get()
        thief = Client()
        put_in_cart(thief, make_coupon(brand, title="Tea"))
        forged = str(order.uuid) + ":" + SALT
        assert Slip.read(forged) is None
        check_out(thief, brand, slip=forged)
        assert thief.get(f"/s/{brand.slug}/orders/{order.uuid}").status_code == 302


@pytest.mark.parametrize("count", [1, 6])
@pytest.mark.parametrize("page", ["cart", "checkout"])
def test_pages_cost_the_same_however_full_the_cart_is(client, brand, statements, count, page):
    for number in range(count):
        put_in_cart(client, make_coupon(brand, title=str(number)))
    statements.clear()
    assert client.get(f"/s/{brand.slug}/{page}").status_code == 200
    assert len(statements) == 3  # the brand, the session, the coupons
