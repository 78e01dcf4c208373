"""What the admin asks of a row that is being made, and what it says where there is none."""

from decimal import Decimal

from accounts.models import User
from shops.models import Brand
from tests.admin.helping import hidden_fields, text_of

PASSWORD = "correct horse battery"


def test_a_superuser_adds_a_member_by_address(superuser, brand):
    page = text_of(superuser.get("shops_member_add"))
    assert 'name="email"' in page
    assert "Identifier" not in page  # the row has none yet
    inputs = {"brand": brand.pk, "email": "anna@example.com", "name": "Anna"}
    assert superuser.post("shops_member_add", **inputs).status_code == 302
    assert list(brand.members.values_list("email", "name", "points")) == [("anna@example.com", "Anna", 0)]


def test_a_member_needs_an_address_that_is_not_taken(superuser, brand, member):
    for email, wrong in (
        ("", "This field is required."),
        (member.email.upper(), "This address is another member&#x27;s."),
    ):
        page = text_of(superuser.post("shops_member_add", brand=brand.pk, email=email, name="Anna"))
        assert wrong in page
    assert list(brand.members.values_list("email", flat=True)) == [member.email]


def test_the_address_of_a_member_stays(superuser, member):
    sent = hidden_fields(superuser.get("shops_member_change", member.pk))
    superuser.post("shops_member_change", member.pk, **sent | {"name": "Anna", "email": "other@example.com"})
    member.refresh_from_db()
    assert (member.email, member.name) == ("anna@example.com", "Anna")


def test_a_new_user_has_a_password(superuser):
    superuser.post("accounts_user_add", email="new@team.example", password1="", password2="")
    assert not User.objects.filter(email="new@team.example").exists()
    superuser.post("accounts_user_add", email="new@team.example", password1=PASSWORD, password2=PASSWORD)
    user = User.objects.get(email="new@team.example")
    assert user.check_password(PASSWORD)
    page = text_of(superuser.get("accounts_user_change", user.pk))
    assert "There is one." in page
    assert "pbkdf2" not in page


def test_a_new_brand_shows_no_identifier(superuser, brand):
    assert "Identifier" not in text_of(superuser.get("shops_brand_add"))
    assert str(brand.uuid) in text_of(superuser.get("shops_brand_change", brand.pk))


def test_who_may_not_choose_the_provider_reads_its_name(staff, brand):
    Brand.objects.filter(pk=brand.pk).update(payment_provider="sandbox", earn_rate=Decimal(1))
    page = text_of(staff("manager").get("shops_brand_change", brand.pk))
    assert "Sandbox (no real money)" in page
    assert 'name="payment_provider"' not in page


def test_an_empty_list_says_why(superuser, brand):
    assert "Nothing here yet" in text_of(superuser.get("shops_member_changelist"))
    assert "Nothing fits this search" in text_of(superuser.get("shops_member_changelist", q="nobody"))


def test_a_missing_brand_is_said_once(superuser, brand, other):
    page = text_of(superuser.post("shops_apitoken_add", brand="", name="Till", abilities=["shops.get"]))
    assert page.count("This field is required.") == 1
    assert "This field cannot be null." not in page
    assert not brand.apitokens.exists()
