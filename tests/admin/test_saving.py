"""A form that is saved writes what was typed, and leaves alone what others changed since the page was read."""

import pytest
from django.db.models.signals import pre_save

from passes.models import Coupon
from shops.models import Brand, Member
from tests.making import make_coupon, make_member, make_order


@pytest.fixture
def meanwhile():
    """Has rows of a model changed just before a form's row is written, as somebody else may at any moment."""
    connected = []

    def arrange(model, **columns):
        def change(instance, **_more):
            if instance.pk:
                model.objects.filter(pk=instance.pk).update(**columns)

        pre_save.connect(change, sender=model, weak=False)
        connected.append((change, model))

    yield arrange
    for change, model in connected:
        pre_save.disconnect(change, sender=model)


def test_a_brands_numbers_go_on(staff, brand, meanwhile):
    owner = staff("owner")
    meanwhile(Brand, order_count=7, deleted_numbers=[7])
    form = owner.get("shops_brand_change", brand.pk).context["adminform"].form
    typed = {name: value for name, value in form.initial.items() if name in form.fields and value not in (None, "")}
    owner.post("shops_brand_change", brand.pk, **{**typed, "name": "Café Zuid"})
    brand.refresh_from_db()
    assert (brand.name, brand.order_count, brand.deleted_numbers) == ("Café Zuid", 7, [7])
    assert make_order(brand).number == 8


def test_a_members_points_stay_spent(staff, brand, meanwhile):
    member, manager = make_member(brand, points=100), staff("manager")
    meanwhile(Member, points=40)
    inline = {"points_entries-TOTAL_FORMS": "0", "points_entries-INITIAL_FORMS": "0"}
    manager.post("shops_member_change", member.pk, name="Emma Black", **inline)
    member.refresh_from_db()
    assert (member.name, member.points) == ("Emma Black", 40)


def test_stock_stays_sold_unless_it_was_typed(staff, brand, meanwhile):
    coupon, manager = make_coupon(brand, stock=10), staff("manager")
    meanwhile(Coupon, stock=9)
    form = {"title": "Tea", "points": 350, "is_active": "on"}
    manager.post("passes_coupon_change", coupon.pk, **form, stock="10")
    coupon.refresh_from_db()
    assert (coupon.title, coupon.stock) == ("Tea", 9)
    manager.post("passes_coupon_change", coupon.pk, **form, stock="50")
    coupon.refresh_from_db()
    assert coupon.stock == 50
