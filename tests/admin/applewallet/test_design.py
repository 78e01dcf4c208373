"""A brand's design, and its preview."""

import pytest

from applewallet.models import Design
from shops.models import Role
from tests.admin.helping import text_of

FORM = {
    "logo_text": "Noord",
    "background_color": "#102030",
    "foreground_color": "",
    "label_color": "",
    "website": "noord.example",
    "email": "hi@noord.example",
    "phone_number": "",
    "terms_en": "One each.",
    "terms_nl": "",
    "merchant_identifier": "merchant.example.noord",
}


def test_an_owner_makes_the_one_design(brand, staff):
    owner = staff(Role.OWNER)
    answer = owner.post("applewallet_design_add", **FORM)
    assert answer.status_code == 302
    design = Design.objects.get()
    assert (design.brand, design.logo_text, design.website) == (brand, "Noord", "https://noord.example")
    assert owner.get("applewallet_design_add").status_code == 403
    assert "#102030" in text_of(owner.get("applewallet_design_change", design.pk))


@pytest.mark.parametrize("color", ["red", "#12345", "#12345g"])
def test_a_colour_that_is_none_is_refused(staff, color):
    answer = staff(Role.OWNER).post("applewallet_design_add", **{**FORM, "background_color": color})
    assert "Write a colour as #rrggbb." in text_of(answer)
    assert not Design.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT, Role.MANAGER])
def test_others_only_look(brand, staff, role):
    design = Design.objects.create(brand=brand, logo_text="Noord")
    admin = staff(role)
    assert admin.get("applewallet_design_change", design.pk).status_code == 200
    assert admin.post("applewallet_design_change", design.pk, **{**FORM, "logo_text": "Mine"}).status_code == 403
    design.refresh_from_db()
    assert design.logo_text == "Noord"


def test_another_brands_design_is_not_there(other, staff):
    design = Design.objects.create(brand=other, logo_text="Secret")
    admin = staff(Role.OWNER)
    assert "Secret" not in text_of(admin.get("applewallet_design_changelist"))
    assert admin.post("applewallet_design_change", design.pk, **FORM).status_code in {302, 404}
    design.refresh_from_db()
    assert design.logo_text == "Secret"
