"""The preview beside a coupon's and a design's form: it follows what is typed, and saves nothing."""

import io

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from applewallet.models import Design
from passes.models import Coupon
from tests.admin.helping import sign_in, text_of

FORM = {"title": "Breakfast", "description": "With eggs", "points": "1500", "is_active": "on", "stock": "3"}
DESIGN = {"logo_text": "Noord", "background_color": "#102030", "terms_en": "One each.", "terms_nl": "Een per persoon."}


@pytest.fixture
def coupon(brand):
    return brand.coupons.create(title="Coffee", points=300)


def picture(size=(300, 200), *, kind="PNG", cut=0):
    out = io.BytesIO()
    Image.effect_noise(size, 90).save(out, kind)
    return SimpleUploadedFile("cake.png", out.getvalue()[: -cut or None])


def large_picture():
    out = io.BytesIO()
    Image.new("1", (8000, 5001)).save(out, "PNG")
    return SimpleUploadedFile("large.png", out.getvalue())


def previewed(admin, coupon, **typed):
    """The preview alone, as the script asks for it."""
    return text_of(admin.post("passes_coupon_change", coupon.pk, **{**FORM, "_preview": "part", **typed}))


def as_it_was(coupon):
    kept = Coupon.objects.values("title", "points", "stock", "image", "valid_days", "valid_until").get()
    none = {"stock": None, "image": "", "valid_days": None, "valid_until": None}
    return kept == {"title": "Coffee", "points": 300, **none} and not LogEntry.objects.exists()


def test_it_shows_what_is_typed_and_saves_nothing(staff, brand, coupon):
    Design.objects.create(
        brand=brand, background_color="#102030", email="hi@noord.example", terms_nl="Een per persoon."
    )
    manager = staff("manager")
    page = text_of(manager.get("passes_coupon_change", coupon.pk))
    assert "As it is saved." in page
    part = previewed(manager, coupon, valid_until_0="2030-05-06", valid_until_1="12:00", _language="nl")
    for words in ["Breakfast", "With eggs", "€ 15,00", "1.500 punten", "6 mei 2030", "Klaar voor gebruik"]:
        assert words.lower() in part.lower().replace("\N{NO-BREAK SPACE}", " "), words
    for words in ["rgb(16, 32, 48)", "hi@noord.example", "Een per persoon.", "As you typed it; not saved."]:
        assert words in part, words
    assert "<html" not in part
    assert "Not for sale" in previewed(manager, coupon, is_active="")
    assert as_it_was(coupon)


def test_without_javascript_the_page_comes_back_as_it_was_filled_in(staff, coupon):
    page = text_of(staff("manager").post("passes_coupon_change", coupon.pk, **FORM, _preview="page", image=picture()))
    assert 'value="Breakfast"' in page
    assert "As you typed it; not saved." in page
    assert "Choose the file again" in page
    assert as_it_was(coupon)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"title": ""}, "This field is required."),
        ({"title": "a\0b"}, "Null characters are not allowed."),
        ({"points": "many"}, "Enter a whole number."),
        ({"points": "9" * 30}, "Ensure this value is less than or equal to"),
        ({"valid_days": "2147483647"}, "36500 days at most."),
        ({"valid_until_0": "9999-12-31", "valid_until_1": "23:59"}, "between the years 2000 and 2200"),
        ({"valid_until_0": "0001-01-01", "valid_until_1": "00:00"}, "2200"),
        ({"image": SimpleUploadedFile("x.png", b"no picture")}, "Upload a valid image."),
        ({"image": picture(kind="JPEG", cut=9_000)}, "The picture is broken"),
        ({"image": SimpleUploadedFile("x.png", picture().read() + b"\0" * 5_000_000)}, "larger than 5 MB"),
        ({"image": picture(kind="EPS")}, "PNG, JPEG, GIF or WebP"),  # PostScript in a file called .png
        ({"image": large_picture()}, "more than 40 million pixels"),
    ],
)
def test_what_cannot_be_saved_is_said_beside_it_and_when_saving(staff, coupon, typed, problem):
    manager = staff("manager")
    part = previewed(manager, coupon, **typed)
    assert problem in part
    assert "Not saved: there is something to mend." in part
    if "image" in typed:
        typed["image"].seek(0)
    assert problem in text_of(manager.post("passes_coupon_change", coupon.pk, **{**FORM, **typed}))
    assert as_it_was(coupon)


def test_a_picture_is_shown_before_it_is_kept(staff, coupon):
    manager = staff("manager")
    assert previewed(manager, coupon, image=picture()).count('src="data:image/webp;base64,') == 2
    assert previewed(manager, coupon, _kept="yes").count('src="data:,"') == 2
    assert as_it_was(coupon)


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_who_may_not_save_may_not_ask(staff, coupon, role):
    admin = staff(role)
    answer = admin.post("passes_coupon_change", coupon.pk, **FORM, _preview="part")
    assert answer.status_code == 403
    assert admin.post("passes_coupon_add", **FORM, _preview="part").status_code == 403
    assert "data-form" not in text_of(admin.get("passes_coupon_change", coupon.pk))


def test_another_brands_rows_and_forged_forms_get_none(staff, other, coupon):
    manager = staff("manager")
    theirs = other.coupons.create(title="Secret", points=1)
    answer = manager.post("passes_coupon_change", theirs.pk, **FORM, _preview="part")
    assert answer.status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(manager.user)
    address = reverse("admin:passes_coupon_change", args=[coupon.pk])
    assert strict.post(address, {**FORM, "_preview": "part"}).status_code == 403


def test_a_new_coupon_has_one_as_soon_as_its_brand_is_known(staff, brand, other):
    one, several = staff("manager"), staff("manager", other=(other, "manager"))
    assert "Breakfast" in text_of(one.post("passes_coupon_add", **FORM, _preview="part"))
    assert "Choose a brand" in text_of(several.post("passes_coupon_add", **FORM, _preview="part"))
    part = text_of(several.post("passes_coupon_add", **FORM, _preview="part", brand=other.pk))
    assert "Velo Works" in part
    assert "£30.00" in part
    assert not Coupon.objects.exists()


def test_a_design_shows_a_coupon_and_a_card_in_either_language(staff, brand):
    owner = staff("owner")
    part = text_of(owner.post("applewallet_design_add", **DESIGN, _preview="part", _language="nl"))
    for words in [
        "Noord",
        "rgb(16, 32, 48)",
        "Een per persoon.",
        "Emma Brown",
        "1.250",
        "Punten",
        "Klaar voor gebruik",
    ]:
        assert words in part, words
    assert "One each." not in part
    assert "hard to read" not in part
    assert "hard to read" in text_of(
        owner.post("applewallet_design_add", background_color="#ffeecc", foreground_color="#ffffff", _preview="part")
    )
    assert "Write a colour as #rrggbb." in text_of(
        owner.post("applewallet_design_add", background_color="url(x)", _preview="part")
    )
    assert not Design.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_preview_follows_what_is_typed(live_server, browser_page, staff, coupon, tmp_path):
    owner = staff("owner")
    cake = tmp_path / "cake.png"
    cake.write_bytes(picture().read())
    page = browser_page(1400)
    sign_in(page, live_server, owner)
    page.goto(f"{live_server.url}/admin/passes/coupon/{coupon.pk}/change/")
    preview = page.get_by_role("region", name="Preview")
    page.locator("[name=title]").fill("Breakfast")
    preview.get_by_role("heading", name="Breakfast").wait_for()
    page.locator("[name=image]").set_input_files(cake)
    preview.locator("img[src^='data:image']").nth(1).wait_for()
    page.locator("[name=points]").fill("")
    preview.get_by_text("This field is required.").wait_for()
    assert preview.get_by_role("status").text_content() == "Not saved: there is something to mend."
    assert preview.locator("img[src^='data:image']").count() == 2  # of the form that did not carry it again
    assert page.axe() == []
    assert page.errors == []

    page = browser_page(390, "dark")
    sign_in(page, live_server, owner)
    page.goto(f"{live_server.url}/admin/applewallet/design/add/")
    page.locator("[name=background_color]").fill("#ffeecc")
    page.locator(".wallet-faces[style*='rgb(255, 238, 204)']").nth(1).wait_for()
    page.get_by_label("Language").select_option("nl")
    page.get_by_text("Klaar voor gebruik").wait_for()
    assert page.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.errors == []
    assert as_it_was(coupon)
    assert not Design.objects.exists()
