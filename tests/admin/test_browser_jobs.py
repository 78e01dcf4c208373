"""Signing in with the second factor, and an import of a broken CSV, in a real browser."""

import pytest

from accounts import second_factor
from jobs.running import run_due
from tests.accounts.helping import code_of, enrolled
from tests.jobs.helping import last_job
from tests.making import make_member, make_order

LOOKS = [(1400, "light"), (390, "dark")]


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def sign_in(page, live_server, user, path="/admin/"):
    page.goto(f"{live_server.url}{path}")
    page.fill("[name=username]", user.email)
    page.fill("[name=password]", "secret")
    page.press("[name=password]", "Enter")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", LOOKS)
def test_staff_sign_in_with_the_second_factor(live_server, browser_page, staff, look):
    user = staff("owner").user
    secret, _codes = enrolled(user)
    page = browser_page(*look)
    sign_in(page, live_server, user, "/admin/shops/member/")
    page.get_by_text("Type the six digits").wait_for()
    assert page.axe() == []
    assert fits(page)
    page.locator("[name=code]").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("This code is wrong").wait_for()
    user.second_factor.refresh_from_db()
    type(user.second_factor).objects.update(throttling_failure_count=0)
    page.locator("[name=code]").fill(code_of(secret))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/admin/shops/member/")
    assert page.errors == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", LOOKS)
def test_staff_set_a_second_factor_up(live_server, browser_page, staff, look):
    user = staff("owner").user
    page = browser_page(*look)
    sign_in(page, live_server, user)
    page.wait_for_url(f"{live_server.url}/admin/")
    page.goto(f"{live_server.url}/admin/sign-in/second-factor/")
    assert page.get_by_role("img", name="QR code with the key below").is_visible()
    assert page.axe() == []
    assert fits(page)
    page.locator("[name=code]").fill(code_of(second_factor.secret_of(user.second_factor)))
    page.get_by_role("button", name="Confirm the code").click()
    page.get_by_role("heading", name="Your recovery codes").first.wait_for()
    assert page.locator(".wa-codes li").count() == 10
    assert page.axe() == []
    page.get_by_role("link", name="I have stored them").click()
    page.wait_for_url(f"{live_server.url}/admin/")
    page.goto(f"{live_server.url}/admin/sign-in/second-factor/")
    assert page.axe() == []
    assert page.errors == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", LOOKS)
def test_staff_import_a_broken_csv_and_then_a_good_one(live_server, browser_page, staff, brand, look):
    page = browser_page(*look)
    sign_in(page, live_server, staff("manager").user)
    page.wait_for_url(f"{live_server.url}/admin/")
    page.goto(f"{live_server.url}/admin/shops/member/")
    page.get_by_role("link", name="Import").click()
    assert page.axe() == []
    broken = b"email,name,points\nanna@example.com,Anna,ten\nno address,Ben,5\n"
    page.set_input_files("input[name=file]", {"name": "broken.csv", "mimeType": "text/csv", "buffer": broken})
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("A worker takes it up").wait_for()
    assert page.axe() == []
    run_due()
    page.get_by_text("mend the file and upload it again").wait_for()
    assert page.get_by_text("Points are a whole number, 0 or more.").is_visible()
    assert page.get_by_text("This is no e-mail address.").is_visible()
    assert page.axe() == []
    assert fits(page)
    assert not brand.members.exists()
    page.goto(f"{live_server.url}/admin/jobs/job/members/")
    good = b"email,name,points\nanna@example.com,Anna,10\nben@example.com,Ben,5\n"
    page.set_input_files("input[name=file]", {"name": "good.csv", "mimeType": "text/csv", "buffer": good})
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("A worker takes it up").wait_for()
    run_due()
    page.get_by_role("button", name="Import 2 rows").click()
    page.get_by_text("A worker takes it up").wait_for()
    run_due()
    page.get_by_text("Done", exact=True).wait_for()
    assert page.axe() == []
    assert sorted(brand.members.values_list("email", "points")) == [("anna@example.com", 10), ("ben@example.com", 5)]
    assert page.errors == []


@pytest.mark.django_db(transaction=True)
def test_the_other_pages_have_no_axe_findings(live_server, browser_page, staff, brand):
    make_member(brand)
    make_order(brand)
    user = staff("owner").user
    page = browser_page(1400)
    for path in ("/admin/login/", "/admin/sign-in/forgot/", "/admin/sign-in/password/x/y/"):
        page.goto(f"{live_server.url}{path}")
        assert (path, page.axe()) == (path, [])
    page.errors.clear()  # a spent link is answered 403
    sign_in(page, live_server, user)
    page.wait_for_url(f"{live_server.url}/admin/")
    for path in (
        "/admin/jobs/job/export/orders/?filter=status__exact%3Dopen",
        f"/admin/jobs/job/orders/?step=begin&ids={brand.orders.get().pk}",
        "/admin/jobs/job/",
    ):
        page.goto(f"{live_server.url}{path}")
        assert (path, page.axe()) == (path, [])
    page.goto(f"{live_server.url}/admin/jobs/job/orders/?step=begin&ids={brand.orders.get().pk}")
    page.get_by_role("button", name="Mark as being processed").click()
    page.get_by_text("A worker takes it up").wait_for()
    run_due()
    page.get_by_text("Orders changed").wait_for()
    assert page.axe() == []
    assert last_job(brand).outcome["taken"] == 1
    assert page.errors == []
